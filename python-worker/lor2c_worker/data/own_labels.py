"""What a label of the user's own rows is: a class, a set of classes, or a number; found in the rows, or named by the
spec."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from .cells import shown
from .task import DataError, Kind

#: More classes than this are texts or numbers rather than labels, unless the spec names them all.
MOST_CLASSES = 1000
#: Larger numbers are infinite in the format of targets.
LARGEST_TARGET = 3.4e38

_WHOLE = re.compile(r"([+-]?)(0|[1-9][0-9]*)(?:\.0*)?")
_ADVICE = "Write the labels in one way, or name them all with task.labels"


class LabelReader(Protocol):
    """Reads the label of one row after the other; at the end it says what the numbers mean that it gave out."""

    def read(self, value: Any, where: str) -> Any:
        """What `Split.labels` has for this row until `final`. Raises DataError that starts with `where`."""

    def final(self, labels: Sequence[Any]) -> Any:
        """The labels of a split as the task has them, when all rows have been read."""

    def names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their numbers; none for regression."""

    @property
    def kind(self) -> Kind: ...


class Numbers:
    """Targets of a regression: any finite number."""

    kind: Kind = "regress"

    def read(self, value: Any, where: str) -> float:
        if value is None or (isinstance(value, str) and not value.strip()):
            raise DataError(f"{where}: the target is missing")
        try:
            if isinstance(value, bool | list | tuple) or (isinstance(value, str) and "_" in value):
                raise TypeError  # Python reads 1_000 as a number; a table doesn't write it so
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise DataError(
                f"{where}: the target {shown(value)} is not a number. To predict classes use task: classify"
            ) from None
        if not abs(number) <= LARGEST_TARGET:
            raise DataError(f"{where}: the target {shown(value)} is not a finite number of 32 bits")
        return number

    def final(self, labels: Sequence[float]) -> Sequence[float]:
        return labels

    def names(self) -> tuple[str, ...]:
        return ()


class Classes:
    """Classes, one a row or (if the first row has a list) any number of them.

    A label is text without blanks at its ends, or a whole number: 1, 1.0 and the text "1" are the same one, "01" is
    text. `given`: names and order from the spec; other labels are then refused. Else labels are found in the rows and
    sorted, numbers by value and text by code points; numbers beside text are refused.
    """

    def __init__(self, given: Sequence[str] | None) -> None:
        self._given = given
        self._codes: dict[int | str, int] = {}
        self._first: dict[type, tuple[int | str, str]] = {}
        self._several: tuple[bool, str] | None = None
        for name in given or ():
            label = _label(name, "task.labels")
            if label in self._codes:
                raise DataError(f"task.labels has {str(label)!r} twice")
            self._codes[label] = len(self._codes)

    @property
    def kind(self) -> Kind:
        return "multi_label" if self._several is not None and self._several[0] else "classify"

    def read(self, value: Any, where: str) -> int | tuple[int, ...]:
        values = list_of(value)
        if self._several is None:
            self._several = values is not None, where
        if self._several[0] != (values is not None):
            this, other = ("a list of labels", "one label") if values is not None else ("one label", "a list of labels")
            raise DataError(f"{where}: {shown(value)} is {this}, but {self._several[1]} has {other}: write all alike")
        if values is None:
            return self._code(value, where)
        return tuple(sorted({self._code(each, where) for each in values}))

    def _code(self, value: Any, where: str) -> int:
        label = _label(value, where)
        code = self._codes.get(label)
        if code is not None:
            return code
        if self._given is not None:
            near = difflib.get_close_matches(str(label), self._given, n=1)
            hint = f"; nearest is {near[0]!r}" if near else ""
            raise DataError(f"{where}: the label {str(label)!r} is not in task.labels ({_few(self._given)}){hint}")
        self._first.setdefault(type(label), (label, where))
        if len(self._first) > 1:
            (one, there), (other, here) = self._first[int], self._first[str]
            if _fraction(other):
                raise DataError(
                    f"{here}: the label {other!r} is a number with a fraction, and {there} has {one}. To predict a "
                    "number use task: regress; to take them as classes name them all with task.labels"
                )
            raise DataError(f"{here}: the label {other!r} is text, but {there} has the whole number {one}. {_ADVICE}")
        if len(self._codes) == MOST_CLASSES:
            what = "numbers" if isinstance(label, int) or _fraction(label) else "texts"
            advice = "To predict a number use task: regress" if what == "numbers" else "Is data.columns.label right?"
            raise DataError(
                f"{where}: {str(label)[:60]!r} is label number {MOST_CLASSES + 1:,}: so many are {what} rather than "
                f"labels. {advice}, or name all labels with task.labels"
            )
        self._codes[label] = len(self._codes)
        return self._codes[label]

    def _sorted(self) -> list[int | str]:
        return list(self._codes) if self._given is not None else sorted(self._codes, key=_order)

    def names(self) -> tuple[str, ...]:
        """Raises DataError when the labels are numbers with fractions."""
        found = self._sorted()
        odd = [label for label in found if _fraction(label)]
        if self._given is None and odd and all(isinstance(label, str) and _number(label) for label in found):
            raise DataError(
                f"{self._first[str][1]}: the labels are numbers with fractions ({_few([str(each) for each in odd])}). "
                "To predict a number use task: regress; to take them as classes name them all with task.labels"
            )
        return tuple(map(str, found))

    def final(self, labels: Sequence[Any]) -> np.ndarray:
        """[N] int64, or [N, classes] uint8."""
        place = np.zeros(len(self._codes), dtype=np.int64)
        for number, label in enumerate(self._sorted()):
            place[self._codes[label]] = number
        if self.kind == "classify":
            return place[np.asarray(labels, dtype=np.int64)]
        rows = np.zeros((len(labels), len(place)), dtype=np.uint8)
        for row, codes in enumerate(labels):
            rows[row, place[list(codes)]] = 1
        return rows


def list_of(value: Any) -> list[Any] | tuple[Any, ...] | None:
    """The labels of a row that has a list: a list, or text that is a list in JSON. None for one label."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, str) and value.lstrip()[:1] == "[" and value.rstrip()[-1:] == "]":
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, list) else None
    return None


def _label(value: Any, where: str) -> int | str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        if value.is_integer():
            return int(value)
        raise DataError(
            f"{where}: the label {value!r} is a number with a fraction. To predict a number use task: regress"
        )
    if isinstance(value, str):
        text = value.strip()
        whole = _WHOLE.fullmatch(text)
        if whole:
            return int(whole[1] + whole[2])
        if text:
            return _one_line(text, where)
    if value is None or isinstance(value, str):
        raise DataError(f"{where}: the label is missing")
    raise DataError(f"{where}: the label {shown(value)} is neither text nor a whole number")


def _one_line(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(f"{where}: the label {text!r} has half a surrogate pair, which is no character") from None
    return text


def _order(label: int | str) -> Any:
    return label


def _number(text: int | str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _fraction(label: int | str) -> bool:
    return isinstance(label, str) and _number(label) and "." in label


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
