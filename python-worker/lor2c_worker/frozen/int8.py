"""Weights in 8 bits: whole numbers from -127 to 127 with one scale per row (absmax), as in LLM.int8() (Dettmers et al.
2022, arXiv 2208.07339, section 2), whose activations stay as they are here."""

from __future__ import annotations

import torch

from .linear import FrozenLinear


class Int8Linear(FrozenLinear):
    codes: torch.Tensor
    scales: torch.Tensor

    def store(self, weight: torch.Tensor) -> None:
        """codes: [d_out, d_in] int8; scales: [d_out, 1] fp32, the largest value of the row / 127."""
        weight = weight.float()
        scales = weight.abs().amax(dim=1, keepdim=True) / 127
        codes = (weight / scales.clamp_min(torch.finfo(torch.float32).tiny)).round_()
        self.register_buffer("codes", codes.to(torch.int8), persistent=False)
        self.register_buffer("scales", scales, persistent=False)

    def dense(self, dtype: torch.dtype) -> torch.Tensor:
        return (self.codes * self.scales).to(dtype)
