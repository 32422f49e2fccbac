"""Dropout masks that are a function of (seed, site, step, row, place in the row) and of nothing else.

So they don't depend on device, layout, order of rows, micro-batches, number of lanes or resuming, and all lanes of a
batch share them (semantics.md section 11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import torch

from ..launches import at_once
from .host_draws import HostDraws
from .layout import Layout, Rows, right_padded
from .rate import Rate
from .seeding import StepKey, key
from .tensor_draws import TensorDraws

T = TypeVar("T")


class StepMasks:
    """The masks of one micro-batch. A site's name is its place in the model, e.g. `encoder.layer.3.output.dropout`.

    Each is drawn once and kept, since lanes that share it may use it one after another. The numbers of a row begin
    with the row's id, `rows` of the batch; if a batch had a row twice, both would have the same masks.
    """

    def __init__(self, seed: int, step: StepKey, batch: Rows, layout: Layout, *, keeps: bool = True) -> None:
        """`keeps` False: each is drawn again whenever it is used, to save memory."""
        self.seed, self.step, self.layout, self._keeps = seed, step, layout, keeps
        self._batch, self._device = batch, batch.attention_mask.device
        self._draws: HostDraws | TensorDraws | None = None
        self._at: torch.Tensor | None = None
        self._table: int | None = None
        self._kept: dict[tuple[str, float, bool], Any] = {}

    def tokens(self, site: str, width: int, p: float) -> torch.Tensor:
        """[positions of the layout, width]; within `only`, of its positions. On padding it may have any value. Within
        `of_table`, [rows of the table, width]."""
        if self._table is not None:
            return self.table(site, self._table, width, p)
        at = self._at
        return self._keep(site, p, lambda draws, place, rate: draws.tokens(place, rate, width, at))

    @contextmanager
    def only(self, at: torch.Tensor) -> Iterator[None]:
        """A context in which `tokens` gives the masks of the positions `at` [P] alone: those rows of what it gives
        outside of it. `at` is always the same for one object."""
        self._at = at
        try:
            yield
        finally:
            self._at = None

    @contextmanager
    def of_table(self, rows: int) -> Iterator[None]:
        """A context in which `tokens` gives `table`: a projection reads there what no row of the batch has."""
        self._table = rows
        try:
            yield
        finally:
            self._table = None

    def table(self, site: str, rows: int, width: int, p: float) -> torch.Tensor:
        """[rows, width] of a table that all examples share, such as embeddings of distances."""

        def draw(draws: HostDraws | TensorDraws, place: int, rate: Rate) -> torch.Tensor:
            return draws.table(place, rate, rows * width).view(rows, width)

        return self._keep(f"{site}#table", p, draw)

    def rows(self, site: str, width: int, p: float) -> torch.Tensor:
        """One mask per example, in the batch's order of rows: [B, width]."""
        return self._keep(site, p, lambda draws, place, rate: draws.rows(place, rate, width))

    def pairs(self, site: str, heads: int, p: float) -> torch.Tensor:
        """A multiplier for every head and pair (query, key) of real tokens of a row: [B, heads, T, T], else zeros."""
        return self._keep(site, p, lambda draws, place, rate: draws.pairs(place, rate, heads))

    def pairs_of(self, at: torch.Tensor, site: str, heads: int, p: float) -> torch.Tensor:
        """The same of one query of each row, whose position `at` [B] has: [B, heads, 1, T]."""
        return self._keep(site, p, lambda draws, place, rate: draws.pairs_of(at, place, rate, heads))

    def blocks(
        self, site: str, heads: int, p: float, blocks: Sequence[tuple[int, Sequence[int]]]
    ) -> list[torch.Tensor]:
        """As `pairs`, in blocks of rows of equal length n, given as (n, rows): one [rows, heads, n, n] for each."""
        return self._keep(site, p, lambda draws, place, rate: draws.blocks(place, rate, heads, blocks))

    def prefix(self, site: str, heads: int, keys: int, p: float) -> torch.Tensor:
        """As `pairs`, for every head, real token and one of `keys` keys before the tokens: [B, heads, T, keys]."""
        return self._keep(site, p, lambda draws, place, rate: draws.prefix(place, rate, heads, keys))

    def _keep(self, site: str, p: float, make: Callable[[HostDraws | TensorDraws, int, Rate], T]) -> T:
        name = (site, p, self._at is None)
        if name in self._kept:
            return self._kept[name]
        if self._draws is None:
            self._draws = self._begin()
        made = make(self._draws, _place(self.seed, site), Rate(p))
        if self._keeps:
            self._kept[name] = made
        return made

    def _begin(self) -> HostDraws | TensorDraws:
        batch = self._batch
        if batch.lengths is None and not right_padded(batch.attention_mask):
            raise ValueError("dropout needs rows that are padded on the right")
        kind = TensorDraws if at_once(self._device) else HostDraws
        return kind(batch, self.step, self.layout)


@lru_cache(maxsize=4096)
def _place(seed: int, site: str) -> int:
    return key(seed, "dropout", site)


def exact(mask: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The mask in a format that represents 1 / (1 - p) in the product with x; bfloat16 does not."""
    return mask.to(torch.promote_types(x.dtype, mask.dtype))
