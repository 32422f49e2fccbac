"""Mixed precision: what is rounded, that lanes stay exact, and when `auto` chooses it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from marks import needs_bf16
from test_backbones import LENGTHS, bank_of, batch_of, build, hidden, logits_of
from torch.nn import functional as F
from transformers import BertConfig, BertForSequenceClassification

from lor2c_worker.adapters.bank import Structure
from lor2c_worker.backbones.heads import head_of
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.backbones.precision import Products, low_dtype
from lor2c_worker.backbones.unpadded import UnpaddedEncoder
from lor2c_worker.device import (
    CLEARLY_FASTER,
    autocast,
    bf16_speedup,
    choose_precision,
    cpu_has_bf16,
    precision_warning,
    resolve_precision,
)
from lor2c_worker.schedule import Layout, Span
from lor2c_worker.settings import SettingsError

CPU = torch.device("cpu")


def backbones(kind: str, module: Any) -> list[Any]:
    whole = [HfBackbone(copy.deepcopy(module))]
    return whole if kind == "llama" else [*whole, UnpaddedEncoder(module)]


def gradients(backbone: Any, module: Any, batch: Any, precision: str) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    bank, head = bank_of(backbone, module), head_of(module, 1)
    with autocast(CPU, precision):
        logits = logits_of(backbone, bank, head, batch)
    F.cross_entropy(logits[0].float(), batch.labels).backward()
    slots = [*bank.slots(), *head.slots()]
    return logits.detach(), {slot.name: slot.tensor.grad for slot in slots if slot.tensor.grad is not None}


@needs_bf16
@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet", "llama"])
def test_mixed_is_near_fp32_and_not_fp32(kind: str) -> None:
    """Logits and gradients within what bfloat16's 8 bits leave, in both backbones; gradients themselves are fp32."""
    module, batch = build(kind), batch_of(kind, LENGTHS)
    for backbone in backbones(kind, module):
        want, wanted = gradients(backbone, module, batch, "fp32")
        got, gotten = gradients(backbone, module, batch, "mixed")
        assert got.dtype == torch.float32
        assert 0 < (got - want).abs().max() < 0.03 * want.abs().max()
        assert wanted.keys() == gotten.keys()
        for name, grad in gotten.items():
            assert grad.dtype == torch.float32
            assert F.cosine_similarity(grad.flatten(), wanted[name].flatten(), dim=0) > 0.999, name


@needs_bf16
def test_the_residual_stream_keeps_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs and outputs of every layer have bits that bfloat16 lacks; frozen weights are cast once."""
    module, batch = build("bert"), batch_of("bert", LENGTHS)
    backbone = UnpaddedEncoder(module)
    bank, seen = bank_of(backbone, module), []
    adapters, layout = bank.begin(None), backbone.layout(batch)
    enter = adapters.enter
    monkeypatch.setattr(adapters, "enter", lambda layer, h: (seen.append(h.detach()), enter(layer, h)))
    with autocast(CPU, "mixed"):
        seen.append(backbone.forward(batch, layout, 1, adapters, None).detach())
    assert len(seen) == 5
    assert all(h.dtype == torch.float32 and not torch.equal(h, h.bfloat16().float()) for h in seen)


def test_cast_weights_follow_the_weights() -> None:
    """A cast copy serves until its weight is changed in place or replaced; a trained weight is cast each time."""
    linear, products, x = torch.nn.Linear(8, 8).requires_grad_(False), Products(), torch.randn(4, 8)
    low = torch.bfloat16

    def check() -> None:
        want = F.linear(x.to(low), linear.weight.to(low), linear.bias.to(low))
        assert torch.equal(products(linear, x, low), want)

    check()
    first = products._copies[linear]
    check()
    assert products._copies[linear] is first
    linear.weight.mul_(2)
    check()
    linear.weight.data = torch.randn(8, 8)
    check()
    linear.requires_grad_(True)
    out = products(linear, x, low)
    out.sum().backward()
    assert out.dtype == low
    assert linear.weight.grad is not None
    assert linear.weight.grad.dtype == torch.float32


STRUCTURES = [
    Structure(Layout((Span(0, 0), Span(1, 1), Span(2, 2), Span(3, 3)))),
    Structure(Layout((Span(1, 3),), (0,))),
    Structure(Layout((Span(0, 2), Span(3, 3)))),
    Structure(Layout((Span(0, 3),))),
    Structure(Layout((), (0, 1, 2, 3))),
    Structure(Layout((Span(0, 0), Span(1, 2)), (3,))),
    Structure(Layout((Span(2, 3),))),
    Structure(Layout(())),
]


def stack_of(backbone: Any, module: Any, structures: list[Structure], batch: Any, precision: str) -> list[Any]:
    """Per lane: logits and the gradients of every slot, with dropout everywhere."""
    bank = bank_of(backbone, module, dropout=0.2)
    for slot in bank.slots():
        if slot.name.endswith("B"):
            slot.tensor.data = torch.linspace(-0.02, 0.02, slot.tensor.numel()).view(slot.tensor.shape)
    bank.fork([0] * len(structures))
    for lane, structure in enumerate(structures):
        bank.set_structure(lane, structure)
    head = head_of(module, len(structures))
    with autocast(CPU, precision):
        logits = logits_of(backbone, bank, head, batch, 0)
    logits.square().sum().backward()
    slots = {s.name: s for s in [*bank.slots(), *head.slots()] if s.tensor.grad is not None}
    out = []
    for lane, structure in enumerate(structures):
        out.append((logits[lane].detach(), {n: s.tensor.grad[lane] for n, s in slots.items()}, structure))
    return out


@pytest.mark.parametrize("precision", ["fp32", pytest.param("mixed", marks=needs_bf16)])
@pytest.mark.parametrize("lengths", [[1], [2, 5], [70], LENGTHS, [9] * 33], ids=str)
@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_a_lane_is_the_same_beside_any_others(kind: str, lengths: list[int], precision: str) -> None:
    """Equal bits for eight lanes of eight structures, each alone and beside one or two others."""
    module = build(kind, dropout=0.2)
    batch = batch_of(kind, lengths)
    for backbone in backbones(kind, module):
        whole = stack_of(backbone, module, STRUCTURES, batch, precision)
        for lane, structure in enumerate(STRUCTURES):
            others = [STRUCTURES[(lane + 3) % 8], STRUCTURES[(lane + 5) % 8]][: lane % 3]
            logits, grads, _ = stack_of(backbone, module, [*others, structure], batch, precision)[-1]
            assert torch.equal(logits, whole[lane][0]), structure
            # A tensor that no lane of a stack uses has no gradient there.
            names = {name for found in (grads, whole[lane][1]) for name, grad in found.items() if grad.any()}
            assert all(torch.equal(grads[name], whole[lane][1][name]) for name in names), structure


@pytest.mark.parametrize("precision", ["fp32", pytest.param("mixed", marks=needs_bf16)])
def test_lanes_are_exact_at_the_size_of_a_real_model(precision: str) -> None:
    """Width 384 and rows as in MRPC, where the library takes its large kernels."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=100, hidden_size=384, num_hidden_layers=4, num_attention_heads=12, intermediate_size=1536
    )
    module = BertForSequenceClassification(config).eval().requires_grad_(False)
    lengths = torch.randint(30, 80, (17,), generator=torch.Generator().manual_seed(1)).tolist()
    batch, backbone = batch_of("bert", lengths), UnpaddedEncoder(module)
    whole = stack_of(backbone, module, STRUCTURES[:5], batch, precision)
    for lane in (0, 1, 3):
        logits, grads, _ = stack_of(backbone, module, [STRUCTURES[lane]], batch, precision)[0]
        assert torch.equal(logits, whole[lane][0])
        assert all(torch.equal(grads[name], whole[lane][1][name]) for name in grads)


def test_choosing() -> None:
    def never() -> bool:
        raise AssertionError("not to be measured")

    assert choose_precision("fp32", True, "", never) == "fp32"
    assert choose_precision("mixed", True, "", never) == "mixed"
    assert choose_precision("auto", False, "", never) == "fp32"
    assert choose_precision("auto", True, "", lambda: True) == "mixed"
    assert choose_precision("auto", True, "", lambda: False) == "fp32"
    with pytest.raises(SettingsError, match=r"this CPU has no bfloat16 products; use fp32 or auto"):
        choose_precision("mixed", False, "this CPU", never)
    with pytest.raises(SettingsError, match="bf16 is called mixed"):
        choose_precision("bf16", True, "", never)
    with pytest.raises(SettingsError, match="use auto, fp32 or mixed"):
        choose_precision("fp16", True, "", never)


def test_this_machine() -> None:
    """`auto` follows the measurement, gives the same answer each time, and a poor choice gives a warning."""
    assert resolve_precision("fp32", CPU) == "fp32"
    chosen = resolve_precision("auto", CPU)
    assert chosen == resolve_precision("auto", CPU)
    if not cpu_has_bf16():
        assert chosen == "fp32"
        return
    assert chosen == ("mixed" if bf16_speedup() >= CLEARLY_FASTER else "fp32")
    warned = precision_warning("mixed", CPU)
    assert (warned is not None) == (bf16_speedup() < 1.0)
    assert precision_warning("auto", CPU) is None


def test_products_follow_the_loops_context() -> None:
    assert low_dtype(CPU) is None
    with autocast(CPU, "mixed"):
        assert low_dtype(CPU) == torch.bfloat16
    with autocast(CPU, "fp32"):
        assert low_dtype(CPU) is None


@pytest.mark.parametrize("step", [None, 4])
@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet"])
def test_both_forms_of_attention_agree(kind: str, step: int | None) -> None:
    """Blocks of equal length as on the CPU, and one padded product as on CUDA, with lanes together."""
    module = build(kind, torch.float64, dropout=0.3)
    outs = []
    for padded in (False, True):
        backbone = UnpaddedEncoder(module, padded_attention=padded)
        bank = bank_of(backbone, module, dropout=0.3)
        bank.fork([0, 0])
        outs.append(hidden(backbone, batch_of(kind, LENGTHS), bank, step, lanes=2))
    assert torch.allclose(*outs, rtol=0, atol=1e-12)
