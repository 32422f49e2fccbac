"""Scores from the r x r core equal those of a full singular value decomposition of B A."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lor2c_worker.keyed.seeding import generator
from lor2c_worker.scores import score, singular_values


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(2, 40), st.integers(2, 40), st.integers(0, 10**6))
def test_core_equals_full_svd(rank: int, d_in: int, d_out: int, seed: int) -> None:
    g = generator(seed, "test")
    a, b = torch.randn(rank, d_in, generator=g), torch.randn(d_out, rank, generator=g)
    full = torch.linalg.svdvals(b.double() @ a.double())
    got = torch.tensor(singular_values(a[None], b[None])[0], dtype=torch.float64)
    # The core has as many values as modules have ranks, the product as many as its smaller side: the rest are zero.
    size = max(len(got), len(full))
    got_padded, full_padded = (torch.nn.functional.pad(values, (0, size - len(values))) for values in (got, full))
    assert torch.allclose(got_padded, full_padded, rtol=1e-9, atol=1e-9)
    total, top = full.sum().item(), full[:2].sum().item()
    values = got.tolist()
    assert score("mean_singular_value", values, d_in, 1) == pytest.approx(total / d_in, rel=1e-6)
    assert score("sfs", values, d_in, 2) == pytest.approx((total - top) / total, rel=1e-6, abs=1e-9)
    assert score("top_share", values, d_in, 2) == pytest.approx(top / total, rel=1e-6)
    assert score("sfs", values, d_in, 2) + score("top_share", values, d_in, 2) == pytest.approx(1, abs=1e-9)


def test_a_module_that_is_still_zero_has_score_zero() -> None:
    [values] = singular_values(torch.randn(1, 4, 8), torch.zeros(1, 8, 4))
    assert [score(name, values, 8, 1) for name in ("sfs", "mean_singular_value", "top_share")] == [0, 0, 0]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_module_that_diverged_has_scores_that_are_not_finite(value: float) -> None:
    b = torch.randn(8, 4)
    b[2, 1] = value
    [values] = singular_values(torch.randn(1, 4, 8), b[None])
    assert len(values) == 4
    for name in ("sfs", "mean_singular_value", "top_share"):
        assert not math.isfinite(score(name, values, 8, 1))


def test_hand_worked() -> None:
    # B A = diag(3, 2, 1): the sum is 6, the largest 3.
    [values] = singular_values(torch.eye(3)[None], torch.diag(torch.tensor([3.0, 2.0, 1.0]))[None])
    assert values == pytest.approx([3, 2, 1])
    assert score("sfs", values, 3, 1) == pytest.approx(0.5)
    assert score("mean_singular_value", values, 3, 1) == pytest.approx(2.0)
    assert score("top_share", values, 3, 2) == pytest.approx(5 / 6)


def test_a_module_has_the_same_values_beside_any_others() -> None:
    """Equal bits alone and among others, some of them not finite, at the sizes of real models."""
    for rank, size in ((1, 16), (4, 32), (8, 384), (64, 256)):
        g = generator(rank, "test")
        a, b = torch.randn(12, rank, size, generator=g), torch.randn(12, size, rank, generator=g)
        b[5, 0, 0] = math.nan
        together = singular_values(a, b)
        for i in (0, 3, 11):
            assert singular_values(a[i : i + 1], b[i : i + 1]) == [together[i]]
        assert singular_values(a[3:9], b[3:9])[4:] == together[7:9]
