"""Scores of a low-rank module: singular values of B A from an r x r core (semantics.md section 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch


def singular_values(a: torch.Tensor, b: torch.Tensor) -> list[float]:
    """The r largest singular values of B A, descending; all others are zero. a: [r, d_in], b: [d_out, r].

    B = Q1 R1 and A^T = Q2 R2 give B A = Q1 (R1 R2^T) Q2^T, whose singular values are those of the r x r core.
    Computed in float64, which is cheap at this size, so that rounding does not decide. All are NaN when a weight is not
    finite: the decomposition would raise, and end the other runs that train with this one.
    """
    a, b = a.detach().double(), b.detach().double()
    core = torch.linalg.qr(b, mode="r").R @ torch.linalg.qr(a.T, mode="r").R.T
    if not bool(torch.isfinite(core).all()):
        return [math.nan] * core.shape[0]
    return torch.linalg.svdvals(core).tolist()


def score(name: str, values: Sequence[float], hidden: int, k: int) -> float:
    """Score `name` of a module (semantics.md section 2). `values`: singular values, descending; `hidden`: size d."""
    total = sum(values)
    if name == "mean_singular_value":
        return total / hidden
    if total == 0.0:
        return 0.0
    top = sum(values[:k])
    return max(0.0, total - top) / total if name == "sfs" else top / total
