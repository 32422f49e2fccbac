"""The scores computed here equal those of scikit-learn and scipy on any labels and predictions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from lor2c_worker.data.task import Split
from lor2c_worker.evaluation.choose import CellResult, Look, note
from lor2c_worker.evaluation.evaluate import Evaluated
from lor2c_worker.evaluation.scorable import unscorable
from lor2c_worker.evaluation.scoring import SCORES, is_better, majority_score, prepare_scores, score_logits
from lor2c_worker.objective import Classify, MultiLabel, Objective, Regress


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 4).flatmap(lambda c: st.lists(st.tuples(*[st.integers(0, c - 1)] * 2), min_size=1, max_size=99)))
def test_scores_of_classes_equal_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, predicted = np.array(pairs).T
    assert SCORES["accuracy"](labels, predicted) == metrics.accuracy_score(labels, predicted)
    average = "binary" if max(labels.max(), predicted.max()) < 2 else "macro"
    assert SCORES["f1"](labels, predicted) == metrics.f1_score(labels, predicted, average=average, zero_division=0.0)
    macro = metrics.f1_score(labels, predicted, average="macro", zero_division=0.0)
    assert SCORES["f1_macro"](labels, predicted) == pytest.approx(macro, rel=1e-12)
    with np.errstate(all="ignore"):
        recalls = metrics.recall_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0.0)
    assert SCORES["balanced_accuracy"](labels, predicted) == pytest.approx(recalls, rel=1e-12)
    assert SCORES["matthews"](labels, predicted) == metrics.matthews_corrcoef(labels, predicted)


def random_rows(seed: int, count: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    own = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, classes, generator=own)
    labels = torch.cat([torch.arange(classes), torch.randint(classes, (count - classes,), generator=own)])
    return logits.round(decimals=1), labels  # with ties


@pytest.mark.parametrize("seed", range(5))
def test_auroc_equals_that_of_scikit_learn(seed: int) -> None:
    for classes in (2, 3, 5):
        logits, labels = random_rows(seed, 60, classes)
        shares = logits.double().softmax(-1).numpy()
        want = (
            metrics.roc_auc_score(labels, shares[:, 1])
            if classes == 2
            else metrics.roc_auc_score(labels, shares, multi_class="ovr", average="macro")
        )
        assert score_logits(logits, labels, Classify(), ("auroc",))["auroc"] == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_lists_of_labels_equal_those_of_scikit_learn(seed: int) -> None:
    own = torch.Generator().manual_seed(seed)
    logits = torch.randn(50, 4, generator=own)
    labels = (torch.rand(50, 4, generator=own) < 0.4).float()
    found = score_logits(logits, labels, MultiLabel(), ("f1_macro", "f1", "accuracy", "auroc"))
    said, truth = (logits.sigmoid() > 0.5).numpy(), labels.numpy()
    assert found["f1_macro"] == pytest.approx(metrics.f1_score(truth, said, average="macro"), rel=1e-12)
    assert found["f1"] == pytest.approx(metrics.f1_score(truth, said, average="micro"), rel=1e-12)
    assert found["accuracy"] == metrics.accuracy_score(truth, said)
    assert found["auroc"] == pytest.approx(metrics.roc_auc_score(truth, logits.numpy(), average="macro"), rel=1e-12)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
    assert found["loss"] == pytest.approx(float(entropy), rel=1e-6)
    labels[:, 2] = 1  # says nothing about that label
    rest = [0, 1, 3]
    again = score_logits(logits, labels, MultiLabel(), ("auroc",))["auroc"]
    assert again == pytest.approx(metrics.roc_auc_score(labels[:, rest], logits[:, rest], average="macro"), rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_numbers_equal_those_of_scikit_learn_and_scipy(seed: int) -> None:
    own = torch.Generator().manual_seed(seed)
    logits, labels = torch.randn(40, 1, generator=own), 100 * torch.randn(40, generator=own)
    found = score_logits(logits, labels, Regress(), ("pearson", "spearman", "mse", "mae"))
    said = logits[:, 0].numpy()
    assert found["mse"] == pytest.approx(metrics.mean_squared_error(labels, said), rel=1e-6)
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(labels, said), rel=1e-6)
    assert found["pearson"] == pytest.approx(stats.pearsonr(labels, said).statistic, rel=1e-6)
    assert found["spearman"] == pytest.approx(stats.spearmanr(labels, said).statistic, rel=1e-12)


@pytest.mark.parametrize(("labels", "predicted"), [([0, 0], [0, 0]), ([1, 1], [0, 0]), ([0, 0], [1, 1])])
def test_without_a_hit_f1_is_zero(labels: list[int], predicted: list[int]) -> None:
    assert SCORES["f1"](np.array(labels), np.array(predicted)) == 0.0


def test_an_area_that_is_undefined_is_nan_and_plan_knows_it() -> None:
    logits = torch.randn(4, 3)
    labels = torch.tensor([0, 1, 1, 0])
    assert math.isnan(score_logits(logits, labels, Classify(), ("auroc",))["auroc"])
    rows = Split(("a", "b", "c", "d"), (0, 1, 1, 0))
    assert unscorable("auroc", rows, ("x", "y", "z")) == "none of its rows has the label 'z'"
    assert unscorable("auroc", rows, ("x", "y")) is None
    one = Split(("a", "b"), (1, 1))
    assert unscorable("auroc", one, ("x", "y")) == "the labels of its 2 rows are all the same"
    alike = Split(("a", "b"), ((1, 0), (1, 0)))  # type: ignore[arg-type]
    assert unscorable("auroc", alike, ("x", "y")) == "the labels of its 2 rows are all the same"
    assert unscorable("f1_macro", one, ("x", "y")) is None
    assert math.isnan(score_logits(torch.randn(2, 2), torch.ones(2, 2), MultiLabel(), ("auroc",))["auroc"])


@pytest.mark.parametrize(
    ("objective", "labels", "want"),
    [
        (
            Classify(),
            torch.tensor([1, 1, 0, 2]),
            {"accuracy": 0.5, "f1_macro": 2 / 9, "matthews": 0.0, "balanced_accuracy": 1 / 3, "auroc": 0.5},
        ),
        (Regress(), torch.tensor([0.0, 1.0, 5.0]), {"mse": 14 / 3, "mae": 2.0, "pearson": None, "spearman": None}),
        (
            MultiLabel(),
            torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
            {"accuracy": 2 / 3, "f1": 2 / 3, "f1_macro": 0.4, "auroc": 0.5},
        ),
    ],
)
def test_the_same_answer_for_every_row_has_a_score(
    objective: Objective, labels: torch.Tensor, want: dict[str, float | None]
) -> None:
    for name, value in want.items():
        assert majority_score(labels, objective, name) == (value if value is None else pytest.approx(value, rel=1e-6))


def test_errors_are_better_when_they_are_smaller() -> None:
    assert [name for name, score in SCORES.items() if score.lower_is_better] == ["mse", "mae", "loss", "perplexity"]
    assert is_better(1.0, 2.0, "mse")
    assert not is_better(2.0, 1.0, "mae")
    assert is_better(2.0, 1.0, "accuracy_mm")
    assert is_better(9.0, math.nan, "mse")
    assert not is_better(math.nan, math.nan, "mse")

    def seen(value: float) -> Look:
        return Look(Evaluated({"mse": value}, torch.tensor([value]), collapsed=False))

    result = CellResult()
    assert [note(result, seen(value), "mse", epoch) for epoch, value in enumerate((3.0, 2.0, 2.5), start=1)] == [
        True,
        True,
        False,
    ]
    assert (result.best_score, result.best_epoch, result.eval_best_score) == (2.0, 2, 2.0)


def test_every_score_can_be_prepared() -> None:
    prepare_scores((*SCORES, "accuracy_mm"))


def lanes_of(logits: torch.Tensor, labels: torch.Tensor, objective: Any) -> list[float]:
    return objective.sums(logits, labels).tolist()


def test_the_loss_of_lists_of_labels_is_the_same_in_any_number_of_lanes_and_cuts() -> None:
    own = torch.Generator().manual_seed(1)
    logits, labels = torch.randn(5, 7, 3, generator=own), (torch.rand(7, 3, generator=own) < 0.5).float()
    whole = lanes_of(logits, labels, MultiLabel())
    assert [lanes_of(lane[None], labels, MultiLabel())[0] for lane in logits] == whole
    cut = MultiLabel().sums(logits[:, :4], labels[:4]) + MultiLabel().sums(logits[:, 4:], labels[4:])
    assert cut.tolist() == pytest.approx(whole, rel=1e-6)
    want = torch.nn.BCEWithLogitsLoss()(logits[0], labels)
    assert whole[0] / MultiLabel().weight(labels) == pytest.approx(float(want), rel=1e-6)
