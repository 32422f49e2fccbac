"""Rows of token ids as a batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..data.batch import Batch
from ..device import send


def token_batch(rows: Sequence[Sequence[int]], device: torch.device) -> Batch:
    """A right-padded batch without labels. Padding has id 0, which no real position ever sees."""
    lengths = [len(row) for row in rows]
    width = max(lengths)
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    mask = (torch.arange(width)[None] < torch.tensor(lengths)[:, None]).long()
    return Batch(
        rows=torch.arange(len(rows)),
        input_ids=send(ids, device),
        attention_mask=send(mask, device),
        token_type_ids=None,
        labels=torch.zeros(len(rows), dtype=torch.int64),
        tokens=sum(lengths),
        lengths=lengths,
    )
