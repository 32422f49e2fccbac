"""What the labels of a split are: rows of each class, or where the values of a regression lie."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.task import Kind, Split


def label_counts(split: Split, names: tuple[str, ...], kind: Kind) -> list[dict[str, Any]]:
    """Rows of each label, in the order of the labels. Empty for regression, which has no names."""
    if not names:
        return []
    if kind == "multi_label":
        counts = _several(split, len(names)).sum(axis=0)
    else:
        counts = np.bincount(np.asarray(split.labels, dtype=np.int64), minlength=len(names))
    return [{"label": name, "rows": int(rows)} for name, rows in zip(names, counts, strict=True)]


def labels_per_row(split: Split, names: tuple[str, ...], kind: Kind) -> list[dict[str, int]]:
    """How many rows have how many labels, ascending. Empty where each row has one."""
    if kind != "multi_label":
        return []
    counts = np.bincount(_several(split, len(names)).sum(axis=1))
    return [{"labels": labels, "rows": int(rows)} for labels, rows in enumerate(counts) if rows]


def _several(split: Split, width: int) -> np.ndarray:
    """[N, C] of 0 and 1."""
    return np.asarray(split.labels, dtype=np.int64).reshape(len(split), width)


def values(split: Split) -> dict[str, Any] | None:
    """Quantiles of a regression's values."""
    found = np.asarray(split.labels, dtype=np.float64)
    if not len(found):
        return None
    low, quarter, median, three, high = (float(q) for q in np.quantile(found, (0, 0.25, 0.5, 0.75, 1)))
    return {
        "min": low,
        "quarter": quarter,
        "median": median,
        "three_quarters": three,
        "max": high,
        "mean": float(found.mean()),
        "distinct": len(np.unique(found)),
    }


def label_texts(label: Any, names: tuple[str, ...], kind: Kind) -> list[str]:
    """The names of a row's labels, or a regression's value as text."""
    if kind == "language_model":
        return []
    if kind == "multi_label":
        return [name for name, there in zip(names, label, strict=True) if there]
    return [names[label]] if names else [f"{label:.6g}"]
