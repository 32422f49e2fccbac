"""The weights that NF4 codes stand for, as a kernel of Triton. It reads half a byte for each weight, torch's operations
twenty.

Its numbers are equal to the bit. Triton is optional: only `nf4` imports this module. With TRITON_INTERPRET=1 the kernel
runs on the CPU, which tests/test_decoder_triton.py does.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

#: Bytes of codes of a program.
SIZE = 2048


def dense(
    codes: torch.Tensor, scales: torch.Tensor, levels: torch.Tensor, shape: tuple[int, int], dtype: torch.dtype
) -> torch.Tensor:
    """codes: two weights a byte, the first one in the high bits; scales: of blocks of 64 weights; levels [16]."""
    out = torch.empty(shape, dtype=dtype, device=codes.device)
    count = out.numel()
    _dense[(triton.cdiv(count, 2 * SIZE),)](codes, scales, levels, out, count, SIZE=SIZE, num_warps=8)
    return out


@triton.jit
def _dense(codes, scales, levels, out, count, SIZE: tl.constexpr):  # type: ignore[no-untyped-def]
    begin = tl.program_id(0).to(tl.int64) * SIZE
    at = begin + tl.arange(0, SIZE)
    real = at * 2 < count
    code = tl.load(codes + at, mask=real, other=0).to(tl.int32)
    scale = tl.load(scales + at // 32, mask=real, other=0.0)
    high = tl.load(levels + (code >> 4)) * scale
    low = tl.load(levels + (code & 15)) * scale
    place = begin * 2 + tl.arange(0, 2 * SIZE)
    tl.store(out + place, tl.interleave(high, low).to(out.dtype.element_ty), mask=place < count)
