"""What the labels of a split are: rows of each class, or where the values of a regression lie."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.task import Split


def label_counts(split: Split, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of each label, in the order of the labels. Empty for regression, which has no names."""
    if not names:
        return []
    counts = np.bincount(np.asarray(split.labels, dtype=np.int64), minlength=len(names))
    return [{"label": name, "rows": int(rows)} for name, rows in zip(names, counts, strict=True)]


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


def label_texts(label: Any, names: tuple[str, ...]) -> list[str]:
    """A row's label as its name, or a regression's value as text."""
    return [names[label]] if names else [f"{label:.6g}"]
