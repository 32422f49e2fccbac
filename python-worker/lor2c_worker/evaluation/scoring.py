"""The scores that judge predictions, by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ..objective import Objective, RowObjective, means


@dataclass(frozen=True)
class Score:
    """How predictions are judged: `SCORES["accuracy"](labels, predicted)`.

    Labels and predictions are [N]: class indices or numbers; or [N, C], 0 or 1, where a row has a list of labels. Of
    texts they are each row's number of tokens that count, and the sum of their losses.
    """

    of: Callable[[np.ndarray, np.ndarray], float]
    #: A smaller value is the better one.
    lower_is_better: bool = False
    #: It judges the probability of each class, [N, C], in place of the predictions.
    of_probabilities: bool = False
    #: Whether it says something about the same answer for every row.
    of_constants: bool = True

    def __call__(self, labels: np.ndarray, predicted: np.ndarray) -> float:
        return self.of(labels, predicted)


def _accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Share of the rows that are right; of lists of labels only those count of which every label is right."""
    right = labels == predicted
    return float(np.mean(right if right.ndim == 1 else right.all(axis=1)))


def _f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """F1 of class 1 with two classes, else the unweighted mean over classes; 0 for a class that nothing has.

    Of lists of labels, F1 over all of them (micro).
    """
    if labels.ndim == 2:
        return _f1_of(1, labels, predicted)
    found = set(np.unique(labels)) | set(np.unique(predicted))
    return _f1_of(1, labels, predicted) if found <= {0, 1} else _f1_macro(labels, predicted)


def _f1_macro(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Unweighted mean of F1 over the classes that a row has or is said to have; over all labels of lists."""
    if labels.ndim == 2:
        each = [_f1_of(1, labels[:, column], predicted[:, column]) for column in range(labels.shape[1])]
    else:
        each = [_f1_of(kind, labels, predicted) for kind in np.union1d(labels, predicted)]
    return float(np.mean(each))


def _f1_of(kind: int, labels: np.ndarray, predicted: np.ndarray) -> float:
    true, said = labels == kind, predicted == kind
    return float(2 * np.sum(true & said) / max(np.sum(true) + np.sum(said), 1))


def _balanced_accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean over the classes of the share of their rows that are right."""
    return float(np.mean([np.mean(predicted[labels == kind] == kind) for kind in np.unique(labels)]))


def _mse(labels: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.mean(np.square(predicted.astype(np.float64) - labels)))


def _mae(labels: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.mean(np.abs(predicted.astype(np.float64) - labels)))


def _token_loss(counts: np.ndarray, sums: np.ndarray) -> float:
    """Mean loss of the tokens of all rows, in nats: a row counts as often as it has tokens that count."""
    return float(np.sum(sums, dtype=np.float64) / np.sum(counts))


def _perplexity(counts: np.ndarray, sums: np.ndarray) -> float:
    """Exponential of the mean loss; infinite where that is beyond every number."""
    with np.errstate(over="ignore"):
        return float(np.exp(np.float64(_token_loss(counts, sums))))


# sklearn and scipy.stats take half a second to import, which most tasks need not wait.
def _matthews(labels: np.ndarray, predicted: np.ndarray) -> float:
    from sklearn import metrics

    return float(metrics.matthews_corrcoef(labels, predicted))


def _auroc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Area under the ROC curve: of class 1 of two; of more classes the mean of each against the rest, NaN where a class
    has no row. Of lists of labels the mean over those that some rows have and some have not."""
    from sklearn import metrics

    if labels.ndim == 2:
        columns = [column for column in range(labels.shape[1]) if np.ptp(labels[:, column]) > 0]
        true = [labels[:, column] for column in columns]
    else:
        columns = [1] if probabilities.shape[1] == 2 else list(range(probabilities.shape[1]))
        true = [labels == column for column in columns]
    if not columns or any(each.min() == each.max() for each in true):
        return math.nan
    areas = [metrics.roc_auc_score(each, probabilities[:, c]) for each, c in zip(true, columns, strict=True)]
    return float(np.mean(areas))


def _pearson(labels: np.ndarray, predicted: np.ndarray) -> float:
    """0 for constant predictions, for which the coefficient is undefined."""
    from scipy import stats

    return float(stats.pearsonr(labels, predicted).statistic) if np.ptp(predicted) > 0 else 0.0


def _spearman(labels: np.ndarray, predicted: np.ndarray) -> float:
    from scipy import stats

    return float(stats.spearmanr(labels, predicted).statistic) if np.ptp(predicted) > 0 else 0.0


SCORES: dict[str, Score] = {
    "accuracy": Score(_accuracy),
    "f1": Score(_f1),
    "f1_macro": Score(_f1_macro),
    "matthews": Score(_matthews),
    "balanced_accuracy": Score(_balanced_accuracy),
    "auroc": Score(_auroc, of_probabilities=True),
    "pearson": Score(_pearson, of_constants=False),
    "spearman": Score(_spearman, of_constants=False),
    "mse": Score(_mse, lower_is_better=True),
    "mae": Score(_mae, lower_is_better=True),
    "loss": Score(_token_loss, lower_is_better=True, of_constants=False),
    "perplexity": Score(_perplexity, lower_is_better=True, of_constants=False),
}


def lower_is_better(name: str) -> bool:
    return SCORES[base_score(name)].lower_is_better


def is_better(value: float, than: float, name: str) -> bool:
    """Whether a value of the score `name` is better than another one; any number is better than NaN."""
    if math.isnan(than):
        return not math.isnan(value)
    return value < than if lower_is_better(name) else value > than


def prepare_scores(names: tuple[str, ...]) -> None:
    """Import what these scores need, so that it does not count as time of the first evaluation."""
    two = np.array([0, 1])
    for name in names:
        score = SCORES[base_score(name)]
        score(two, np.eye(2) if score.of_probabilities else two)


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
    """The score of always answering the most frequent label, or the mean of a regression's targets; None where it says
    nothing about that."""
    values, judge = labels[torch.from_numpy(rows_of(score, parts, len(labels)))], SCORES[base_score(score)]
    answer = objective.majority(values) if judge.of_constants else None
    if answer is None:
        return None
    if judge.of_probabilities:
        return 0.5  # a constant ranks all pairs of rows alike
    truth = values.numpy()
    return judge(truth, np.broadcast_to(np.asarray(answer), truth.shape))


def score_logits(
    logits: torch.Tensor,
    labels: torch.Tensor,
    objective: RowObjective,
    names: tuple[str, ...],
    parts: tuple[str, ...] | None = None,
) -> dict[str, float]:
    """Loss and the named scores of one lane. logits: [N, C]; labels: [N], or [N, C] where a row has a list of labels;
    parts: what the rows belong to, [N].

    Non-finite logits give NaN scores. A score of a part that has no rows is left out.
    """
    values = {"loss": float(means(objective, logits[None], labels)[0])}
    finite, truth = bool(torch.isfinite(logits).all()), labels.numpy()
    predicted = objective.predictions(logits).numpy()
    for name in names:
        rows, score = rows_of(name, parts, len(truth)), SCORES[base_score(name)]
        if rows.any():
            answers = objective.probabilities(logits.double()).numpy() if score.of_probabilities else predicted
            values[name] = score(truth[rows], answers[rows]) if finite else math.nan
    return values
