"""Rows -> token ids -> batches, padded to the longest row of each batch and no further."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch

from ..device import send
from ..keyed.seeding import permutation
from .batch import Batch
from .task import Kind, Split, checked_text


@dataclass(frozen=True)
class Encoded:
    """Tokenised rows, one after the other: row i is `ids[offsets[i] : offsets[i + 1]]`, 4 bytes a token.

    Lists of Python's integers would take 36 bytes a token.
    """

    ids: torch.Tensor  # [tokens] int32
    types: torch.Tensor | None  # [tokens] int8, segment ids; None: the model has none
    offsets: torch.Tensor  # [N + 1] int64
    labels: torch.Tensor  # [N], int64 classes or float32 values
    pad_id: int
    parts: tuple[str, ...] | None = None  # see `Split.part`

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def lengths(self) -> torch.Tensor:
        """Tokens of each row, [N]."""
        return self.offsets.diff()

    def batch(self, rows: Sequence[int], device: torch.device) -> Batch:
        """The given rows in that order, right-padded to their longest."""
        index = torch.tensor(list(rows), dtype=torch.long)
        first = self.offsets[index]
        counts = self.offsets[index + 1] - first
        lengths: list[int] = counts.tolist()
        columns = torch.arange(max(lengths))
        real = columns < counts[:, None]
        place = (first[:, None] + columns)[real]
        ids = torch.full(real.shape, self.pad_id, dtype=torch.long)
        ids[real] = self.ids[place].long()
        types = None
        if self.types is not None:
            types = torch.zeros(real.shape, dtype=torch.long)
            types[real] = self.types[place].long()
        return Batch(
            rows=index,
            input_ids=send(ids, device),
            attention_mask=send(real.long(), device),
            token_type_ids=None if types is None else send(types, device),
            labels=send(self.labels[index], device),
            tokens=sum(lengths),
            lengths=lengths,
        )


#: Rows that are tokenised together: only these exist as lists of Python's integers at one time.
CHUNK = 4096


def encode(split: Split, tokenizer: Any, kind: Kind, max_length: int) -> Encoded:
    """Tokenise a split; `max_length` only truncates (the longer segment first)."""
    ids: list[np.ndarray] = []
    types: list[np.ndarray] | None = []
    lengths: list[int] = []
    for start in range(0, len(split), CHUNK):
        chunk = slice(start, start + CHUNK)
        pairs = {} if split.pair is None else {"text_pair": list(split.pair[chunk])}
        out = tokenizer(list(split.text[chunk]), **pairs, truncation=True, max_length=max_length, padding=False)
        ids.append(_flat(out["input_ids"], np.int32))
        lengths += map(len, out["input_ids"])
        types = (
            None if types is None or "token_type_ids" not in out else [*types, _flat(out["token_type_ids"], np.int8)]
        )
    dtype = torch.long if kind == "classify" else torch.float32
    return Encoded(
        ids=torch.from_numpy(np.concatenate(ids)),
        types=None if types is None else torch.from_numpy(np.concatenate(types)),
        offsets=torch.from_numpy(np.cumsum([0, *lengths], dtype=np.int64)),
        labels=torch.tensor(split.labels, dtype=dtype),
        pad_id=int(tokenizer.pad_token_id),
        parts=split.part,
    )


def _flat(rows: list[list[int]], dtype: Any) -> np.ndarray:
    return np.fromiter(chain.from_iterable(rows), dtype=dtype)


def encode_texts(texts: list[str], pairs: list[str] | None, tokenizer: Any, max_length: int) -> Encoded:
    """Tokenise unlabelled texts (labels are zeros). Raises DataError for a text that is none."""
    for number, text in enumerate([*texts, *(pairs or ())]):
        checked_text(text, f"text {number % len(texts) + 1}")
    split = Split(tuple(texts), (0,) * len(texts), None if pairs is None else tuple(pairs))
    return encode(split, tokenizer, "classify", max_length)


def train_batches(data: Sized, batch_size: int, seed: int, epoch: int) -> list[Sequence[int]]:
    """Row indices of each batch of `epoch` (1-based): a permutation keyed by (seed, epoch), all rows used.

    In 8 bytes each, since lanes of many seeds have an order of their own.
    """
    order = array("q", permutation(len(data), seed, "order", epoch).numpy().tobytes())
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def eval_batches(data: Sized, batch_size: int) -> Iterator[list[int]]:
    """Row indices in file order."""
    return (list(range(i, min(i + batch_size, len(data)))) for i in range(0, len(data), batch_size))
