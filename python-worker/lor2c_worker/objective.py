"""What a task trains and predicts: sums of losses with their weight, so that every cut into micro-batches is exact."""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

import torch
from torch.nn import functional as F

from .data.task import Kind

#: Predictions of a regression count as constant if their range is at most this share of the labels' range.
CONSTANT = 1e-3


class Objective(Protocol):
    """The loss of a task, a sum that a step divides by its whole weight."""

    @property
    def one(self) -> str:
        """What all predictions of a collapsed model are, for a message."""

    def sums(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Loss of each lane, summed over the batch: [K], from what a learner's forward gives and `Batch.labels`. A
        lane's bits depend on no other."""

    def weight(self, labels: torch.Tensor) -> int | torch.Tensor:
        """What the sum over these labels is to be divided by for a mean: a number or a scalar on their device."""

    def majority(self, labels: torch.Tensor) -> Any:
        """The best answer that is the same for all rows: the most frequent label (the first of equal ones), or the mean
        of numbers; None where there is none."""


class RowObjective(Objective, Protocol):
    """Of a task whose rows have labels: also what its logits [K, B, C] predict."""

    def predictions(self, logits: torch.Tensor) -> torch.Tensor:
        """Prediction of each row, in the form of the labels, from the logits of one lane, [N, C]."""

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Probability of each class, [N, C], from the logits of one lane. A regression has none: its values."""

    def collapsed(self, logits: torch.Tensor, labels: torch.Tensor) -> bool:
        """Whether all predictions are alike, but the labels are not. False when logits [N, C] are not finite."""


def means(objective: Objective, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean loss of each lane over one batch, [K]."""
    return objective.sums(logits, labels) / objective.weight(labels)


def at_least_fp32(logits: torch.Tensor) -> torch.Tensor:
    """Logits in the format that losses and scores are computed in: float32, or float64 from a model in float64."""
    return logits if logits.dtype == torch.float64 else logits.float()


def lane_sums(losses: torch.Tensor) -> torch.Tensor:
    """Sum of each lane's losses, [K, n] -> [K].

    Halves are added until one number is left. The order of torch's sums could depend on the number of lanes.
    """
    return _Halving.apply(losses)


def cross_entropies(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy of each row, [K, B], from logits [K, B, C] and class indices [B]."""
    every = labels.expand(len(logits), -1).flatten()
    return F.cross_entropy(logits.flatten(0, 1), every, reduction="none").view(len(logits), -1)


class _Halving(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, losses: torch.Tensor) -> torch.Tensor:
        ctx.shape, size = losses.shape, 1 << (losses.shape[1] - 1).bit_length()
        found = F.pad(losses, (0, size - losses.shape[1]))
        while size > 1:
            size //= 2
            low, high = found.split(size, 1)
            found = low + high
        return found.squeeze(1)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        return grad[:, None].expand(ctx.shape)


class Classify:
    """Cross entropy. Logits [K, B, C], labels [B] int64. The weight is the number of rows."""

    one = "one class"

    def sums(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return lane_sums(cross_entropies(outputs, labels))

    def weight(self, labels: torch.Tensor) -> int | torch.Tensor:
        return len(labels)

    def predictions(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.argmax(-1)

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.softmax(-1)

    def majority(self, labels: torch.Tensor) -> int:
        return Counter(labels.tolist()).most_common(1)[0][0]

    def collapsed(self, logits: torch.Tensor, labels: torch.Tensor) -> bool:
        return _comparable(logits, labels) and len(self.predictions(logits).unique()) == 1


class Regress:
    """Squared error. Logits [K, B, 1], labels [B] float. The weight is the number of rows."""

    one = "one value"

    def sums(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return lane_sums((outputs[..., 0] - labels.to(outputs.dtype)).square())

    def weight(self, labels: torch.Tensor) -> int:
        return len(labels)

    def predictions(self, logits: torch.Tensor) -> torch.Tensor:
        return logits[:, 0]

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        return logits

    def majority(self, labels: torch.Tensor) -> float:
        return float(labels.double().mean())

    def collapsed(self, logits: torch.Tensor, labels: torch.Tensor) -> bool:
        return _comparable(logits, labels) and _range(self.predictions(logits)) <= CONSTANT * _range(labels)


class MultiLabel:
    """Binary cross entropy of each label, averaged over the labels. Logits [K, B, C], labels [B, C] float, 0 or 1. The
    weight is the number of rows. A label is predicted where its probability is above 0.5."""

    one = "one set of labels"

    def sums(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        every = labels.to(outputs.dtype).expand_as(outputs)
        losses = F.binary_cross_entropy_with_logits(outputs, every, reduction="none")
        return lane_sums(losses.flatten(1)) / labels.shape[1]

    def weight(self, labels: torch.Tensor) -> int:
        return len(labels)

    def predictions(self, logits: torch.Tensor) -> torch.Tensor:
        return (logits > 0).long()

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.sigmoid()

    def majority(self, labels: torch.Tensor) -> tuple[float, ...]:
        return Counter(map(tuple, labels.tolist())).most_common(1)[0][0]

    def collapsed(self, logits: torch.Tensor, labels: torch.Tensor) -> bool:
        alike = bool(torch.isfinite(logits).all()) and len(self.predictions(logits).unique(dim=0)) == 1
        return alike and len(labels.unique(dim=0)) > 1


class LanguageModel:
    """Cross entropy of the tokens that count. Outputs [K, P] are their losses, labels [P] the tokens. The weight is
    their number."""

    one = "one token"

    def sums(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return lane_sums(outputs)

    def weight(self, labels: torch.Tensor) -> int:
        return len(labels)

    def majority(self, labels: torch.Tensor) -> None:
        return None


_OF_ROWS: dict[str, RowObjective] = {"classify": Classify(), "regress": Regress(), "multi_label": MultiLabel()}


def row_objective_of(kind: Kind) -> RowObjective:
    """The objective of a task of this kind, whose rows have labels."""
    return _OF_ROWS[kind]


def objective_of(kind: Kind) -> Objective:
    """The objective of a task of any kind."""
    return LanguageModel() if kind == "language_model" else row_objective_of(kind)


def _comparable(logits: torch.Tensor, labels: torch.Tensor) -> bool:
    return bool(torch.isfinite(logits).all()) and _range(labels) > 0


def _range(values: torch.Tensor) -> float:
    return float(values.max()) - float(values.min())
