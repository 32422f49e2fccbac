"""The part of a data set that training and evaluation use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from .batch import Batch


class RowSet(Protocol):
    """Rows in a fixed order, each with a label."""

    @property
    def labels(self) -> torch.Tensor:
        """[N] on the CPU."""

    @property
    def parts(self) -> tuple[str, ...] | None:
        """What each row belongs to, [N] (see `Split.part`), if scores are about parts of the rows."""

    def __len__(self) -> int: ...

    def tokens_of(self, rows: Sequence[int]) -> list[int]:
        """Real tokens of each of the given rows."""

    def batch(self, rows: Sequence[int], device: torch.device) -> Batch:
        """The given rows in that order."""
