"""Labels of many rows, 8 bytes each."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

#: Labels that are Python's objects at one time, while all are looked at.
_AHEAD = 2048


class Labels(Sequence[Any]):
    """An immutable sequence of classes, values or sets of classes, equal to any other sequence of the same ones.

    Item i is what Python has for it: an int, a float, or a tuple of 0 and 1.
    """

    def __init__(self, values: np.ndarray) -> None:
        """`values`: [N] int64 or float64, or [N, C] uint8."""
        self._values = values

    @staticmethod
    def of(labels: Any) -> Labels:
        """From numbers, or tuples of equal lengths, in any sequence."""
        if isinstance(labels, Labels):
            return labels
        values = np.asarray(labels)
        if values.ndim == 2:
            return Labels(values.astype(np.uint8, copy=False))
        return Labels(values.astype(np.float64 if values.dtype.kind == "f" else np.int64, copy=False))

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> Any:
        return tuple(Labels(self._values[index])) if isinstance(index, slice) else _item(self._values[index].tolist())

    def __iter__(self) -> Iterator[Any]:
        for first in range(0, len(self), _AHEAD):
            yield from map(_item, self._values[first : first + _AHEAD].tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._values, dtype=dtype, copy=copy)

    def take(self, rows: Sequence[int] | np.ndarray) -> Labels:
        """These labels in this order."""
        return Labels(self._values[np.asarray(rows, dtype=np.int64)])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Labels({list(self[:3])!r}{', ...' if len(self) > 3 else ''})"


def _item(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class LabelsBuilder:
    """Takes one label after the other: ints or floats in 8 bytes each, anything else as it is."""

    def __init__(self) -> None:
        self._labels: Any = None

    def append(self, label: Any) -> None:
        if self._labels is None:
            self._labels = array("q") if type(label) is int else array("d") if type(label) is float else []
        self._labels.append(label)

    def done(self) -> Sequence[Any]:
        return () if self._labels is None else self._labels
