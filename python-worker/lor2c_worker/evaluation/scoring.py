"""The scores that judge predictions, by name."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from ..objective import Objective, means


def _accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.mean(labels == predicted))


def _f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """F1 of class 1 with two classes, else the unweighted mean over classes; 0 for a class that nothing has."""
    found = set(np.unique(labels)) | set(np.unique(predicted))
    return float(np.mean([_f1_of(kind, labels, predicted) for kind in ([1] if found <= {0, 1} else sorted(found))]))


def _f1_of(kind: int, labels: np.ndarray, predicted: np.ndarray) -> float:
    true, said = labels == kind, predicted == kind
    return float(2 * np.sum(true & said) / max(np.sum(true) + np.sum(said), 1))


# sklearn and scipy.stats take half a second to import, which most tasks need not wait.
def _matthews(labels: np.ndarray, predicted: np.ndarray) -> float:
    from sklearn import metrics

    return float(metrics.matthews_corrcoef(labels, predicted))


def _pearson(labels: np.ndarray, predicted: np.ndarray) -> float:
    """0 for constant predictions, for which the coefficient is undefined."""
    from scipy import stats

    return float(stats.pearsonr(labels, predicted).statistic) if np.ptp(predicted) > 0 else 0.0


def _spearman(labels: np.ndarray, predicted: np.ndarray) -> float:
    from scipy import stats

    return float(stats.spearmanr(labels, predicted).statistic) if np.ptp(predicted) > 0 else 0.0


SCORES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "accuracy": _accuracy,
    "f1": _f1,
    "matthews": _matthews,
    "pearson": _pearson,
    "spearman": _spearman,
}


def prepare_scores(names: tuple[str, ...]) -> None:
    """Import what these scores need, so that it does not count as time of the first evaluation."""
    two = np.array([0, 1])
    for name in names:
        SCORES[base_score(name)](two, two)


def base_score(name: str) -> str:
    """`accuracy` for `accuracy_mm`, the score of one part of the rows; a name in SCORES as it is."""
    return name if name in SCORES else name.rpartition("_")[0]


def rows_of(name: str, parts: tuple[str, ...] | None, count: int) -> np.ndarray:
    """Which of `count` rows a score is about, [N] bool: those of the part it names, else all. May be none."""
    if name in SCORES:
        return np.ones(count, dtype=bool)
    return np.array([part == name.rpartition("_")[2] for part in parts or ()] or [False] * count)


def majority_score(
    labels: torch.Tensor, objective: Objective, score: str, parts: tuple[str, ...] | None = None
) -> float | None:
    """The score of always answering the most frequent label; None where labels are no classes."""
    values = labels[torch.from_numpy(rows_of(score, parts, len(labels)))]
    answer = objective.majority(values)
    return None if answer is None else SCORES[base_score(score)](values.numpy(), np.full_like(values.numpy(), answer))


def score_logits(
    logits: torch.Tensor,
    labels: torch.Tensor,
    objective: Objective,
    names: tuple[str, ...],
    parts: tuple[str, ...] | None = None,
) -> dict[str, float]:
    """Loss and the named scores of one lane. logits: [N, C]; labels: [N]; parts: what the rows belong to, [N].

    Non-finite logits give NaN scores. A score of a part that has no rows is left out.
    """
    values = {"loss": float(means(objective, logits[None], labels)[0])}
    finite, truth = bool(torch.isfinite(logits).all()), labels.numpy()
    predicted = objective.predictions(logits).numpy()
    for name in names:
        rows = rows_of(name, parts, len(truth))
        if rows.any():
            values[name] = SCORES[base_score(name)](truth[rows], predicted[rows]) if finite else math.nan
    return values
