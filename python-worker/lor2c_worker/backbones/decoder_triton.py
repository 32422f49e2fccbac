"""`decoder_ops` as kernels of Triton: each reads its operands once and writes its results once.

They round as torch's operations do, to bfloat16 after each of them; only a rotation rounds once. Triton is optional:
only `decoder_ops` imports this module. With TRITON_INTERPRET=1 the kernels run on the CPU, which
tests/test_decoder_triton.py does.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

#: Elements of a program of `gated`.
SIZE = 2048


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> tuple[torch.Tensor, torch.Tensor]:
    """x [..., d], contiguous float32 -> the norm and the factor of each row, [..., 1]."""
    width = x.shape[-1]
    out, scales = torch.empty_like(x), x.new_empty(*x.shape[:-1], 1)
    size = triton.next_power_of_2(width)
    _rms_norm[(scales.numel(),)](x, weight, out, scales, eps, width, SIZE=size, num_warps=8)
    return out, scales


def rms_norm_backward(grad: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """The gradient of x."""
    grad, out, width = grad.contiguous(), torch.empty_like(x), x.shape[-1]
    size = triton.next_power_of_2(width)
    _rms_norm_backward[(scales.numel(),)](grad, x, weight, scales, out, width, SIZE=size, num_warps=8)
    return out


def gated(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """Both contiguous."""
    out, count = torch.empty_like(gate), gate.numel()
    _gated[(triton.cdiv(count, SIZE),)](gate, up, out, count, SIZE=SIZE, num_warps=8)
    return out


def gated_backward(grad: torch.Tensor, gate: torch.Tensor, up: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of both."""
    grad, for_gate, for_up, count = grad.contiguous(), torch.empty_like(gate), torch.empty_like(up), gate.numel()
    _gated_backward[(triton.cdiv(count, SIZE),)](grad, gate, up, for_gate, for_up, count, SIZE=SIZE, num_warps=8)
    return for_gate, for_up


def turn(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, size: int, *, back: bool) -> torch.Tensor:
    """x [K, N, heads * size]; cos, sin [N, size / 2], contiguous. `back`: by the reverse angles."""
    x = x.contiguous()
    out, width = torch.empty_like(x), x.shape[-1]
    sign, block = -1.0 if back else 1.0, triton.next_power_of_2(width // 2)
    grid = (x.numel() // width,)
    _turn[grid](x, cos, sin, out, len(cos), width // 2, HALF=size // 2, SIGN=sign, SIZE=block, num_warps=8)
    return out


@triton.jit
def _rms_norm(x, weight, out, scales, eps, width, SIZE: tl.constexpr):  # type: ignore[no-untyped-def]
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, SIZE)
    real = at < width
    own = tl.load(x + row * width + at, mask=real, other=0.0)
    scale = 1.0 / tl.sqrt(tl.sum(own * own, axis=0) / width + eps)
    factor = tl.load(weight + at, mask=real, other=0.0).to(tl.float32)
    tl.store(scales + row, scale)
    tl.store(out + row * width + at, own * scale * factor, mask=real)


@triton.jit
def _rms_norm_backward(grad, x, weight, scales, out, width, SIZE: tl.constexpr):  # type: ignore[no-untyped-def]
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, SIZE)
    real = at < width
    own = tl.load(x + row * width + at, mask=real, other=0.0)
    factor = tl.load(weight + at, mask=real, other=0.0).to(tl.float32)
    back = tl.load(grad + row * width + at, mask=real, other=0.0) * factor
    scale = tl.load(scales + row)
    inner = tl.sum(back * own, axis=0) * scale * scale * scale / width
    tl.store(out + row * width + at, back * scale - own * inner, mask=real)


@triton.jit
def _gated(gate, up, out, count, SIZE: tl.constexpr):  # type: ignore[no-untyped-def]
    at = tl.program_id(0).to(tl.int64) * SIZE + tl.arange(0, SIZE)
    real = at < count
    given = tl.load(gate + at, mask=real, other=0.0)
    wide = given.to(tl.float32)
    other = tl.load(up + at, mask=real, other=0.0).to(tl.float32)
    silu = (wide / (1.0 + tl.exp(-wide))).to(given.dtype).to(tl.float32)
    tl.store(out + at, (silu * other).to(given.dtype), mask=real)


@triton.jit
def _gated_backward(grad, gate, up, for_gate, for_up, count, SIZE: tl.constexpr):  # type: ignore[no-untyped-def]
    at = tl.program_id(0).to(tl.int64) * SIZE + tl.arange(0, SIZE)
    real = at < count
    given = tl.load(gate + at, mask=real, other=0.0)
    wide = given.to(tl.float32)
    other = tl.load(up + at, mask=real, other=0.0).to(tl.float32)
    back = tl.load(grad + at, mask=real, other=0.0).to(tl.float32)
    share = 1.0 / (1.0 + tl.exp(-wide))
    silu = (wide * share).to(given.dtype).to(tl.float32)
    inner = (back * other).to(given.dtype).to(tl.float32)
    tl.store(for_up + at, (silu * back).to(given.dtype), mask=real)
    tl.store(for_gate + at, (inner * share * (1.0 + wide * (1.0 - share))).to(given.dtype), mask=real)


@triton.jit
def _turn(x, cos, sin, out, positions, pairs, HALF: tl.constexpr, SIGN: tl.constexpr, SIZE: tl.constexpr):  # type: ignore[no-untyped-def]
    """Program i turns all heads of token i of the lanes' tokens."""
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, SIZE)
    real = at < pairs
    first = row * pairs * 2 + (at // HALF) * (2 * HALF) + at % HALF
    angle = (row % positions) * HALF + at % HALF
    given = tl.load(x + first, mask=real, other=0.0)
    one = given.to(tl.float32)
    two = tl.load(x + first + HALF, mask=real, other=0.0).to(tl.float32)
    c = tl.load(cos + angle, mask=real, other=0.0).to(given.dtype).to(tl.float32)
    s = tl.load(sin + angle, mask=real, other=0.0).to(given.dtype).to(tl.float32) * SIGN
    tl.store(out + first, (one * c - two * s).to(given.dtype), mask=real)
    tl.store(out + first + HALF, (two * c + one * s).to(given.dtype), mask=real)
