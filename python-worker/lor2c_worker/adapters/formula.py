"""The formula of every adapter here: y + scale * B A (x * mask). The bank and the PEFT tuner both call it."""

from __future__ import annotations

import torch


def add_low_rank(
    y: torch.Tensor, x: torch.Tensor, a: torch.Tensor, b: torch.Tensor, scale: float, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Paper Eq. 2 per lane. y: [K, N, d_out]; x: [K, N, d_in]; a: [K, r, d_in]; b: [K, d_out, r]; mask: [N, d_in].

    A single adapter has K = 1. The second product includes the sum, which saves a tensor of y's size.
    """
    x = x.to(a.dtype)
    if mask is not None:
        x = x * mask.to(x.dtype)
    inner = torch.bmm(x, a.mT)
    # In mixed precision one of the two is bf16; the sum is fp32.
    if inner.dtype != y.dtype:
        return y + torch.bmm(inner, b.mT) * scale
    return torch.baddbmm(y, inner, b.mT, alpha=scale)
