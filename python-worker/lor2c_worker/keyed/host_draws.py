"""Masks by numpy, for the CPU."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch

from .layout import Layout, Rows
from .philox import RowStream
from .rate import Rate
from .seeding import StepKey


class HostDraws:
    """Draws row by row, while a row's numbers are in the core's cache."""

    def __init__(self, batch: Rows, step: StepKey, layout: Layout) -> None:
        self._step, self._layout = step, layout
        self._stream = RowStream()
        self._ids, self._lengths = batch.rows.tolist(), batch.row_lengths()

    def tokens(self, place: int, rate: Rate, width: int, at: torch.Tensor | None) -> torch.Tensor:
        out = torch.zeros(self._layout.positions if at is None else len(at), width)
        if at is None:
            flat = out.view(-1).numpy()
            spans = enumerate(zip(self._layout.starts, self._lengths, strict=True))
            parts = [(row, 0, flat[width * start : width * (start + n)]) for row, (start, n) in spans]
        else:
            tokens = zip(self._tokens(at), out.numpy(), strict=True)
            parts = [(row, width * token, part) for (row, token), part in tokens]
        self._fill(place, rate, parts)
        return out

    def rows(self, place: int, rate: Rate, width: int) -> torch.Tensor:
        out = torch.zeros(len(self._ids), width)
        self._fill(place, rate, _whole(out.numpy()))
        return out

    def table(self, place: int, rate: Rate, count: int) -> torch.Tensor:
        """[count], as if it were those of the row 0."""
        numbers = self._begin(place)(0, count)
        return torch.from_numpy((numbers >= np.int16(rate.least)) * np.float32(rate.scale))

    def pairs(self, place: int, rate: Rate, heads: int) -> torch.Tensor:
        return self._padded(place, rate, heads, self._layout.width, self._lengths)

    def pairs_of(self, at: torch.Tensor, place: int, rate: Rate, heads: int) -> torch.Tensor:
        out = torch.zeros(len(at), heads, 1, self._layout.width)
        stream = self._begin(place)
        for (row, token), part in zip(self._tokens(at), out.numpy(), strict=True):
            n = self._lengths[row]
            numbers = stream(self._ids[row], heads * n * n).reshape(heads, n, n)[:, token]
            np.multiply(numbers >= np.int16(rate.least), np.float32(rate.scale), out=part[:, 0, :n])
        return out

    def prefix(self, place: int, rate: Rate, heads: int, keys: int) -> torch.Tensor:
        return self._padded(place, rate, heads, keys, [keys] * len(self._ids))

    def blocks(
        self, place: int, rate: Rate, heads: int, blocks: Sequence[tuple[int, Sequence[int]]]
    ) -> list[torch.Tensor]:
        out = [torch.zeros(len(rows), heads, n, n) for n, rows in blocks]
        for block, (_, rows) in zip(out, blocks, strict=True):
            self._fill(place, rate, ((row, 0, part) for row, part in zip(rows, block.flatten(1).numpy(), strict=True)))
        return out

    def _padded(self, place: int, rate: Rate, heads: int, width: int, keys: Sequence[int]) -> torch.Tensor:
        """[B, heads, T, width], of which row b has the first lengths[b] queries and keys[b] keys."""
        out = torch.zeros(len(self._ids), heads, self._layout.width, width)
        real = [np.empty(heads * n * k, dtype=np.float32) for n, k in zip(self._lengths, keys, strict=True)]
        self._fill(place, rate, _whole(real))
        for row, n, k, values in zip(out.numpy(), self._lengths, keys, real, strict=True):
            row[:, :n, :k] = values.reshape(heads, n, k)
        return out

    def _tokens(self, at: torch.Tensor) -> list[tuple[int, int]]:
        """(row of the batch, token in it) of each position."""
        starts = sorted((start, row) for row, start in enumerate(self._layout.starts))
        found = []
        for position in at.tolist():
            start, row = starts[bisect_right(starts, position, key=lambda pair: pair[0]) - 1]
            found.append((row, position - start))
        return found

    def _begin(self, place: int) -> RowStream:
        return self._stream.use(place, self._step)

    def _fill(self, place: int, rate: Rate, parts: Iterable[tuple[int, int, np.ndarray]]) -> None:
        """Fill each part with multipliers. A part is (row of the batch, its first number of the row's, [numbers])."""
        stream, least, scale = self._begin(place), np.int16(rate.least), np.float32(rate.scale)
        for row, first, part in parts:
            np.multiply(stream(self._ids[row], len(part), first) >= least, scale, out=part)


def _whole(parts: Iterable[np.ndarray]) -> Iterator[tuple[int, int, np.ndarray]]:
    return ((row, 0, part) for row, part in enumerate(parts))
