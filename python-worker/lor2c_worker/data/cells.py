"""Checks of single values of a table: what counts as a text, and how a message shows a value."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from .task import DataError, checked_text

_KINDS = {bool: "a truth value", list: "a list", tuple: "a list", dict: "a mapping", bytes: "bytes"}
#: Characters of a value that a message shows.
_SHOWN = 60


def text_of(value: Any, column: str, where: str) -> str:
    """The text of a cell; a finite number as it is written. Raises DataError for anything else."""
    if isinstance(value, str):
        return checked_text(value, f"{where}: {column!r}")
    if value is None:
        raise DataError(f"{where}: {column!r} is missing (null), and a text is needed")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value):
            return str(value)
        raise DataError(f'{where}: {column!r} is {value!r}, not a text; an empty text is written as ""')
    kind = next((name for known, name in _KINDS.items() if isinstance(value, known)), type(value).__name__)
    raise DataError(f"{where}: {column!r} is {kind}, not a text: {shown(value)}")


def shown(value: Any) -> str:
    """A value for a message: on one line, without control characters, and not too long."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def checked_header(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Column names without blanks around them. Raises DataError for one that occurs twice.

    Columns without a name, as spreadsheets leave them behind, cannot be asked for and do no harm.
    """
    stripped = tuple(name.strip() for name in names)
    twice = [name for name, count in Counter(stripped).items() if count > 1 and name]
    if twice:
        raise DataError(f"{where}: the column {twice[0]!r} is there twice; rename or remove one of them")
    if not any(stripped):
        raise DataError(f"{where}: the first row has no column names; the file needs a header")
    return stripped
