"""Texts of many rows as UTF-8 one after the other, so that each costs its bytes and eight for its place."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import overload

import numpy as np

from .blob import Blob

#: Texts that are read from a file at a time, where they lie one after the other.
_AHEAD = 2048
#: The most bytes that are read at a time for rows that do not follow each other.
_TOGETHER = 16 * 2**20


class Texts(Sequence[str]):
    """An immutable sequence of texts, equal to any other sequence of the same ones. `take` copies no text."""

    def __init__(self, blob: Blob, offsets: np.ndarray, rows: np.ndarray | None = None) -> None:
        """Text i is `blob[offsets[i] : offsets[i + 1]]`; with `rows`, [N] int64, it is text `rows[i]`."""
        self._blob, self._offsets, self._rows = blob, offsets, rows

    @staticmethod
    def of(texts: Iterable[str]) -> Texts:
        builder = TextsBuilder()
        for text in texts:
            builder.append(text)
        return builder.done()

    def __len__(self) -> int:
        return len(self._offsets) - 1 if self._rows is None else len(self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[row] for row in range(*index.indices(len(self))))
        row = range(len(self))[index]  # raises IndexError, and counts negative ones from the end
        start, end = self._place(row if self._rows is None else int(self._rows[row]))
        return self._blob.read(start, end - start).decode()

    def _place(self, row: int) -> tuple[int, int]:
        return int(self._offsets[row]), int(self._offsets[row + 1])

    def __iter__(self) -> Iterator[str]:
        if self._rows is not None:
            yield from self._of_rows(self._rows)
            return
        for first in range(0, len(self), _AHEAD):
            places = self._offsets[first : first + _AHEAD + 1].tolist()
            content = self._blob.read(places[0], places[-1] - places[0])
            for start, end in pairwise(places):
                yield content[start - places[0] : end - places[0]].decode()

    def _of_rows(self, rows: np.ndarray) -> Iterator[str]:
        """Rows that lie near to each other are read together: a part of a split has most of its rows, in order."""
        for first in range(0, len(rows), _AHEAD):
            starts, ends = self._offsets[rows[first : first + _AHEAD]], self._offsets[rows[first : first + _AHEAD] + 1]
            low, high = int(starts.min()), int(ends.max())
            if high - low <= min(_TOGETHER, 4 * int((ends - starts).sum())):
                content = self._blob.read(low, high - low)
                for start, end in zip((starts - low).tolist(), (ends - low).tolist(), strict=True):
                    yield content[start:end].decode()
            else:
                for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
                    yield self._blob.read(start, end - start).decode()

    def bytes_of(self) -> np.ndarray:
        """Length of each text in bytes, [N] int64."""
        lengths = np.diff(self._offsets)
        return lengths if self._rows is None else lengths[self._rows]

    def take(self, rows: Sequence[int] | np.ndarray) -> Texts:
        """These texts in this order."""
        chosen = np.asarray(rows, dtype=np.int64)
        return Texts(self._blob, self._offsets, chosen if self._rows is None else self._rows[chosen])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Texts({list(self[:3])!r}{', ...' if len(self) > 3 else ''})"


class TextsBuilder:
    """Takes one text after the other, so that only their bytes are kept."""

    def __init__(self) -> None:
        self._blob, self._offsets = Blob(), array("q", [0])

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def append(self, text: str) -> None:
        self._blob.append(text.encode())
        self._offsets.append(len(self._blob))

    def done(self) -> Texts:
        return Texts(self._blob, np.frombuffer(self._offsets, dtype=np.int64))
