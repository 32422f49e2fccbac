"""How decoders call torch's flash attention, which exists on CUDA only: here another function stands for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from test_backbones import batch_of
from torch.nn import functional as F
from torch.nn.attention import varlen

from lor2c_worker.backbones.causal_attention import Heads
from lor2c_worker.backbones.decoder_attention import _attend_padded, _flash
from lor2c_worker.backbones.unpadded_layout import UnpaddedLayout

REPEATS: list[tuple[bool, bool]] = []


class Watch(torch.autograd.Function):
    """Remembers how torch was asked to repeat while its backward ran."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        lenient = torch.is_deterministic_algorithms_warn_only_enabled()
        REPEATS.append((torch.are_deterministic_algorithms_enabled(), lenient))
        return grad


def old(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bounds: torch.Tensor, *more: Any, window_size: tuple[int, int]
) -> torch.Tensor:
    """As in torch 2.11."""
    assert q.shape[1] == k.shape[1] == v.shape[1]
    rows = []
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        before = torch.arange(last - first)[:, None] - torch.arange(last - first)
        seen = (before >= 0) & ((window_size[0] < 0) | (before <= window_size[0]))
        one, two, three = (x[first:last].transpose(0, 1) for x in (q, k, v))
        rows.append(F.scaled_dot_product_attention(one, two, three, attn_mask=seen).transpose(0, 1))
    return Watch.apply(torch.cat(rows))


def new(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    *more: Any,
    window_size: tuple[int, int],
    enable_gqa: bool = False,
) -> torch.Tensor:
    """As in torch 2.12."""
    assert enable_gqa == (q.shape[1] != k.shape[1])
    k, v = (x.repeat_interleave(q.shape[1] // k.shape[1], dim=1) for x in (k, v))
    return old(q, k, v, *more, window_size=window_size)


@pytest.mark.parametrize("attention", [old, new])
@pytest.mark.parametrize("heads", [Heads(4, 4, 8), Heads(4, 2, 8), Heads(4, 2, 8, window=3)])
def test_it_is_padded_attention_and_its_backward_repeats(
    heads: Heads, attention: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(varlen, "varlen_attn", attention)
    layout = UnpaddedLayout.of(batch_of("llama", [9, 5, 5, 2]))
    real, positions = sum(layout.lengths), sum(layout.lengths) + layout.fillers
    torch.manual_seed(1)
    widths = [count * heads.size for count in (heads.query, heads.key, heads.key)]
    query, key, value = (torch.randn(2, positions, width, requires_grad=True) for width in widths)
    given = query, key, value
    grad = torch.randn(2, positions, widths[0])
    grad[:, real:] = 0

    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        REPEATS.clear()
        found = _flash(query, key, value, layout, heads)
        gradients = torch.autograd.grad(found, given, grad)
        assert REPEATS == [(True, False)]
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)

    wanted = _attend_padded(query, key, value, layout, heads, None, "", 0.0)
    torch.testing.assert_close(found[:, :real], wanted[:, :real])
    for own, of_padded in zip(gradients, torch.autograd.grad(wanted, given, grad), strict=True):
        torch.testing.assert_close(own[:, :real], of_padded[:, :real])
