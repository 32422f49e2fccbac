"""Keys and values that the layers of an unpadded decoder have computed, row by row, for continuing texts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from .causal_attention import Heads
from .decoder_attention import may_see, split
from .padding import pad, unpad
from .unpadded_layout import UnpaddedLayout

#: Room is made for at least so many tokens at once, and for half as many as there are.
ROOM = 32


class KeyValues:
    """Implements `Cache`. Row b has `seen[b]` tokens in each layer, from place 0 on; the places after them are free."""

    def __init__(self, rows: int, layers: int) -> None:
        self._seen = [0] * rows
        #: Keys and values of each layer, [B, key heads, places, size]; none before the first tokens.
        self._states: list[tuple[torch.Tensor, torch.Tensor] | None] = [None] * layers

    @property
    def empty(self) -> bool:
        return not any(self._seen)

    def seen(self, device: torch.device) -> torch.Tensor:
        """Tokens of each row, [B]."""
        return torch.tensor(self._seen, device=device)

    def keep(self, rows: Sequence[int]) -> None:
        self._seen = [self._seen[row] for row in rows]
        self._states = [_select(states, rows) for states in self._states]

    def copy(self, rows: Sequence[int]) -> KeyValues:
        own = KeyValues(0, 0)
        own._seen, own._states = self._seen, self._states
        own.keep(rows)  # selects, and so copies
        return own

    def add(self, layer: int, key: torch.Tensor, value: torch.Tensor, layout: UnpaddedLayout, heads: Heads) -> None:
        """Keys and values [1, N, key heads * size] of new tokens of every row, after those that are there."""
        needed = max(a + b for a, b in zip(self._seen, layout.row_counts(), strict=True))
        states = self._states[layer]
        if states is None or states[0].shape[2] < needed:
            states = self._states[layer] = _grown(states, key, len(self._seen), needed, heads)
        rows, columns = layout.real_source // layout.width, layout.real_source % layout.width
        places = self.seen(key.device)[rows] + columns
        for whole, new in zip(states, (key, value), strict=True):
            whole[rows, :, places] = new[0, : len(rows)].unflatten(1, (-1, heads.size))

    def advance(self, layout: UnpaddedLayout) -> None:
        """Count the new tokens, which every layer has added."""
        self._seen = [a + b for a, b in zip(self._seen, layout.row_counts(), strict=True)]

    def attend(self, layer: int, query: torch.Tensor, layout: UnpaddedLayout, heads: Heads) -> torch.Tensor:
        """Attention of the new tokens, query [1, N, heads * size], to all before and themselves -> as `query`."""
        states = self._states[layer]
        assert states is not None
        key, value = states
        rows, width = layout.allowed.shape
        place = self.seen(query.device)[:, None] + torch.arange(width, device=query.device)
        allowed = may_see(place, torch.arange(key.shape[2], device=query.device)[None], heads.window)[:, None]
        q = split(pad(query, layout), rows, heads)
        shared, scale = heads.group > 1, heads.size**-0.5
        out = F.scaled_dot_product_attention(q, key, value, attn_mask=allowed, scale=scale, enable_gqa=shared)
        return unpad(out.transpose(1, 2).reshape(1, rows * width, -1), layout)


def _select(
    states: tuple[torch.Tensor, torch.Tensor] | None, rows: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor] | None:
    if states is None:
        return None
    index = torch.tensor(list(rows), device=states[0].device)
    return states[0].index_select(0, index), states[1].index_select(0, index)


def _grown(
    states: tuple[torch.Tensor, torch.Tensor] | None, like: torch.Tensor, rows: int, needed: int, heads: Heads
) -> tuple[torch.Tensor, torch.Tensor]:
    """With room for more tokens than are needed. Free places are zero: what is masked must not be NaN."""
    places = needed + max(ROOM, needed // 2)
    key, value = (like.new_zeros(rows, heads.key, places, heads.size) for _ in range(2))
    if states is not None:
        for new, old in zip((key, value), states, strict=True):
            new[:, :, : old.shape[2]] = old
    return key, value
