"""Weights in NF4 with double quantisation (QLoRA, Dettmers et al. 2023, arXiv 2305.14314, section 3): 4.13 bits each.

Blocks of 64 weights, in the order of memory, share a scale: their largest magnitude. A weight is one of 16 levels times
it. The scales less their mean are quantised too, in blocks of 256, to one of 256 levels times the largest magnitude of
their block. Values are those that bitsandbytes computes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch.nn import functional as F

from ..kernels import tried
from .linear import FrozenLinear

#: `nf4_triton.dense`.
Kernel = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, tuple[int, int], torch.dtype], torch.Tensor]

BLOCK, SCALE_BLOCK = 64, 256
#: Blocks that are quantised together.
PART = 4096

#: Quantiles of the normal distribution with an exact 0, scaled to [-1, 1] (QLoRA, appendix E).
LEVELS = (
    -1.0,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0.0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1.0,
)


class Nf4Linear(FrozenLinear):
    #: Two weights a byte, the first one in the high bits.
    codes: torch.Tensor
    scale_codes: torch.Tensor
    scale_scales: torch.Tensor
    scale_mean: torch.Tensor

    def store(self, weight: torch.Tensor) -> None:
        blocks = _blocks(weight.float().reshape(-1), BLOCK)
        scales = blocks.abs().amax(dim=1)
        divisor = _divisor(scales)
        # Part by part: indices and quotients of a whole matrix would take four times its memory.
        parts = zip(blocks.split(PART), divisor.split(PART), strict=True)
        codes = torch.cat([_nearest(part / own, levels(weight.device)) for part, own in parts]).view(-1, 2)
        mean = scales.mean()
        rest = _blocks(scales - mean, SCALE_BLOCK)
        largest = rest.abs().amax(dim=1)
        scale_codes = _nearest(rest / _divisor(largest), scale_levels(weight.device)).view(-1)
        self.register_buffer("codes", codes[:, 0] << 4 | codes[:, 1], persistent=False)
        self.register_buffer("scale_codes", scale_codes[: len(scales)], persistent=False)
        self.register_buffer("scale_scales", largest, persistent=False)
        self.register_buffer("scale_mean", mean, persistent=False)

    def dense(self, dtype: torch.dtype) -> torch.Tensor:
        rest = scale_levels(self.codes.device)[self.scale_codes.int()]
        scales = (_blocks(rest, SCALE_BLOCK) * self.scale_scales[:, None]).view(-1)[: len(rest)] + self.scale_mean
        shape, device = (self.out_features, self.in_features), self.codes.device
        kernel = _kernel(device)
        if kernel is not None:
            return kernel(self.codes, scales, levels(device), shape, dtype)
        values = pairs(self.codes.device)[self.codes.int()].view(-1, BLOCK).mul_(scales[:, None])
        return values.view(-1)[: self.out_features * self.in_features].view(self.out_features, -1).to(dtype)


@cache
def _kernel(device: torch.device) -> Kernel | None:
    """On CUDA, if it works there. The first call waits for the device."""
    if device.type != "cuda":
        return None

    def load() -> Kernel:
        from .nf4_triton import dense

        given = torch.zeros(32, dtype=torch.uint8, device=device), torch.ones(1, device=device), levels(device)
        assert dense(*given, (8, 8), torch.float32).eq(-1).all(), "it gives other numbers"
        return dense

    return tried(load, "NF4 weights are computed")


def _blocks(values: torch.Tensor, size: int) -> torch.Tensor:
    """[n] -> [blocks, size]; the last one is filled up with zeros."""
    return F.pad(values, (0, -len(values) % size)).view(-1, size)


def _divisor(scales: torch.Tensor) -> torch.Tensor:
    """[blocks, 1]; 1 for a block of zeros."""
    return torch.where(scales == 0, 1.0, scales)[:, None]


def _nearest(values: torch.Tensor, among: torch.Tensor) -> torch.Tensor:
    """Index of the nearest of the ascending numbers `among`, as uint8; of two that are equally near, the lower."""
    return torch.bucketize(values, (among[1:] + among[:-1]) / 2, out_int32=True).to(torch.uint8)


@cache
def levels(device: torch.device) -> torch.Tensor:
    return torch.tensor(LEVELS, device=device)


@cache
def pairs(device: torch.device) -> torch.Tensor:
    """The two levels that each byte stands for, [256, 2]."""
    byte = torch.arange(256, device=device)
    return levels(device)[torch.stack([byte >> 4, byte & 15], dim=1)].contiguous()


@cache
def scale_levels(device: torch.device) -> torch.Tensor:
    """The 256 levels of the dynamic data type (Dettmers 2022, arXiv 2110.02861, section 1.3), ascending.

    A sign, zeros that say the power of ten, a one, and a fraction: 2^i fractions at the power i - 6 of ten, the middles
    of equal parts of [0.1, 1]. The code without a one is 0; the one left over is 1.
    """
    positive = [
        part
        for i in range(7)
        for edges in [torch.linspace(0.1, 1, 2**i + 1)]
        for part in ((edges[1:] + edges[:-1]) / 2 * 10 ** (i - 6)).tolist()
    ]
    return torch.tensor(sorted([0.0, 1.0, *positive, *(-value for value in positive)]), device=device)
