"""Causal attention with grouped keys in blocks of rows of equal length, with its own backward.

Each token attends to itself and to earlier tokens of its row, at most `window` of them. Queries go in tiles, so that a
long row computes and keeps no weights of keys that come later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .block_attention import Blocks

#: Queries of a row whose weights are computed together.
TILE = 256


@dataclass(frozen=True)
class Heads:
    """How the width of queries, keys and values divides into heads. Query heads that follow each other share a key."""

    query: int
    key: int
    size: int
    #: Each token attends to so many, itself included; None: to all before it.
    window: int | None = None

    @property
    def group(self) -> int:
        """Query heads that share a key."""
        return self.query // self.key


def attend_causally(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    blocks: Blocks,
    heads: Heads,
    dropped: Sequence[torch.Tensor] | None,
) -> torch.Tensor:
    """query [K, N, heads * size], key and value [K, N, key heads * size] -> as `query`; positions after the last block
    give zeros. The softmax of bfloat16 scores is fp32.

    dropped: [rows, heads, n, n] of each block, multiplies the weights and is shared by all lanes. Operands of products
    are made contiguous, so that a lane's bits don't depend on the strides of the inputs.
    """
    return _Attention.apply(query, key, value, tuple(blocks), heads, dropped)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        blocks: Blocks,
        heads: Heads,
        dropped: Sequence[torch.Tensor] | None,
    ) -> torch.Tensor:
        out = torch.zeros_like(query, memory_format=torch.contiguous_format)
        weights: list[torch.Tensor] = []
        for block in _blocks(blocks, heads):
            k, v = block.take(key), block.take(value)
            for tile in block.tiles():
                scores = _scores(block.queries(query, tile), k[:, tile.keys], tile, heads)
                weight = torch.softmax(scores, dim=-1)
                weights.append(weight)
                if dropped is not None:
                    weight = _drop(weight, dropped[block.number], tile, heads)
                block.put_queries(out, torch.bmm(weight.to(v.dtype), v[:, tile.keys]), tile)
        # Among the saved tensors, not on `ctx`, so that checkpointing frees them.
        ctx.save_for_backward(query, key, value, *weights, *(dropped or ()))
        ctx.given = blocks, heads, len(dropped or ())
        return out

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, *others = ctx.saved_tensors
        blocks, heads, masks = ctx.given
        weights, dropped = others[: len(others) - masks], others[len(others) - masks :] or None
        for_q, for_k, for_v = ctx.needs_input_grad[:3]
        grads = [
            torch.zeros_like(x, memory_format=torch.contiguous_format) if wanted else None
            for x, wanted in zip((query, key, value), (for_q, for_k, for_v), strict=True)
        ]
        kept = iter(weights)
        for block in _blocks(blocks, heads):
            k, v = block.take(key), block.take(value)
            gk, gv = (None if g is None else torch.zeros_like(x) for g, x in zip(grads[1:], (k, v), strict=True))
            for tile in block.tiles():
                weight, out = next(kept), block.queries(grad, tile)
                if gv is not None:
                    used = weight if dropped is None else _drop(weight, dropped[block.number], tile, heads)
                    gv[:, tile.keys] += torch.bmm(used.to(out.dtype).mT, out)
                if not (for_q or for_k):
                    continue
                inner = torch.bmm(out, v[:, tile.keys].mT).to(weight.dtype)
                if dropped is not None:
                    inner = _drop(inner, dropped[block.number], tile, heads)
                inner = torch._softmax_backward_data(inner, weight, -1, weight.dtype)
                inner = inner.mul_(heads.size**-0.5).to(out.dtype)
                if grads[0] is not None:
                    block.put_queries(grads[0], torch.bmm(inner, k[:, tile.keys]), tile)
                if gk is not None:
                    gk[:, tile.keys] += torch.bmm(inner.mT, block.queries(query, tile))
            for whole, part in ((grads[1], gk), (grads[2], gv)):
                if whole is not None and part is not None:
                    block.put(whole, part)
        return *grads, None, None, None


@dataclass(frozen=True)
class _Tile:
    """Some queries of the rows of a block, and the keys that they attend to."""

    queries: slice
    keys: slice


@dataclass(frozen=True)
class _Block:
    """Rows of equal length at consecutive positions."""

    number: int
    start: int
    length: int
    rows: int
    heads: Heads

    def tiles(self) -> Iterator[_Tile]:
        for first in range(0, self.length, TILE):
            last = min(first + TILE, self.length)
            window = self.heads.window
            yield _Tile(slice(first, last), slice(0 if window is None else max(0, first - window + 1), last))

    def _view(self, x: torch.Tensor) -> torch.Tensor:
        """x [K, N, heads * size] -> the block's part [K, rows, n, heads, size]."""
        part = x[:, self.start : self.start + self.length * self.rows]
        return part.unflatten(1, (self.rows, self.length)).unflatten(3, (-1, self.heads.size))

    def take(self, x: torch.Tensor) -> torch.Tensor:
        """Keys or values, [K * rows * key heads, n, size], contiguous."""
        return self._view(x).transpose(2, 3).reshape(-1, self.length, self.heads.size).contiguous()

    def put(self, x: torch.Tensor, part: torch.Tensor) -> None:
        """The reverse of `take`."""
        places = self._view(x).transpose(2, 3)
        places.copy_(part.view(places.shape))

    def queries(self, x: torch.Tensor, tile: _Tile) -> torch.Tensor:
        """A tile of the queries, [K * rows * key heads, group * t, size], contiguous."""
        part = self._view(x)[:, :, tile.queries].transpose(2, 3)  # [K, rows, heads, t, size]
        t, group = part.shape[3], self.heads.group
        return part.reshape(-1, group * t, self.heads.size).contiguous()

    def put_queries(self, x: torch.Tensor, part: torch.Tensor, tile: _Tile) -> None:
        """The reverse of `queries`."""
        places = self._view(x)[:, :, tile.queries].transpose(2, 3)
        places.copy_(part.view(places.shape))


def _blocks(blocks: Blocks, heads: Heads) -> Iterator[_Block]:
    start = 0
    for number, (length, rows) in enumerate(blocks):
        yield _Block(number, start, length, rows, heads)
        start += length * rows


def _scores(query: torch.Tensor, key: torch.Tensor, tile: _Tile, heads: Heads) -> torch.Tensor:
    """query [U, group * t, size], key [U, s, size] -> scaled scores [U, group * t, s], -inf where a key is not seen."""
    scale = heads.size**-0.5
    at = torch.arange(tile.queries.start, tile.queries.stop, device=query.device)[:, None]
    seen = torch.arange(tile.keys.start, tile.keys.stop, device=query.device)[None]
    hidden = seen > at
    if heads.window is not None:
        hidden |= seen <= at - heads.window
    low = query.dtype in (torch.bfloat16, torch.float16)
    bias = torch.zeros(hidden.shape, dtype=torch.float32 if low else query.dtype, device=query.device)
    bias = bias.masked_fill_(hidden, float("-inf")).repeat(heads.group, 1)
    if low:
        return torch.bmm(query, key.mT).float().mul_(scale).add_(bias)
    return torch.baddbmm(bias, query, key.mT, alpha=scale)


def _drop(weight: torch.Tensor, mask: torch.Tensor, tile: _Tile, heads: Heads) -> torch.Tensor:
    """`weight` [K * rows * key heads, group * t, s] times the tile's part of `mask` [rows, heads, n, n]."""
    part = mask[:, :, tile.queries, tile.keys].to(weight.dtype)
    return (weight.view(-1, *part.shape) * part).view(weight.shape)
