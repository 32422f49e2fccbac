"""Weights of the classes in the loss that is trained on (`train.class_weights`). Evaluation has none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import torch

from ..data.task import Split
from ..objective import Classify, Objective, cross_entropies, lane_sums
from ..settings import SettingsError

KEY = "train.class_weights"
#: Why a task of another kind has no classes to weigh.
_UNFIT = {
    "regress": "its labels are numbers, not classes",
    "language_model": "its labels are tokens",
    "multi_label": "a row can have several labels, so that no single weight belongs to it",
}

#: What `train.class_weights` may be: none, balanced, or weights by label.
Asked = str | Mapping[str, float]


class WeightedClassify(Classify):
    """Cross entropy whose rows count by the weight of their label, as torch's `cross_entropy(weight=...)`.

    The weight of a step is the sum over all of its rows, so that the cut into micro-batches changes nothing. A step
    whose rows all weigh 0 has loss 0, where torch divides by 0.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        """`weights`: of each class, finite and at least 0."""
        #: float64, [C], by device, so that a step copies nothing.
        self._weights = {torch.device("cpu"): torch.tensor(list(weights), dtype=torch.float64)}

    def sums(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return lane_sums(cross_entropies(outputs, labels) * self._of(labels).to(outputs.dtype))

    def weight(self, labels: torch.Tensor) -> torch.Tensor:
        return self._of(labels).sum()

    def _of(self, labels: torch.Tensor) -> torch.Tensor:
        """Weight of each row, float64 [B]."""
        device = labels.device
        if device not in self._weights:
            self._weights[device] = self._weights[torch.device("cpu")].to(device)
        return self._weights[device][labels]


def weigh(objective: Objective, weights: Sequence[float] | None) -> Objective:
    """The objective that is trained on. `weights`: of `class_weights`; None: the task's own."""
    return objective if weights is None else WeightedClassify(weights)


def class_weights(asked: Asked, kind: str, names: Sequence[str], train: Split) -> tuple[float, ...] | None:
    """The weight of each class by its index, None without weights. `train`: the rows that are trained on.

    `balanced` is scikit-learn's n / (k * count), over the classes that have rows. A label that a mapping does not name
    weighs 1, as in scikit-learn. Raises SettingsError for a task without classes, an unknown label, a weight that is
    negative or no finite number, and when no row would count.
    """
    if asked == "none":
        return None
    if kind in _UNFIT:
        raise SettingsError(f"{KEY}: the task has no classes to weigh: {_UNFIT[kind]}; leave it at none")
    if isinstance(asked, str) and asked != "balanced":
        raise SettingsError(f"{KEY} {asked!r}: expected none, balanced, or a mapping from label to weight")
    counts = Counter(int(label) for label in train.labels)
    found = _balanced(counts, len(names)) if isinstance(asked, str) else _given(asked, names)
    if not any(found[label] > 0 for label in counts):
        raise SettingsError(f"{KEY}: every training row has a weight of 0, so nothing would be trained; raise one")
    return tuple(found)


def weights_note(asked: Asked, weights: Sequence[float], names: Sequence[str]) -> str:
    """A note for the run's record, with the numbers."""
    each = ", ".join(f"{name} {weight:.6g}" for name, weight in zip(names, weights, strict=True))
    how = "balanced" if isinstance(asked, str) else "given"
    return f"class weights ({how}): {each}; they weigh the training loss only"


def _balanced(counts: Counter[int], classes: int) -> list[float]:
    """A class without rows weighs 1, which nothing asks for."""
    rows, present = counts.total(), len(counts)
    return [rows / (present * counts[label]) if counts[label] else 1.0 for label in range(classes)]


def _given(asked: Mapping[str, float], names: Sequence[str]) -> list[float]:
    unknown = [label for label in asked if label not in names]
    if unknown:
        raise SettingsError(f"{KEY}: the rows have no label {unknown[0]!r}; their labels are {', '.join(names)}")
    for label, weight in asked.items():
        number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not number or not math.isfinite(weight) or weight < 0:
            raise SettingsError(f"{KEY}: the weight of {label!r} is {weight!r}, expected a finite number from 0")
    return [float(asked.get(name, 1.0)) for name in names]
