"""Where the tokens of a batch are in the tensors of a backbone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch


class Rows(Protocol):
    """What `data.batch.Batch` says of the rows of a micro-batch and their tokens."""

    @property
    def rows(self) -> torch.Tensor:
        """Indices in the data set, [B] int64, on the host."""

    @property
    def attention_mask(self) -> torch.Tensor:
        """[B, T] int64, 1 on real tokens."""

    @property
    def lengths(self) -> list[int] | None:
        """Real tokens of each row, if known on the host."""

    def row_lengths(self) -> list[int]:
        """Real tokens of each row, [B]. Waits for the GPU if they must be counted there."""


class Layout(Protocol):
    """Positions of a batch's tokens. The real tokens of a row follow each other."""

    @property
    def positions(self) -> int:
        """Number of positions, those of padding included."""

    @property
    def width(self) -> int:
        """Columns T of the padded form [B, T]."""

    @property
    def starts(self) -> list[int]:
        """Position of each row's first token, [B]."""

    def first(self) -> torch.Tensor:
        """The same on the device."""

    def pick(self, wide: torch.Tensor) -> torch.Tensor:
        """[B, T, d], padded on the right -> [positions, d]."""


@dataclass(frozen=True)
class PaddedLayout:
    """Positions are (row, column) of the padded batch."""

    mask: torch.Tensor  # [B, T] bool
    #: Columns of the batch, where the layout has more of them; None: as many.
    columns: int | None = None

    @staticmethod
    def of(batch: Rows) -> PaddedLayout:
        return PaddedLayout(batch.attention_mask.bool())

    @property
    def positions(self) -> int:
        return self.mask.numel()

    @property
    def width(self) -> int:
        return self.mask.shape[1]

    @property
    def starts(self) -> list[int]:
        return [row * self.width for row in range(len(self.mask))]

    def pick(self, wide: torch.Tensor) -> torch.Tensor:
        return wide.flatten(0, 1)

    def first(self) -> torch.Tensor:
        rows, width = self.mask.shape
        return torch.arange(rows, device=self.mask.device) * width

    def last(self) -> torch.Tensor:
        return self.first() + self.mask.sum(dim=1) - 1

    def at(self, places: torch.Tensor) -> torch.Tensor:
        columns = self.columns or self.width
        return places if columns == self.width else places // columns * self.width + places % columns


def right_padded(mask: torch.Tensor) -> bool:
    """True if the real tokens of every row of `mask` [B, T] are its first ones."""
    return torch.equal(mask, (torch.arange(mask.shape[1], device=mask.device) < mask.sum(1, keepdim=True)).to(mask))
