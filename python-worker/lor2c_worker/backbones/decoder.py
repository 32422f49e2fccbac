"""The interface between generation and a model that continues texts: logits of the next token, and a cache of keys and
values. Inference only: no dropout, no gradients, one lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from ..data.batch import Batch


class Cache(Protocol):
    """Keys and values of the tokens that each row has seen."""

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows, in this order, and free the others."""

    def copy(self, rows: Sequence[int]) -> Cache:
        """A cache of its own whose rows begin with what `rows` have seen. A row may come several times, so that texts
        with a common beginning share its computation. This cache stays as it is."""


class Decoder(Protocol):
    """Continues rows of tokens."""

    @property
    def shares_within(self) -> int | None:
        """Rows that go on from one beginning with different numbers of tokens must not have more tokens than this in
        the end; None: any number."""

    def new_cache(self, rows: int) -> Cache:
        """A cache for so many rows, none of which has seen a token."""

    def next_logits(self, batch: Batch, cache: Cache) -> torch.Tensor:
        """Logits of the token after the last real one of each row, [B, V] float32.

        `batch` has only the tokens that are new since the last call, at least one in each row, right-padded; the cache
        gets their keys and values. Its rows are those of the cache.
        """
