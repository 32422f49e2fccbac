"""`philox.row_numbers` as a kernel of Triton: one launch instead of about 420 operations.

Triton comes with torch's builds for CUDA and is optional: only `device_numbers` imports this module. With
TRITON_INTERPRET=1 the kernel runs on the CPU, which tests/test_philox_triton.py does.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from . import philox

#: Philox blocks of a program.
SIZE = 256
# A kernel sees only constants of this type.
_M0, _M1 = (tl.constexpr(m) for m in philox.MULTIPLIERS)
_W0, _W1 = (tl.constexpr(w) for w in philox.WEYL)
_ROUNDS = tl.constexpr(philox.ROUNDS)


def row_numbers(place: torch.Tensor, step: torch.Tensor, rows: torch.Tensor, blocks: int) -> torch.Tensor:
    """As `philox.row_numbers`: int16 [B, 16 * blocks]."""
    out = torch.empty((len(rows), blocks, 4), dtype=torch.int64, device=rows.device)
    _draw[triton.cdiv(blocks, SIZE), len(rows)](place, step, rows.contiguous(), out, blocks, SIZE=SIZE)
    return out.view(torch.int16).flatten(1)


@triton.jit(do_not_specialize=["blocks"])
def _draw(place, step, rows, out, blocks, SIZE: tl.constexpr):  # type: ignore[no-untyped-def]
    """Program (i, b) draws blocks `SIZE * i` to `SIZE * (i + 1)` of row b."""
    row = tl.program_id(1).to(tl.int64)
    at = tl.program_id(0).to(tl.int64) * SIZE + tl.arange(0, SIZE)
    c0 = (at + 1).to(tl.uint64)  # numpy counts one up before its first block
    c1 = tl.zeros_like(c0)
    c2 = c1 + tl.load(rows + row).to(tl.uint64)
    c3 = c1
    k0 = tl.load(place).to(tl.uint64)
    k1 = tl.load(step).to(tl.uint64)
    for _ in tl.static_range(_ROUNDS):
        high0 = tl.umulhi(c0, _M0)
        high1 = tl.umulhi(c2, _M1)
        low0 = c0 * _M0
        low1 = c2 * _M1
        c0 = high1 ^ c1 ^ k0
        c1 = low1
        c2 = high0 ^ c3 ^ k1
        c3 = low0
        k0 = k0 + _W0
        k1 = k1 + _W1
    real = at < blocks
    first = out + (row * blocks + at) * 4
    tl.store(first, c0.to(tl.int64), mask=real)
    tl.store(first + 1, c1.to(tl.int64), mask=real)
    tl.store(first + 2, c2.to(tl.int64), mask=real)
    tl.store(first + 3, c3.to(tl.int64), mask=real)
