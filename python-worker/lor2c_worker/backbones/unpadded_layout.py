"""Where the real tokens of a batch are when nothing is padded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import torch

from ..data.batch import Batch, send
from ..keyed.dropout import PaddedLayout
from .backbone import whole_rows


@dataclass(frozen=True)
class UnpaddedLayout:
    """`order`: rows by length. `source`: position -> place in the padded batch. `canonical`: -> place in row order.

    A few positions at the end may be fillers (see `whole_rows`): copies of the first token; no token attends to them.
    """

    order: list[int]
    lengths: list[int]  # of the rows in `order`
    blocks: list[tuple[int, list[int]]]  # (length, rows) of each block of rows of equal length
    source: torch.Tensor  # [N]
    canonical: torch.Tensor  # [N]
    fillers: int  # number of fillers among the N
    starts: torch.Tensor  # [B], position of the first token of each row of the batch
    counts: torch.Tensor  # [B], tokens of each row of the batch
    allowed: torch.Tensor  # [B, T] bool, the padded batch's real places

    @staticmethod
    def of(batch: Batch) -> UnpaddedLayout:
        mask, width = batch.attention_mask, batch.attention_mask.shape[1]
        lengths = batch.row_lengths()
        if batch.lengths is None and not _right_padded(mask):
            raise ValueError("the unpadded encoder takes rows that are padded on the right")
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        offsets = [0]
        for length in lengths:
            offsets.append(offsets[-1] + length)
        starts, position = [0] * len(lengths), 0
        for row in order:
            starts[row] = position
            position += lengths[row]
        device = mask.device
        fillers = whole_rows(position) - position
        source = [torch.arange(row * width, row * width + lengths[row]) for row in order]
        canonical = [torch.arange(offsets[row], offsets[row + 1]) for row in order]
        filling = torch.zeros(fillers, dtype=torch.long)
        return UnpaddedLayout(
            order=order,
            lengths=[lengths[row] for row in order],
            blocks=[(length, list(rows)) for length, rows in groupby(order, key=lengths.__getitem__)],
            source=send(torch.cat([*source, filling]), device),
            canonical=send(torch.cat([*canonical, filling]), device),
            fillers=fillers,
            starts=send(torch.tensor(starts), device),
            counts=send(torch.tensor(lengths), device),
            allowed=mask.bool(),
        )

    def first(self) -> torch.Tensor:
        return self.starts

    def last(self) -> torch.Tensor:
        return self.starts + self.counts - 1

    def place_tokens(self, drawn: torch.Tensor) -> torch.Tensor:
        return drawn.index_select(0, self.canonical)

    def attention_blocks(self, drawn: torch.Tensor, heads: int) -> list[torch.Tensor]:
        """Flat draws in order (row, head, query, key) -> one [rows, heads, n, n] per block."""
        by_row = dict(zip(self.order, self.lengths, strict=True))
        parts = drawn.split([heads * by_row[row] ** 2 for row in range(len(by_row))])
        return [torch.stack([parts[row] for row in rows]).view(-1, heads, n, n) for n, rows in self.blocks]

    def attention_of(self, at: torch.Tensor, drawn: torch.Tensor, heads: int) -> list[torch.Tensor]:
        """Flat draws, ordered likewise -> [B, heads, 1, T] of the queries `at`, the position of one token of each row;
        false outside the rows."""
        n, device = self.counts[:, None, None], drawn.device
        squares = self.counts.square()
        before = (heads * (squares.cumsum(0) - squares))[:, None, None]
        head, column = torch.arange(heads, device=device)[:, None], torch.arange(self.allowed.shape[1], device=device)
        place = before + (head * n + (at - self.starts)[:, None, None]) * n + column
        kept = drawn[place.clamp(max=len(drawn) - 1)] & self.allowed[:, None]
        return [kept[:, :, None]]

    def attention_padded(self, drawn: torch.Tensor, heads: int) -> list[torch.Tensor]:
        """Flat draws, ordered likewise -> one [B, heads, T, T], false outside the rows."""
        return PaddedLayout(self.allowed).place_attention(drawn, heads)


def _right_padded(mask: torch.Tensor) -> bool:
    return torch.equal(mask, (torch.arange(mask.shape[1], device=mask.device) < mask.sum(1, keepdim=True)).to(mask))
