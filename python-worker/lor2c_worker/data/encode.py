"""Rows -> token ids -> batches, padded to the longest row of each batch and no further."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import chain, islice
from typing import Any

import numpy as np
import torch

from ..device import send
from ..keyed.seeding import permutation
from . import token_cache
from .batch import Batch
from .blob import Blob
from .row_set import RowSet
from .task import Kind, Split, checked_text
from .texts import Texts
from .token_batches import in_file_order
from .token_cache import Tokens

#: Rows that are tokenised together: only these exist as lists of Python's integers at one time.
CHUNK = 2048


class Encoded:
    """Tokenised rows. A row is tokenised when it is first needed, together with rows that come soon, so that the first
    step of a training waits for few of them, and a short one never touches the others.

    A row takes 4 bytes a token, and one for its segment where the model has segments.
    """

    def __init__(
        self,
        split: Split,
        tokenizer: Any,
        kind: Kind,
        max_length: int,
        *,
        segments: bool = True,
        pad_id: int | None = None,
        key: str | None = None,
    ) -> None:
        """`max_length` only truncates (the longer segment first). `segments`: False leaves segment ids out. `key`: all
        that decides the tokens, if they are to be kept for the next worker (token_cache.py)."""
        self._split, self._tokenizer, self._max_length = split, tokenizer, max_length
        self.pad_id = int(tokenizer.pad_token_id) if pad_id is None else pad_id
        #: [N] int64 classes or float32 values; [N, C] float32, 0 or 1, for any number of classes.
        self.labels = torch.tensor(np.asarray(split.labels), dtype=torch.long if kind == "classify" else torch.float32)
        self.parts = split.part  # see `Split.part`
        self._blob = Blob()
        self._starts = np.full(len(split), -1, dtype=np.int64)  # -1: not yet tokenised
        self._counts = np.zeros(len(split), dtype=np.int32)
        self._segments: bool | None = None if segments else False  # None: the tokenizer has not said yet
        self._key, self._left = key, len(split)
        if key is not None and (kept := token_cache.find(key, len(split))):
            self._blob, self._starts, self._counts, self._segments = kept.blob, kept.starts, kept.counts, kept.segments
            self._left = 0
        self._soon: Iterator[int] = iter(range(len(split)))

    def __len__(self) -> int:
        return len(self._split)

    def expect(self, batches: Iterable[Iterable[int]]) -> None:
        """Tokenise ahead in this order from now on; changes nothing but the time."""
        self._soon = chain.from_iterable(batches)

    def lengths(self) -> torch.Tensor:
        """Tokens of each row, [N]. Tokenises all rows."""
        self._tokenise(np.flatnonzero(self._starts < 0))
        return torch.from_numpy(self._counts.astype(np.int64))

    def tokens_of(self, rows: Iterable[int]) -> list[int]:
        """Tokens of each of the given rows, in that order."""
        index = np.fromiter(rows, dtype=np.int64)
        self._need(index)
        return self._counts[index].tolist()

    def longest(self, count: int) -> list[int]:
        """`count` rows with the most tokens, the most first, among those with the most bytes of text."""
        size = self._bytes()
        candidates = np.argsort(-size, kind="stable")[: max(8 * count, CHUNK)]
        self._need(candidates)
        return candidates[np.argsort(-self._counts[candidates], kind="stable")][:count].tolist()

    def batch(self, rows: Iterable[int], device: torch.device) -> Batch:
        """The given rows in that order, right-padded to their longest."""
        index = np.fromiter(rows, dtype=np.int64)
        self._need(index)
        lengths: list[int] = self._counts[index].tolist()
        shape = len(index), max(lengths)
        ids = np.full(shape, self.pad_id, dtype=np.int64)
        types = np.zeros(shape, dtype=np.int64) if self._segments else None
        for place, (start, count) in enumerate(zip(self._starts[index].tolist(), lengths, strict=True)):
            content = self._blob.read(start, count * self._token_bytes)
            ids[place, :count] = np.frombuffer(content, np.int32, count)
            if types is not None:
                types[place, :count] = np.frombuffer(content, np.int8, count, offset=4 * count)
        real = np.arange(shape[1]) < np.array(lengths)[:, None]
        at = torch.from_numpy(index)
        return Batch(
            rows=at,
            input_ids=send(torch.from_numpy(ids), device),
            attention_mask=send(torch.from_numpy(real.astype(np.int64)), device),
            token_type_ids=None if types is None else send(torch.from_numpy(types), device),
            labels=send(self.labels[at], device),
            tokens=sum(lengths),
            lengths=lengths,
        )

    @property
    def _token_bytes(self) -> int:
        return 5 if self._segments else 4

    def _bytes(self) -> np.ndarray:
        """Bytes of each row's texts, [N] int64."""
        total = np.zeros(len(self), dtype=np.int64)
        for texts in (self._split.text, self._split.pair or ()):
            if len(texts):
                total += texts.bytes_of() if isinstance(texts, Texts) else [len(each.encode()) for each in texts]
        return total

    def _need(self, rows: np.ndarray) -> None:
        missing = rows[self._starts[rows] < 0]
        if len(missing) == 0:
            return
        soon = np.fromiter(islice(self._soon, CHUNK), dtype=np.int64)
        both = np.concatenate([missing, soon[self._starts[soon] < 0]])
        _, first = np.unique(both, return_index=True)
        self._tokenise(both[np.sort(first)])

    def _tokenise(self, rows: np.ndarray) -> None:
        """Tokenise these rows, none of which has been. The library uses all cores for a chunk."""
        for chunk in (rows[i : i + CHUNK].tolist() for i in range(0, len(rows), CHUNK)):
            found, types = self._encode(chunk)
            for row, ids, segments in zip(chunk, found, types, strict=True):
                content = np.array(ids, np.int32).tobytes() + (bytes(segments) if self._segments else b"")
                self._starts[row], self._counts[row] = self._blob.append(content), len(ids)
            self._left -= len(chunk)
        if self._left == 0 and self._key is not None:
            token_cache.keep(self._key, Tokens(self._starts, self._counts, bool(self._segments), self._blob))
            self._key = None

    def _encode(self, rows: list[int]) -> tuple[Any, Any]:
        """(ids, segments) of each of these rows; segments are empty where the model has none."""
        split = self._split
        pairs = {} if split.pair is None else {"text_pair": [split.pair[row] for row in rows]}
        out = self._tokenizer(
            [split.text[row] for row in rows],
            **pairs,
            truncation=True,
            max_length=self._max_length,
            padding=False,
        )
        if self._segments is None:
            self._segments = "token_type_ids" in out
        return out["input_ids"], out["token_type_ids"] if self._segments else [()] * len(rows)


def encode(split: Split, tokenizer: Any, kind: Kind, max_length: int, key: str | None = None) -> Encoded:
    """The rows of a split as tokens; they are tokenised as they are needed. `key`: as in `Encoded`."""
    return Encoded(split, tokenizer, kind, max_length, key=key)


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


def eval_batches(data: RowSet, batch_size: int, tokens: int | None = None) -> Iterator[list[int]]:
    """Row indices in file order: so many in a batch, or as many as have at most `tokens` tokens."""
    if tokens is not None:
        return in_file_order(data, tokens)
    return (list(range(i, min(i + batch_size, len(data)))) for i in range(0, len(data), batch_size))
