"""Scores of a low-rank module: singular values of B A from an r x r core (semantics.md section 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch


def singular_values(a: torch.Tensor, b: torch.Tensor) -> list[list[float]]:
    """The r largest singular values of each B A, descending; all others are zero. a: [n, r, d_in], b: [n, d_out, r].

    B = Q1 R1 and A^T = Q2 R2 give B A = Q1 (R1 R2^T) Q2^T, whose singular values are those of the r x r core.
    Computed in float64, which is cheap at this size, so that rounding does not decide. All of a module are NaN when one
    of its weights is not finite: the decomposition would raise, and end the other runs that train with this one.
    """
    if len(b) == 0:
        return []
    a, b = a.detach().double(), b.detach().double()
    left, right = torch.linalg.qr(b, mode="r").R, torch.linalg.qr(a.mT, mode="r").R
    core = torch.linalg.matmul(left, right.mT)
    finite = torch.isfinite(core).all(dim=2).all(dim=1)[:, None]
    values = torch.linalg.svdvals(torch.where(finite[:, :, None], core, 0.0))
    return torch.where(finite, values, math.nan).tolist()


def score(name: str, values: Sequence[float], hidden: int, k: int) -> float:
    """Score `name` of a module (semantics.md section 2). `values`: singular values, descending; `hidden`: size d."""
    total = sum(values)
    if name == "mean_singular_value":
        return total / hidden
    if total == 0.0:
        return 0.0
    top = sum(values[:k])
    return max(0.0, total - top) / total if name == "sfs" else top / total
