"""Where the real tokens of a batch are when nothing is padded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import torch

from ..data.batch import Batch
from ..device import send
from ..keyed.layout import right_padded
from .backbone import whole_rows


@dataclass(frozen=True)
class UnpaddedLayout:
    """`order`: rows by length. `source`: position -> place in the padded batch. `places`: the reverse.

    A few positions at the end may be fillers (see `whole_rows`): copies of the first token; no token attends to them.
    """

    order: list[int]
    lengths: list[int]  # of the rows in `order`
    blocks: list[tuple[int, list[int]]]  # (length, rows) of each block of rows of equal length
    source: torch.Tensor  # [N]
    places: torch.Tensor  # [B * T], 0 in the padding
    fillers: int  # number of fillers among the N
    starts: list[int]  # position of the first token of each row of the batch, [B]
    firsts: torch.Tensor  # the same on the device
    counts: torch.Tensor  # [B], tokens of each row of the batch
    allowed: torch.Tensor  # [B, T] bool, the padded batch's real places

    @staticmethod
    def of(batch: Batch) -> UnpaddedLayout:
        mask, width = batch.attention_mask, batch.attention_mask.shape[1]
        lengths = batch.row_lengths()
        if batch.lengths is None and not right_padded(mask):
            raise ValueError("an unpadded model takes rows that are padded on the right")
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        starts, position = [0] * len(lengths), 0
        for row in order:
            starts[row] = position
            position += lengths[row]
        device = mask.device
        fillers = whole_rows(position) - position
        source = torch.cat([torch.arange(row * width, row * width + lengths[row]) for row in order])
        places = torch.zeros(len(lengths) * width, dtype=torch.long)
        places[source] = torch.arange(position)
        filling = torch.zeros(fillers, dtype=torch.long)
        return UnpaddedLayout(
            order=order,
            lengths=[lengths[row] for row in order],
            blocks=[(length, list(rows)) for length, rows in groupby(order, key=lengths.__getitem__)],
            source=send(torch.cat([source, filling]), device),
            places=send(places, device),
            fillers=fillers,
            starts=starts,
            firsts=send(torch.tensor(starts), device),
            counts=send(torch.tensor(lengths), device),
            allowed=mask.bool(),
        )

    @property
    def positions(self) -> int:
        return len(self.source)

    @property
    def real_source(self) -> torch.Tensor:
        """`source` without the fillers."""
        return self.source[: len(self.source) - self.fillers]

    def row_counts(self) -> list[int]:
        """Tokens of each row of the batch, on the host."""
        found = dict(zip(self.order, self.lengths, strict=True))
        return [found[row] for row in range(len(self.order))]

    @property
    def width(self) -> int:
        return self.allowed.shape[1]

    def pick(self, wide: torch.Tensor) -> torch.Tensor:
        return wide.flatten(0, 1).index_select(0, self.source)

    def first(self) -> torch.Tensor:
        return self.firsts

    def last(self) -> torch.Tensor:
        return self.firsts + self.counts - 1

    def at(self, places: torch.Tensor) -> torch.Tensor:
        return self.places.index_select(0, places)
