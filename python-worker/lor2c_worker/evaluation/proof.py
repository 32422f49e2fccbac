"""A few numbers that show whether a saved adapter predicts what the model in memory did, for any number of rows.

A checkpoint has them for the best epoch of every cell, so they stay small.
"""

from __future__ import annotations

import torch

#: Rows whose logits are kept one by one.
ROWS = 256


def proof_of(logits: torch.Tensor) -> torch.Tensor:
    """logits [N, C] of one lane, N > 0 -> [min(N, ROWS) + 1, C] float64 on the CPU.

    The logits of rows that are spread evenly, then the means over all rows: a tensor of the adapter changes the
    predictions for all rows, and any single number that is not finite makes its mean not finite.
    """
    count = min(len(logits), ROWS)
    spread = torch.arange(count, device=logits.device) * len(logits) // count
    exact = logits.detach().double()
    return torch.cat([exact[spread], exact.mean(dim=0, keepdim=True)]).cpu()


def is_finite(proof: torch.Tensor) -> bool:
    """Whether all logits were numbers, also those of rows that are not in the proof."""
    return bool(torch.isfinite(proof).all())


def difference(before: torch.Tensor, again: torch.Tensor) -> tuple[float, float]:
    """(largest difference between two proofs, largest finite size in the first). A number that is finite in neither
    counts as equal. Where only one is finite the difference is NaN or infinite: more than any limit."""
    here, there = torch.isfinite(before), torch.isfinite(again)
    apart = (again - before).masked_fill(~here & ~there, 0.0).abs()
    return float(apart.max()), float(before.masked_fill(~here, 0.0).abs().max())
