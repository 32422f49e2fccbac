"""Padding and back, with gradients, against torch's own gathers and scatters."""

from __future__ import annotations

import torch
from test_backbones import batch_of
from torch_calls import count_calls

from lor2c_worker.backbones.padding import pad, unpad
from lor2c_worker.backbones.unpadded_layout import UnpaddedLayout

LENGTHS = [3, 17, 1, 9, 9]


def layout_of() -> UnpaddedLayout:
    layout = UnpaddedLayout.of(batch_of("bert", LENGTHS, 20))
    assert layout.fillers > 0
    return layout


def plain_pad(x: torch.Tensor, layout: UnpaddedLayout) -> torch.Tensor:
    real = layout.source[: sum(LENGTHS)]
    return x.new_zeros(len(x), layout.allowed.numel(), x.shape[2]).index_copy(1, real, x[:, : len(real)])


def test_they_equal_torchs_own_to_the_bit_with_gradients() -> None:
    layout = layout_of()
    narrow = torch.randn(2, layout.positions, 4, requires_grad=True)
    wide = torch.randn(2, layout.allowed.numel(), 4, requires_grad=True)
    downstream = torch.randn(2, layout.positions, 4)
    downstream[:, sum(LENGTHS) :] = 0.0  # nothing depends on fillers
    for x, own, plain, grad in (
        (narrow, pad, plain_pad, torch.randn_like(wide)),
        (wide, unpad, lambda x, layout: x[:, layout.source], downstream),
    ):
        outs = [function(x, layout) for function in (own, plain)]
        assert torch.equal(*outs)
        assert torch.equal(*(torch.autograd.grad(out, x, grad)[0] for out in outs))


def test_nothing_is_scattered_or_added_by_index() -> None:
    """On CUDA these sort their indices when steps must repeat to the bit."""
    layout = layout_of()
    x = torch.randn(2, layout.positions, 4, requires_grad=True)
    found = count_calls(lambda: unpad(pad(x, layout), layout).sum().backward())
    assert found.names["index_select"] == 4
    assert not {"index_put", "index_put_", "index_add", "index_add_", "index_copy", "scatter", "scatter_add"} & set(
        found.names
    )
