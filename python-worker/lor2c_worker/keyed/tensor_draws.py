"""Masks by torch operations, for CUDA, equal to those of `host_draws`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch

from ..device import send
from .device_numbers import numbers_on
from .layout import Layout, Rows
from .philox import NUMBERS
from .rate import Rate
from .seeding import StepKey


class TensorDraws:
    """Draws all rows at once, as many numbers for each as the longest one needs. Never waits for the device.

    Row b's numbers are those of its own length, so masks of pairs are gathered from them.
    """

    def __init__(self, batch: Rows, step: StepKey, layout: Layout) -> None:
        self._layout = layout
        device = batch.attention_mask.device
        self._ids = batch.rows if batch.rows.device == device else send(batch.rows, device)
        self._step = torch.full((), step, dtype=torch.int64, device=device)
        self._lengths = batch.attention_mask.sum(dim=1)
        self._pairs: dict[tuple[int, int | None], tuple[torch.Tensor, torch.Tensor]] = {}

    def tokens(self, place: int, rate: Rate, width: int, at: torch.Tensor | None) -> torch.Tensor:
        count = self._layout.width * width
        kept = self._layout.pick(self._draw(place, rate, count).reshape(len(self._ids), self._layout.width, width))
        return self._multipliers(kept if at is None else kept.index_select(0, at), rate)

    def rows(self, place: int, rate: Rate, width: int) -> torch.Tensor:
        return self._multipliers(self._draw(place, rate, width), rate)

    def table(self, place: int, rate: Rate, count: int) -> torch.Tensor:
        device = self._ids.device
        first = torch.zeros_like(self._ids[:1])
        numbers = numbers_on(device)(_on_device(place, device), self._step, first, -(-count // NUMBERS))
        return self._multipliers(numbers[0, :count].ge(rate.least), rate)

    def pairs(self, place: int, rate: Rate, heads: int) -> torch.Tensor:
        return self._padded(place, rate, heads, None)

    def pairs_of(self, at: torch.Tensor, place: int, rate: Rate, heads: int) -> torch.Tensor:
        width, device = self._layout.width, at.device
        n = self._lengths[:, None, None, None]
        head, key = torch.arange(heads, device=device)[:, None, None], torch.arange(width, device=device)
        query = (at - self._layout.first())[:, None, None, None]
        real = (key < n).expand(-1, heads, -1, -1)
        index = torch.where(real, (head * n + query) * n + key, 0)
        kept = self._draw(place, rate, heads * width * width).gather(1, index.flatten(1)).view(index.shape)
        return self._multipliers(kept & real, rate)

    def prefix(self, place: int, rate: Rate, heads: int, keys: int) -> torch.Tensor:
        return self._padded(place, rate, heads, keys)

    def blocks(
        self, place: int, rate: Rate, heads: int, blocks: Sequence[tuple[int, Sequence[int]]]
    ) -> list[torch.Tensor]:
        padded = self._padded(place, rate, heads, None)
        return [torch.stack([padded[row, :, :n, :n] for row in rows]) for n, rows in blocks]

    def _padded(self, place: int, rate: Rate, heads: int, keys: int | None) -> torch.Tensor:
        if (heads, keys) not in self._pairs:
            self._pairs[heads, keys] = self._indices(heads, keys)
        index, real = self._pairs[heads, keys]
        kept = self._draw(place, rate, heads * self._layout.width * (keys or self._layout.width))
        return self._multipliers(kept.gather(1, index.flatten(1)).view(index.shape) & real, rate)

    def _indices(self, heads: int, keys: int | None) -> tuple[torch.Tensor, torch.Tensor]:
        """(place among its row's numbers, whether it is real), of every (head, query, key); `keys` None: the tokens."""
        width, device = self._layout.width, self._ids.device
        n = self._lengths[:, None, None, None]
        k = n if keys is None else torch.full_like(n, keys)
        head = torch.arange(heads, device=device)[:, None, None]
        query = torch.arange(width, device=device)[:, None]
        key = torch.arange(width if keys is None else keys, device=device)
        real = ((query < n) & (key < k)).expand(-1, heads, -1, -1)
        return torch.where(real, (head * n + query) * k + key, 0), real

    def _draw(self, place: int, rate: Rate, count: int) -> torch.Tensor:
        """Whether each of `count` numbers of every row is kept, bool [B, count]."""
        drawn = numbers_on(self._ids.device)
        numbers = drawn(_on_device(place, self._ids.device), self._step, self._ids, -(-count // NUMBERS))
        return numbers[:, :count].ge(rate.least)

    @staticmethod
    def _multipliers(kept: torch.Tensor, rate: Rate) -> torch.Tensor:
        return kept * rate.scale  # float32, in one pass


@lru_cache(maxsize=4096)
def _on_device(place: int, device: torch.device) -> torch.Tensor:
    """Kept, so that only a site's first use copies to the device."""
    return send(torch.tensor(place), device)
