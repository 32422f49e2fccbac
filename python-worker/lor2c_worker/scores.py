"""Scores of a low-rank module: singular values of B A from an r x r core (semantics.md section 2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def singular_values(a: torch.Tensor, b: torch.Tensor) -> list[float]:
    """The r largest singular values of B A, descending; all others are zero. a: [r, d_in], b: [d_out, r].

    B = Q1 R1 and A^T = Q2 R2 give B A = Q1 (R1 R2^T) Q2^T, whose singular values are those of the r x r core.
    In float64: it is cheap at this size, and a decision should not hang on rounding.
    """
    a, b = a.detach().double(), b.detach().double()
    core = torch.linalg.qr(b, mode="r").R @ torch.linalg.qr(a.T, mode="r").R.T
    return torch.linalg.svdvals(core).tolist()


def score(name: str, values: Sequence[float], hidden: int, k: int) -> float:
    """Score `name` of a module with singular values `values`, descending, and hidden size `hidden`."""
    total = sum(values)
    if name == "mean_singular_value":
        return total / hidden
    if total == 0.0:
        return 0.0
    top = sum(values[:k])
    return max(0.0, total - top) / total if name == "sfs" else top / total
