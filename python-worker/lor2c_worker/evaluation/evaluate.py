"""Predictions of every lane on a split, and the scores that judge them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import torch

from ..data.encode import Encoded, eval_batches
from ..data.task import Kind
from ..learner import Learner, ManyForms
from ..objective import lane_losses


# scipy and sklearn take half a second to import; a worker that only inspects runs must not wait for them.
def _accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    from sklearn import metrics

    return float(metrics.accuracy_score(labels, predicted))


def _f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """F1 of class 1 with two classes, else the unweighted mean over classes."""
    from sklearn import metrics

    average = "binary" if set(np.unique(labels)) | set(np.unique(predicted)) <= {0, 1} else "macro"
    return float(metrics.f1_score(labels, predicted, average=average, zero_division=0.0))


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


def base_score(name: str) -> str:
    """`accuracy` for `accuracy_mm`, the score of one part of the rows; a name in SCORES as it is."""
    return name if name in SCORES else name.rpartition("_")[0]


def rows_of(name: str, parts: tuple[str, ...] | None, count: int) -> np.ndarray:
    """Which of `count` rows a score is about, [N] bool: those of the part it names, else all. May be none."""
    if name in SCORES:
        return np.ones(count, dtype=bool)
    return np.array([part == name.rpartition("_")[2] for part in parts or ()] or [False] * count)


def majority_score(labels: torch.Tensor, kind: Kind, score: str, parts: tuple[str, ...] | None = None) -> float | None:
    """The score of always answering the most frequent label; None for regression."""
    if kind == "regress":
        return None
    values = labels.numpy()[rows_of(score, parts, len(labels))]
    answer = Counter(values.tolist()).most_common(1)[0][0]
    return SCORES[base_score(score)](values, np.full_like(values, answer))


def logits_of(learner: Learner, data: Encoded, batch_size: int, device: torch.device) -> torch.Tensor:
    """Logits of every lane for all rows, in file order and without dropout: [K, N, C] float32 on the CPU."""
    parts = []
    with torch.inference_mode():
        for rows in eval_batches(data, batch_size):
            batch = data.batch(rows, device)
            lanes = [learner.forward(batch, None, group).float().cpu() for group in learner.groups()]
            parts.append(torch.cat(lanes))
    return torch.cat(parts, dim=1)


def score_logits(
    logits: torch.Tensor,
    labels: torch.Tensor,
    kind: Kind,
    names: tuple[str, ...],
    parts: tuple[str, ...] | None = None,
) -> dict[str, float]:
    """Loss and the named scores of one lane. logits: [N, C]; labels: [N]; parts: what the rows belong to, [N].

    Non-finite logits give NaN scores. A score of a part that has no rows is left out.
    """
    values = {"loss": float(lane_losses(logits[None], labels, kind)[0])}
    finite, truth = bool(torch.isfinite(logits).all()), labels.numpy()
    predicted = logits[:, 0].numpy() if kind == "regress" else logits.argmax(-1).numpy()
    for name in names:
        rows = rows_of(name, parts, len(truth))
        if rows.any():
            values[name] = SCORES[base_score(name)](truth[rows], predicted[rows]) if finite else math.nan
    return values


#: Predictions of a regression count as constant if their range is at most this share of the labels' range.
CONSTANT = 1e-3


def is_collapsed(logits: torch.Tensor, labels: torch.Tensor, kind: Kind) -> bool:
    """Whether all predictions are one class, or one value, but the labels are not. False for non-finite logits.

    logits: [N, C]; labels: [N].
    """
    if not bool(torch.isfinite(logits).all()) or float(labels.max()) == float(labels.min()):
        return False
    if kind == "regress":
        return float(np.ptp(logits[:, 0].numpy())) <= CONSTANT * float(np.ptp(labels.numpy()))
    return len(logits.argmax(-1).unique()) == 1


def evaluate(
    learner: Learner,
    data: Encoded,
    batch_size: int,
    device: torch.device,
    kind: Kind,
    names: tuple[str, ...],
    score: str | None,
) -> tuple[torch.Tensor, list[dict[str, float]]]:
    """Logits [K, N, C] and the values of every lane.

    Of a learner with several forms they are those of the best form by `score`, which stays in use, or without `score`
    those of the form that is in use.
    """
    if not isinstance(learner, ManyForms):
        logits = logits_of(learner, data, batch_size, device)
        return logits, [score_logits(lane, data.labels, kind, names, data.parts) for lane in logits]
    forms, tried, used = learner.forms(), [], learner.in_use()
    for form in forms:
        learner.use(form)
        logits = logits_of(learner, data, batch_size, device)
        tried.append((logits, score_logits(logits[0], data.labels, kind, names, data.parts)))
    if score is None:
        best = forms.index(used)
    else:
        best = max(range(len(forms)), key=lambda i: (not math.isnan(tried[i][1][score]), tried[i][1][score], -i))
    learner.use(forms[best])
    each = {
        f"{name}@{form.suffix}": values[name]
        for form, (_, values) in zip(forms, tried, strict=True)
        for name in names
        if name in values
    }
    logits, values = tried[best]
    return logits, [values | forms[best].values | each]
