"""Which scores the rows of a split cannot give: those that compare rows with different labels, where all are alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..data.task import Split
from .scoring import base_score, rows_of

#: Scores that are undefined, or the same whatever is predicted, when the labels of all rows are alike.
NEEDS_TWO = ("pearson", "spearman", "matthews", "auroc")


def unscorable(name: str, split: Split, label_names: Sequence[str]) -> str | None:
    """Why the rows give no score `name`, as the end of a sentence; None when they give one or none of them is asked."""
    if base_score(name) not in NEEDS_TWO:
        return None
    labels = np.asarray(split.labels)[rows_of(name, split.part, len(split))]
    if base_score(name) == "auroc" and labels.ndim == 1 and len(labels):
        absent = sorted(set(range(len(label_names))) - set(labels.tolist()))
        if absent and len(absent) < len(label_names) - 1:
            return f"none of its rows has the label {label_names[absent[0]]!r}"
    if not len(labels) or (labels != labels[0]).any():
        return None
    return "it has a single row" if len(labels) == 1 else f"the labels of its {len(labels):,} rows are all the same"
