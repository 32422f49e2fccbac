"""Operations of a decoder layer between its products, each with a backward of its own.

Autograd would record half a dozen small operations for each, and keep a copy of the tokens' states for most of them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """Root mean square norm over the last dimension, in float32 at least: x / sqrt(mean(x^2) + eps) * weight."""
    return _RmsNorm.apply(x, weight, eps)


class _RmsNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        mean = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1])
        scale = mean.add_(eps).rsqrt_()
        ctx.save_for_backward(x, weight, scale)
        return (x * scale).mul_(weight.to(x.dtype))

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None]:
        x, weight, scale = ctx.saved_tensors
        for_x = for_weight = None
        if ctx.needs_input_grad[1]:
            for_weight = (grad * x * scale).flatten(0, -2).sum(0).to(weight.dtype)
        if ctx.needs_input_grad[0]:
            for_x = grad * weight.to(x.dtype)
            inner = (for_x * x).sum(-1, keepdim=True).mul_(scale.pow(3)).div_(-x.shape[-1])
            for_x = for_x.mul_(scale).addcmul_(x, inner)
        return for_x, for_weight, None


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, size: int) -> torch.Tensor:
    """Turn each head of x [K, N, heads * size] by its token's angles (RoPE); cos, sin: [N, size / 2]."""
    return _Rotate.apply(x, cos, sin, size)


class _Rotate(torch.autograd.Function):
    """The halves of a head are the two coordinates, as in Llama; the backward turns back."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, size: int) -> torch.Tensor:
        ctx.save_for_backward(cos, sin)
        ctx.size = size
        return _turn(x, cos, sin, size)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        cos, sin = ctx.saved_tensors
        return _turn(grad, cos, -sin, ctx.size), None, None, None


def _turn(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, size: int) -> torch.Tensor:
    cos, sin = (part.to(x.dtype)[:, None] for part in (cos, sin))
    first, second = x.unflatten(-1, (-1, 2, size // 2)).unbind(-2)
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    one, two = out.unflatten(-1, (-1, 2, size // 2)).unbind(-2)
    torch.mul(first, cos, out=one).addcmul_(second, sin, value=-1)
    torch.mul(second, cos, out=two).addcmul_(first, sin)
    return out


def gated(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """silu(gate) * up (SwiGLU)."""
    return _Gated.apply(gate, up)


class _Gated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(gate, up)
        return F.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        gate, up = ctx.saved_tensors
        for_gate, for_up = ctx.needs_input_grad
        return (
            torch.ops.aten.silu_backward(grad * up, gate) if for_gate else None,
            F.silu(gate).mul_(grad) if for_up else None,
        )


def take(x: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """The positions `at` [P] of x [K, N, d]: [K, P, d]. No position comes twice in `at`."""
    return _Take.apply(x, at)


def spread(x: torch.Tensor, at: torch.Tensor, positions: int) -> torch.Tensor:
    """The reverse of `take`: [K, P, d] -> [K, positions, d], zero elsewhere."""
    return _Spread.apply(x, at, positions)


class _Take(torch.autograd.Function):
    """Torch's own backward of a selection adds up, since an index may come twice there."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(at)
        ctx.positions = x.shape[1]
        return x.index_select(1, at)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        [at] = ctx.saved_tensors
        return _placed(grad, at, ctx.positions), None


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, at: torch.Tensor, positions: int) -> torch.Tensor:
        ctx.save_for_backward(at)
        return _placed(x, at, positions)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        [at] = ctx.saved_tensors
        return grad.index_select(1, at), None, None


def _placed(x: torch.Tensor, at: torch.Tensor, positions: int) -> torch.Tensor:
    return x.new_zeros(x.shape[0], positions, x.shape[2]).index_copy_(1, at, x)
