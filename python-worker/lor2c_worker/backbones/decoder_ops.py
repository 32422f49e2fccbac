"""Operations of a decoder layer between its products, each with a backward of its own.

Autograd would record half a dozen small operations for each, and keep a copy of the tokens' states for most of them. On
CUDA a kernel of Triton computes each in one pass over memory.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch.nn import functional as F

from ..kernels import tried


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """Root mean square norm over the last dimension, in float32 at least: x / sqrt(mean(x^2) + eps) * weight."""
    return _RmsNorm.apply(x, weight, eps)


class _RmsNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        kernels = _kernels(x.device) if x.dtype == torch.float32 else None
        if kernels is not None:
            out, scale = kernels.rms_norm(x := x.contiguous(), weight, eps)
            ctx.save_for_backward(x, weight, scale)
            return out
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
        kernels = _kernels(x.device) if grad.dtype == x.dtype == torch.float32 else None
        if ctx.needs_input_grad[0] and kernels is not None:
            for_x = kernels.rms_norm_backward(grad, x, weight, scale)
        elif ctx.needs_input_grad[0]:
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
        return _turned(x, cos, sin, size, back=False)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        cos, sin = ctx.saved_tensors
        return _turned(grad, cos, sin, ctx.size, back=True), None, None, None


def _turned(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, size: int, *, back: bool) -> torch.Tensor:
    kernels = _kernels(x.device) if x.dtype in _NARROW else None
    if kernels is not None:
        return kernels.turn(x, cos.contiguous(), sin.contiguous(), size, back=back)
    return _turn(x, cos, -sin if back else sin, size)


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
        kernels = _gating(gate, up)
        if kernels is not None:
            gate, up = gate.contiguous(), up.contiguous()
        ctx.save_for_backward(gate, up)
        if kernels is not None:
            return kernels.gated(gate, up)
        return F.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        gate, up = ctx.saved_tensors
        for_gate, for_up = ctx.needs_input_grad
        kernels = _gating(gate, up)
        if kernels is not None and for_gate and for_up:
            return kernels.gated_backward(grad, gate, up)
        return (
            torch.ops.aten.silu_backward(grad * up, gate) if for_gate else None,
            F.silu(gate).mul_(grad) if for_up else None,
        )


def _gating(gate: torch.Tensor, up: torch.Tensor) -> ModuleType | None:
    return _kernels(gate.device) if gate.dtype in _NARROW and gate.dtype == up.dtype else None


#: The kernels compute in float32.
_NARROW = (torch.float32, torch.bfloat16, torch.float16)


@cache
def _kernels(device: torch.device) -> ModuleType | None:
    """`decoder_triton` on CUDA, if it works there. The first call waits for the device."""
    if device.type != "cuda":
        return None

    def load() -> ModuleType:
        from . import decoder_triton

        ones = torch.ones(1, 1, 8, device=device)
        out, _ = decoder_triton.rms_norm(ones, ones[0, 0], 0.0)
        assert out.sub(1).abs().le(1e-6).all(), "the norm gives other numbers"
        return decoder_triton

    return tried(load, "a decoder's norms and gates are computed")


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
