"""The scores computed here equal those of scikit-learn to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from lor2c_worker.evaluation.scoring import SCORES


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 4).flatmap(lambda c: st.lists(st.tuples(*[st.integers(0, c - 1)] * 2), min_size=1, max_size=99)))
def test_accuracy_and_f1_equal_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, predicted = np.array(pairs).T
    assert SCORES["accuracy"](labels, predicted) == metrics.accuracy_score(labels, predicted)
    average = "binary" if max(labels.max(), predicted.max()) < 2 else "macro"
    assert SCORES["f1"](labels, predicted) == metrics.f1_score(labels, predicted, average=average, zero_division=0.0)


@pytest.mark.parametrize(("labels", "predicted"), [([0, 0], [0, 0]), ([1, 1], [0, 0]), ([0, 0], [1, 1])])
def test_without_a_hit_f1_is_zero(labels: list[int], predicted: list[int]) -> None:
    assert SCORES["f1"](np.array(labels), np.array(predicted)) == 0.0
