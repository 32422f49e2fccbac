"""Attention in blocks of rows of equal length, with its own backward: a block stays in the cache of a core.

Autograd would record each of the dozen small operations and keep copies for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

#: (length, number of rows) of each block, in the order of the positions.
Blocks = Sequence[tuple[int, int]]


def attend_blocks(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    blocks: Blocks,
    heads: int,
    dropped: Sequence[torch.Tensor] | None,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """[K, N, d] each -> [K, N, d]; positions after the last block give zeros. The softmax of bfloat16 scores is fp32.

    dropped: [rows, heads, n, n] of each block, multiplies the weights and is shared by all lanes. bias [heads, T, T],
    T at least the longest n, is added to the scores and gets no gradient. Operands of products
    are made contiguous, so that a lane's bits don't depend on the strides of the inputs.
    """
    return _Attention.apply(query, key, value, tuple(blocks), heads, dropped, bias)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        blocks: Blocks,
        heads: int,
        dropped: Sequence[torch.Tensor] | None,
        bias: torch.Tensor | None,
    ) -> torch.Tensor:
        out = torch.empty(query.shape, dtype=query.dtype, device=query.device)
        scale, weights, start = (query.shape[-1] // heads) ** -0.5, [], 0
        for i, (n, rows) in enumerate(blocks):
            q, k, v = (_take(x, start, n, rows, heads) for x in (query, key, value))
            scores = torch.bmm(q, k.mT)
            scores = (scores.float() if scores.dtype == torch.bfloat16 else scores).mul_(scale)
            if bias is not None:
                scores.view(-1, heads, n, n).add_(bias[:, :n, :n])
            weight = torch.softmax(scores, dim=-1)
            weights.append(weight)
            if dropped is not None:
                weight = _drop(weight, dropped[i])
            _put(out, torch.bmm(weight.to(v.dtype), v), start, n, rows)
            start += n * rows
        out[:, start:].zero_()
        # Among the saved tensors, not on `ctx`, so that checkpointing frees them.
        ctx.save_for_backward(query, key, value, *weights, *(dropped or ()))
        ctx.given = blocks, heads, len(dropped or ())
        return out

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, *others = ctx.saved_tensors
        blocks, heads, masks = ctx.given
        weights, dropped = others[: len(others) - masks], others[len(others) - masks :] or None
        wanted = ctx.needs_input_grad[:3]
        scale, start = (query.shape[-1] // heads) ** -0.5, 0
        grads = [
            torch.zeros(x.shape, dtype=x.dtype, device=x.device) if w else None
            for x, w in zip((query, key, value), wanted, strict=True)
        ]
        for i, ((n, rows), weight) in enumerate(zip(blocks, weights, strict=True)):
            out = _take(grad, start, n, rows, heads)
            if grads[2] is not None:
                used = (weight if dropped is None else _drop(weight, dropped[i])).to(out.dtype)
                _put(grads[2], torch.bmm(used.mT, out), start, n, rows)
            if grads[0] is not None or grads[1] is not None:
                inner = torch.bmm(out, _take(value, start, n, rows, heads).mT).to(weight.dtype)
                if dropped is not None:
                    inner = _drop(inner, dropped[i])
                inner = torch._softmax_backward_data(inner, weight, -1, weight.dtype).mul_(scale).to(out.dtype)
                if grads[0] is not None:
                    _put(grads[0], torch.bmm(inner, _take(key, start, n, rows, heads)), start, n, rows)
                if grads[1] is not None:
                    _put(grads[1], torch.bmm(inner.mT, _take(query, start, n, rows, heads)), start, n, rows)
            start += n * rows
        return *grads, None, None, None, None


def _take(x: torch.Tensor, start: int, n: int, rows: int, heads: int) -> torch.Tensor:
    """x [K, N, d] -> the block's part [K * rows * heads, n, d / heads], contiguous."""
    block = x[:, start : start + n * rows].unflatten(1, (rows, n)).unflatten(3, (heads, -1))
    return block.transpose(2, 3).reshape(-1, n, x.shape[-1] // heads).contiguous()


def _put(x: torch.Tensor, block: torch.Tensor, start: int, n: int, rows: int) -> None:
    """The reverse of `_take`."""
    lanes, d = x.shape[0], x.shape[2]
    places = x[:, start : start + n * rows].view(lanes, rows, n, -1, block.shape[-1])
    places.copy_(block.view(lanes, rows, d // block.shape[-1], n, -1).transpose(2, 3))


def _drop(weight: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """`weight` [K * rows * heads, n, n] times `mask` [rows, heads, n, n]."""
    return (weight.view(-1, *mask.shape) * mask.to(weight.dtype)).view(weight.shape)
