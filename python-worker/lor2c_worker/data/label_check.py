"""What is odd about the labels of the rows that are used, or makes a training pointless; for the user's own rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from .task import DataError, TaskData

#: From so many training rows on, more labels than half of them look like texts.
ENOUGH = 20
#: Labels that a message names.
NAMED = 5


def check_labels(data: TaskData) -> tuple[list[str], list[str]]:
    """(notes, warnings). Raises DataError when all training rows have the same label."""
    return _numbers(data) if data.kind == "regress" else ([], _classes(data))


def _numbers(data: TaskData) -> tuple[list[str], list[str]]:
    low, high = min(data.train.labels), max(data.train.labels)
    if low == high:
        raise DataError(
            f"the target of all {len(data.train):,} training rows is {low:g}: there is nothing to learn. "
            "Is data.columns.label the right column?"
        )
    return [f"targets from {low:g} to {high:g} in the training rows"], []


def _classes(data: TaskData) -> list[str]:
    names = data.label_names
    trained, seen = _rows_of(data.train.labels, len(names)), _rows_of(data.eval.labels, len(names))
    if len(set(data.train.labels)) == 1:
        [label] = set(data.train.labels)
        which = repr(names[label]) if isinstance(label, int) else "the same labels"
        raise DataError(
            f"all {len(data.train):,} training rows have {'the label ' if isinstance(label, int) else ''}{which}: "
            "there is nothing to learn. Is data.columns.label the right column?"
        )
    warnings = []
    strange = [n for n in range(len(names)) if seen[n] and not trained[n]]
    if strange:
        rows = sum(seen[n] for n in strange)
        warnings.append(
            f"no training row has {_named([names[n] for n in strange])}, which {rows:,} evaluation "
            f"row{' has' if rows == 1 else 's have'}: no training can make that right"
        )
    unused = [names[n] for n in range(len(names)) if not seen[n] and not trained[n]]
    if unused:
        warnings.append(f"no row that is used has {_named(unused)}")
    if len(names) > len(data.train) / 2 and len(data.train) >= ENOUGH:
        warnings.append(
            f"{len(names):,} labels for {len(data.train):,} training rows: are they texts or numbers rather than "
            "labels?"
        )
    return warnings


def _rows_of(labels: Sequence[int] | Sequence[float], classes: int) -> list[int]:
    """Rows of each class."""
    if np.ndim(labels) == 2:
        return [int(count) for count in np.asarray(labels).sum(axis=0)]
    counts = Counter(labels)
    return [counts[label] for label in range(classes)]


def _named(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:NAMED]))
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"the label{'s' if len(names) > 1 else ''} {shown}{more}"
