"""Rows -> token ids -> batches, padded to the longest row of each batch and no further."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..keyed.seeding import permutation
from .batch import Batch, send
from .task import Kind, Split


@dataclass(frozen=True)
class Encoded:
    """Tokenised rows: `ids[i]` are the token ids of row i, `types[i]` its segment ids (None: the model has none)."""

    ids: list[list[int]]
    types: list[list[int]] | None
    labels: torch.Tensor  # [N], int64 classes or float32 values
    pad_id: int
    parts: tuple[str, ...] | None = None  # see `Split.part`

    def __len__(self) -> int:
        return len(self.ids)

    def batch(self, rows: Sequence[int], device: torch.device) -> Batch:
        """The given rows in that order, right-padded to their longest."""
        lengths = [len(self.ids[row]) for row in rows]
        width = max(lengths)
        ids = torch.full((len(rows), width), self.pad_id, dtype=torch.long)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        types = torch.zeros_like(ids) if self.types is not None else None
        for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            ids[i, :length] = torch.tensor(self.ids[row])
            mask[i, :length] = 1
            if types is not None and self.types is not None:
                types[i, :length] = torch.tensor(self.types[row])
        index = torch.tensor(list(rows), dtype=torch.long)
        return Batch(
            rows=index,
            input_ids=send(ids, device),
            attention_mask=send(mask, device),
            token_type_ids=None if types is None else send(types, device),
            labels=send(self.labels[index], device),
            tokens=sum(lengths),
            lengths=lengths,
        )


def encode(split: Split, tokenizer: Any, kind: Kind, max_length: int) -> Encoded:
    """Tokenise a split; `max_length` only truncates (the longer segment first)."""
    pairs = {} if split.pair is None else {"text_pair": list(split.pair)}
    out = tokenizer(list(split.text), **pairs, truncation=True, max_length=max_length, padding=False)
    dtype = torch.float32 if kind == "regress" else torch.long
    return Encoded(
        ids=out["input_ids"],
        types=out.get("token_type_ids"),
        labels=torch.tensor(split.labels, dtype=dtype),
        pad_id=int(tokenizer.pad_token_id),
        parts=split.part,
    )


def encode_texts(texts: list[str], pairs: list[str] | None, tokenizer: Any, max_length: int) -> Encoded:
    """Tokenise unlabelled texts (labels are zeros)."""
    split = Split(tuple(texts), (0,) * len(texts), None if pairs is None else tuple(pairs))
    return encode(split, tokenizer, "classify", max_length)


def train_batches(data: Encoded, batch_size: int, seed: int, epoch: int) -> Iterator[list[int]]:
    """Row indices of each batch of `epoch` (1-based): a permutation keyed by (seed, epoch), all rows used."""
    order = [int(i) for i in permutation(len(data), seed, "order", epoch)]
    return (order[i : i + batch_size] for i in range(0, len(order), batch_size))


def eval_batches(data: Encoded, batch_size: int) -> Iterator[list[int]]:
    """Row indices in file order."""
    return (list(range(i, min(i + batch_size, len(data)))) for i in range(0, len(data), batch_size))
