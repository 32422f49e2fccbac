"""Predictions of every lane on a split, and the scores that judge them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import torch
from scipy import stats
from sklearn import metrics

from .data.encode import Encoded, eval_batches
from .data.task import Kind
from .engine.learner import Learner, ManyForms
from .engine.loss import lane_losses


def _accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    return float(metrics.accuracy_score(labels, predicted))


def _f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """F1 of class 1 with two classes, else the unweighted mean over classes."""
    average = "binary" if set(np.unique(labels)) | set(np.unique(predicted)) <= {0, 1} else "macro"
    return float(metrics.f1_score(labels, predicted, average=average, zero_division=0.0))


def _matthews(labels: np.ndarray, predicted: np.ndarray) -> float:
    return float(metrics.matthews_corrcoef(labels, predicted))


def _pearson(labels: np.ndarray, predicted: np.ndarray) -> float:
    """0 for constant predictions, for which the coefficient is undefined."""
    return float(stats.pearsonr(labels, predicted).statistic) if np.ptp(predicted) > 0 else 0.0


def _spearman(labels: np.ndarray, predicted: np.ndarray) -> float:
    return float(stats.spearmanr(labels, predicted).statistic) if np.ptp(predicted) > 0 else 0.0


SCORES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "accuracy": _accuracy,
    "f1": _f1,
    "matthews": _matthews,
    "pearson": _pearson,
    "spearman": _spearman,
}


def majority_score(labels: torch.Tensor, kind: Kind, score: str) -> float | None:
    """The score of always answering the most frequent label; None for regression."""
    if kind == "regress":
        return None
    values = labels.numpy()
    answer = Counter(values.tolist()).most_common(1)[0][0]
    return SCORES[score](values, np.full_like(values, answer))


def logits_of(learner: Learner, data: Encoded, batch_size: int, device: torch.device) -> torch.Tensor:
    """Logits of every lane for all rows in file order, without dropout: [K, N, C] float32 on the CPU."""
    parts = []
    with torch.inference_mode():
        for rows in eval_batches(data, batch_size):
            batch = data.batch(rows, device)
            lanes = [learner.forward(batch, None, group).float().cpu() for group in learner.groups()]
            parts.append(torch.cat(lanes))
    return torch.cat(parts, dim=1)


def score_logits(logits: torch.Tensor, labels: torch.Tensor, kind: Kind, names: tuple[str, ...]) -> dict[str, float]:
    """Loss and the named scores of one lane. logits: [N, C]; labels: [N]. Non-finite logits give NaN scores."""
    values = {"loss": float(lane_losses(logits[None], labels, kind)[0])}
    if not bool(torch.isfinite(logits).all()):
        return values | dict.fromkeys(names, float("nan"))
    predicted = logits[:, 0].numpy() if kind == "regress" else logits.argmax(-1).numpy()
    return values | {name: SCORES[name](labels.numpy(), predicted) for name in names}


def evaluate(
    learner: Learner,
    data: Encoded,
    batch_size: int,
    device: torch.device,
    kind: Kind,
    names: tuple[str, ...],
    score: str,
) -> tuple[torch.Tensor, list[dict[str, float]]]:
    """Logits [K, N, C] and the values of every lane; of the best form by `score`, where the learner has several."""
    if not isinstance(learner, ManyForms):
        logits = logits_of(learner, data, batch_size, device)
        return logits, [score_logits(lane, data.labels, kind, names) for lane in logits]
    forms, tried = learner.forms(), []
    for form in forms:
        learner.use(form)
        logits = logits_of(learner, data, batch_size, device)
        tried.append((logits, score_logits(logits[0], data.labels, kind, names)))
    best = max(range(len(forms)), key=lambda i: (not math.isnan(tried[i][1][score]), tried[i][1][score], -i))
    learner.use(forms[best])
    each = {
        f"{name}@{form.suffix}": values[name] for form, (_, values) in zip(forms, tried, strict=True) for name in names
    }
    logits, values = tried[best]
    return logits, [values | forms[best].values | each]
