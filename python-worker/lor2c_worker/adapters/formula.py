"""The formula of every adapter here: y + scale * B A (x * mask). The bank and the PEFT tuner both call it."""

from __future__ import annotations

from typing import Any

import torch

from ..backbones.precision import as_given


def add_low_rank(
    y: torch.Tensor,
    x: torch.Tensor,
    a: torch.Tensor,
    bt: torch.Tensor,
    scale: float = 1.0,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """Paper Eq. 2 per lane. y: [K, N, d_out]; x: [K, N, d_in]; a: [K, r, d_in]; bt: B transposed, [K, r, d_out];
    mask: [N, d_in].

    A single adapter has K = 1. In mixed precision y or x may be bfloat16; the products and the sum have the format of A
    and B, and the result has that of y.
    """
    with as_given(x.device):
        x = x.to(a.dtype)
        return _LowRank.apply(y, x if mask is None else x * mask.to(x.dtype), a, bt.contiguous(), scale)


class _LowRank(torch.autograd.Function):
    """With a backward of its own, since torch's makes a dozen small calls for each adapter. B is transposed and
    contiguous: with rows of r numbers a product takes twice as long on a CPU."""

    @staticmethod
    def forward(
        ctx: Any, y: torch.Tensor, x: torch.Tensor, a: torch.Tensor, bt: torch.Tensor, scale: float
    ) -> torch.Tensor:
        inner = torch.bmm(x, a.mT)
        ctx.save_for_backward(x, a, bt, inner)
        ctx.scale = scale
        if inner.dtype != y.dtype:
            return torch.add(y, torch.bmm(inner, bt), alpha=scale, out=torch.empty_like(y))  # in one pass
        return torch.baddbmm(y, inner, bt, alpha=scale)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, a, bt, inner = ctx.saved_tensors
        for_y, for_x, for_a, for_b = ctx.needs_input_grad[:4]
        with as_given(grad.device):
            for_sum, grad = grad, grad.to(a.dtype)
            # With beta 0 the first operand gives only the shape.
            back = torch.baddbmm(inner, grad, bt.mT, beta=0, alpha=ctx.scale)
            return (
                for_sum if for_y else None,
                torch.bmm(back, a) if for_x else None,
                torch.bmm(back.mT, x) if for_a else None,
                torch.baddbmm(bt, inner.mT, grad, beta=0, alpha=ctx.scale) if for_b else None,
                None,
            )
