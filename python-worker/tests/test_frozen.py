"""Weights held in fewer bits: what they stand for, and products with them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lor2c_worker.backbones.precision import Products
from lor2c_worker.frozen import LINEARS, FrozenLinear, HalfEmbedding, Int8Linear, Nf4Linear
from lor2c_worker.frozen.nf4 import LEVELS, scale_levels


def drawn(d_out: int, d_in: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(d_out, d_in, generator=torch.Generator().manual_seed(seed)) * 0.02


def linear(d_out: int = 96, d_in: int = 64, *, bias: bool = True) -> nn.Linear:
    made = nn.Linear(d_in, d_out, bias=bias)
    with torch.no_grad():
        made.weight.copy_(drawn(d_out, d_in))
    return made


@pytest.mark.parametrize("kind", LINEARS.values())
def test_products_and_gradients_are_those_of_what_the_weight_stands_for(kind: type[FrozenLinear]) -> None:
    given = linear()
    held = kind(given.weight, given.bias)
    plain = nn.Linear(64, 96)
    with torch.no_grad():
        plain.weight.copy_(held.weight)
        plain.bias.copy_(given.bias)
    for low in (None, torch.bfloat16):
        x = drawn(20, 64, 1).view(2, 10, 64).requires_grad_()
        y = x.detach().clone().requires_grad_()
        plain.requires_grad_(False)
        ours, theirs = Products()(held, x, low), Products()(plain, y, low)
        assert ours.dtype == (low or torch.float32)
        assert torch.equal(ours, theirs)
        (ours.float() ** 2).sum().backward()
        (theirs.float() ** 2).sum().backward()
        assert torch.equal(x.grad, y.grad)  # type: ignore[arg-type]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low is not None):
            assert torch.equal(held(x), ours)  # called as a module, e.g. by a layer of peft


@pytest.mark.parametrize("kind", LINEARS.values())
def test_a_forward_keeps_no_weight_for_the_backward_pass(kind: type[FrozenLinear]) -> None:
    held = kind(linear().weight, None)
    kept: list[torch.Size] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.shape) or t, lambda t: t):
        held(drawn(4, 64).requires_grad_())
    assert kept == []


@pytest.mark.parametrize("kind", LINEARS.values())
@pytest.mark.parametrize("trains_below", [False, True])
def test_a_layer_of_peft_may_add_to_the_product_in_place(kind: type[FrozenLinear], trains_below: bool) -> None:
    held, x = kind(linear().weight, linear().bias), drawn(20, 64, 1).view(1, 20, 64).requires_grad_(trains_below)
    added = torch.ones(96, requires_grad=True)
    out = held(x)
    out += added
    out.sum().backward()
    assert added.grad is not None
    assert (x.grad is not None) == trains_below


@pytest.mark.parametrize("kind", LINEARS.values())
def test_it_says_so_when_someone_replaces_the_weight(kind: type[FrozenLinear]) -> None:
    held = kind(linear().weight, None)
    with pytest.raises((AttributeError, KeyError)):
        held.weight = nn.Parameter(torch.zeros(96, 64))  # type: ignore[assignment]
    assert isinstance(held, nn.Linear)
    assert not list(held.parameters())


def test_int8_is_off_by_half_a_step_of_its_row_at_most() -> None:
    weight = drawn(7, 33)
    weight[3] = 0
    held = Int8Linear(weight, None)
    step = weight.abs().amax(dim=1, keepdim=True) / 127
    assert bool(((held.weight - weight).abs() <= step * 0.5001).all())
    assert held.codes.abs().amax() == 127


@pytest.mark.parametrize("shape", [(64, 64), (576, 192), (3, 5), (130, 100)])
def test_nf4_takes_the_nearest_level_of_each_block(shape: tuple[int, int]) -> None:
    weight = drawn(*shape)
    held = Nf4Linear(weight, None)
    flat = torch.nn.functional.pad(weight.reshape(-1), (0, -weight.numel() % 64)).view(-1, 64)
    largest = flat.abs().amax(dim=1, keepdim=True)
    exact = (flat / largest).unsqueeze(-1).sub(torch.tensor(LEVELS)).abs().argmin(-1)
    exact_weight = (torch.tensor(LEVELS)[exact] * largest).view(-1)[: weight.numel()].view(shape)
    # The scales are rounded to 8 bits, which moves each weight by a small part of its block's largest.
    assert bool(((held.weight - exact_weight).abs() <= 0.02 * weight.abs().max()).all())
    assert held.codes.numel() == -(-weight.numel() // 64) * 32
    stored = sum(buffer.numel() * buffer.element_size() for buffer in held.buffers())
    if weight.numel() > 50_000:
        assert stored * 8 / weight.numel() < 4.14


def test_a_block_of_zeros_stays_zero() -> None:
    weight = drawn(4, 64)
    weight[1] = 0
    assert bool((Nf4Linear(weight, None).weight[1] == 0).all())
    assert bool((Nf4Linear(torch.zeros(2, 64), None).weight == 0).all())


def test_nf4_is_that_of_bitsandbytes() -> None:
    functional = pytest.importorskip("bitsandbytes.functional", reason="bitsandbytes is not installed")
    assert torch.equal(functional.create_dynamic_map(), scale_levels(torch.device("cpu")))
    for shape in [(64, 64), (576, 576), (192, 576)]:
        weight = drawn(*shape, 1)
        held = Nf4Linear(weight, None)
        codes, state = functional.quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")
        assert torch.equal(codes.view(-1), held.codes)
        assert torch.equal(state.state2.absmax, held.scale_scales)
        assert state.offset == held.scale_mean
        # Its C code for CPUs does not always take the nearest of the 256 levels of a scale.
        assert (state.absmax.view(-1) != held.scale_codes).float().mean() < 0.02
        state.absmax = held.scale_codes
        assert torch.equal(functional.dequantize_4bit(held.codes.view_as(codes), state), held.weight)


def test_embeddings_in_bfloat16_give_fp32() -> None:
    weight = drawn(11, 8)
    held = HalfEmbedding(weight, 0)
    found = held(torch.tensor([[3, 0]]))
    assert found.dtype == torch.float32
    assert torch.equal(found, weight[[3, 0]].bfloat16().float()[None])
