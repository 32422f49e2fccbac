"""Philox 4x64-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), twice, with equal bits.

Numbers are a function of (key, counter) and of nothing else. The key here is (a hash of the place, the step). The
counter is (block, 0, row, 0), where the blocks of a row count from 1, since numpy's generator adds one before its first
block. A block has 16 numbers of 16 bits, in the order of the bytes on a little-endian machine.

`RowStream` uses numpy's C code, one call for each row. `row_numbers` makes about 420 torch operations for all rows, on
any device.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

NUMBERS = 16  # in a block
ROUNDS = 10
MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)  # are added to the key after each round
LOW = 0xFFFFFFFF


class RowStream:
    """The numbers of one key, row by row, on the CPU."""

    def __init__(self) -> None:
        self._philox = np.random.Philox(key=0)
        # Reused for every row: to set the state takes a microsecond, to make a generator twenty.
        self._state = self._philox.state
        self._counter, self._key = self._state["state"]["counter"], self._state["state"]["key"]

    def use(self, place: int, step: int) -> RowStream:
        self._key[:] = place, step
        return self

    def __call__(self, row: int, count: int, first: int = 0) -> np.ndarray:
        """`count` numbers of the row from number `first` on, int16."""
        block, skipped = divmod(first, NUMBERS)
        self._counter[0], self._counter[2] = block, row
        self._philox.state = self._state
        return self._philox.random_raw(-(-(skipped + count) // 4)).view(np.int16)[skipped : skipped + count]


def row_numbers(place: torch.Tensor, step: torch.Tensor, rows: torch.Tensor, blocks: int) -> torch.Tensor:
    """The first `16 * blocks` numbers of each of `rows` [B], int16 [B, 16 * blocks]. `place`, `step`: int64 [].

    All arithmetic is modulo 2^64 in int64.
    """
    block = torch.arange(1, blocks + 1, device=rows.device).expand(len(rows), blocks)
    row = rows[:, None].expand(len(rows), blocks)
    words = philox((block, torch.zeros_like(block), row, torch.zeros_like(block)), (place, step))
    return torch.stack(words, dim=-1).view(torch.int16).flatten(1)


Words = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def philox(counter: Words, key: tuple[torch.Tensor, torch.Tensor]) -> Words:
    """The four words of the block of each counter, int64, of any shape."""
    c0, c1, c2, c3 = counter
    for i in range(ROUNDS):
        k0, k1 = (k + _signed(i * weyl) for k, weyl in zip(key, WEYL, strict=True))
        (high0, low0), (high1, low1) = _product(c0, MULTIPLIERS[0]), _product(c2, MULTIPLIERS[1])
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
    return c0, c1, c2, c3


def _product(a: torch.Tensor, m: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Upper and lower 64 bits of the unsigned product. Torch has no 128-bit product, so both factors are split."""
    m0, m1 = m & LOW, m >> 32
    a0, a1 = a & LOW, _upper(a)
    first = a1 * m0 + _upper(a0 * m0)  # at most 2^64 - 2^32: no carry is lost
    second = a0 * m1 + (first & LOW)
    return a1 * m1 + _upper(first) + _upper(second), a * _signed(m)


def _upper(a: torch.Tensor) -> torch.Tensor:
    return (a >> 32) & LOW  # the shift copies the sign


def _signed(a: int) -> int:
    """The int64 with the same lower 64 bits."""
    return (a + 2**63) % 2**64 - 2**63


def agrees_with_numpy(numbers: Callable[..., torch.Tensor], device: torch.device) -> bool:
    """True if `numbers`, called as `row_numbers` on the device, gives numpy's bits for some rows, keys and lengths."""
    stream = RowStream()
    for place, step, blocks in ((0, 0, 3), (2**63 - 1, 7, 300), (0x123456789ABCDEF, 2**40, 1025)):
        ids = [0, 1, 2**31, 2**40 + 5]
        key = [torch.tensor(part, device=device) for part in (place, step)]
        got = numbers(*key, torch.tensor(ids, device=device), blocks).cpu().numpy()
        stream.use(place, step)
        if not all(np.array_equal(stream(row, NUMBERS * blocks), line) for row, line in zip(ids, got, strict=True)):
            return False
    return True
