"""Keyed form of the dropout in peft's orthogonal methods, which acts on blocks of a matrix, not on a row's values."""

from __future__ import annotations

import torch
from torch import nn

from ..device import send
from .attention import HasMasks
from .seeding import generator

#: Name of the two layers of peft, of BOFT (`boft_dropout`) and of OFT (`module_dropout`). Both draw from the global
#: generator, and peft leaves them in training mode when it evaluates.
NAME = "MultiplicativeDropoutLayer"


class KeyedBlocks(nn.Module):
    """Replaces the layer of peft. It drops a share p of the D blocks, rounded down: they become the identity.

    Blocks [D, b, b] are those of OFT, which does not drop a single, shared one. Of BOFT's [N, D, b, b] one of the N
    factors, drawn too, loses blocks. A draw belongs to (seed, site, step), so a step's micro-batches share it.
    """

    owner: HasMasks

    def __init__(self, owner: HasMasks, site: str, p: float) -> None:
        super().__init__()
        self.__dict__["owner"] = owner  # as in KeyedSite
        self.site, self.p = site, p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        masks, blocks = self.owner.masks, x.shape[-3]
        count = int(self.p * blocks)
        if masks is None or count == 0 or (x.ndim == 3 and blocks == 1):
            return x
        drawn = generator(masks.seed, "dropout of blocks", self.site, masks.step)
        dropped = torch.zeros(x.shape[:-2], dtype=torch.bool)
        part = dropped if x.ndim == 3 else dropped[torch.randint(len(x), (), generator=drawn)]
        part[torch.randperm(blocks, generator=drawn)[:count]] = True
        identity = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
        return torch.where(send(dropped, x.device)[..., None, None], identity, x)

    def extra_repr(self) -> str:
        return f"p={self.p}, keyed"
