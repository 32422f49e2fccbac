"""From unpadded positions to padded places and back, by gathers in both directions.

The backward that torch has for a gather adds, and the one for a scatter scatters. On CUDA, where steps repeat to the
bit, torch does both by sorting the indices. Here every place has at most one position, so a gather is enough.
"""

from __future__ import annotations

from typing import Any

import torch

from .unpadded_layout import UnpaddedLayout


def pad(x: torch.Tensor, layout: UnpaddedLayout) -> torch.Tensor:
    """[K, N, d] -> [K, B * T, d], zero in the padding."""
    return _Pad.apply(x, layout)


def unpad(wide: torch.Tensor, layout: UnpaddedLayout) -> torch.Tensor:
    """[K, B * T, d] -> [K, N, d]. Fillers are copies of the first token; they pass no gradient on."""
    return _Unpad.apply(wide, layout)


class _Pad(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, layout: UnpaddedLayout) -> torch.Tensor:
        ctx.layout = layout
        return _pad(x, layout)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        found = grad.index_select(1, ctx.layout.source)
        found[:, len(ctx.layout.source) - ctx.layout.fillers :].zero_()
        return found, None


class _Unpad(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, wide: torch.Tensor, layout: UnpaddedLayout) -> torch.Tensor:
        ctx.layout = layout
        return wide.index_select(1, layout.source)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        return _pad(grad, ctx.layout), None


def _pad(x: torch.Tensor, layout: UnpaddedLayout) -> torch.Tensor:
    return x.index_select(1, layout.places).masked_fill_(~layout.allowed.view(-1, 1), 0.0)
