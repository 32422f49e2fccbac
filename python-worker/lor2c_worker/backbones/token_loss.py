"""Cross entropy over a vocabulary, from hidden states, without the memory of all logits.

Llama-2's 32,000 logits of 8,192 tokens would take 1 GB in float32, and as much again for their gradients. Here a chunk
of tokens has its logits, losses and gradients at one time, and of these only what is small stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional as F

from .backbone import whole_rows

#: Bytes of the logits of one chunk. Larger chunks are no faster: a chunk is a product of hundreds of rows.
CHUNK_BYTES = 64 * 2**20


def token_loss(
    hidden: torch.Tensor, weight: torch.Tensor, ids: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """Cross entropy of each token: [K, P] float32 (float64 of operands in float64), from hidden [K, P, d], the output
    embedding `weight` [V, d] with its `bias` [V], and the tokens `ids` [P], int64.

    Products are in the number format of `weight`, whatever `hidden` has; the softmax is at least float32. Gradients go
    to `hidden`, and to `weight` and `bias` where these train. Lanes and chunks are computed one by one, so that no bit
    of a lane depends on the others.
    """
    tracked = torch.is_grad_enabled()
    frozen = not (tracked and (weight.requires_grad or (bias is not None and bias.requires_grad)))
    wants = tracked and hidden.requires_grad
    return _TokenLoss.apply(hidden, weight, bias, ids, frozen, wants)


class _TokenLoss(torch.autograd.Function):
    """A row's gradient is its factor times that of its loss alone. So while nothing but `hidden` trains, forward keeps
    the latter, [K, P, d], and backward only multiplies; else backward computes the logits again."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        ids: torch.Tensor,
        frozen: bool,
        wants: bool,
    ) -> torch.Tensor:
        exact = torch.float64 if weight.dtype == torch.float64 else torch.float32
        losses = torch.empty(hidden.shape[:2], dtype=exact, device=hidden.device)
        units = torch.empty_like(hidden) if frozen and wants else None
        for lane, part, count in _chunks(hidden, len(weight), losses.element_size()):
            shares, losses[lane, part] = _shares(hidden[lane, part], weight, bias, ids[part], count)
            if units is not None:
                _less_target(shares, ids[part])
                units[lane, part] = (shares.to(weight.dtype) @ weight)[: len(ids[part])]
        ctx.units = units
        if not frozen:
            ctx.save_for_backward(hidden, weight, bias, ids)
        return losses

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        if ctx.units is not None:
            return (ctx.units * grad[:, :, None].to(ctx.units.dtype), *[None] * 5)
        hidden, weight, bias, ids = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        of_hidden = torch.empty_like(hidden) if wanted[0] else None
        of_weight = torch.zeros(weight.shape, dtype=grad.dtype, device=weight.device) if wanted[1] else None
        of_bias = torch.zeros(bias.shape, dtype=grad.dtype, device=bias.device) if wanted[2] else None
        for lane, part, count in _chunks(hidden, len(weight), grad.element_size()):
            own, rows = hidden[lane, part], len(ids[part])
            shares, _ = _shares(own, weight, bias, ids[part], count)
            _less_target(shares, ids[part])
            shares.mul_(_filled(grad[lane, part, None], count))
            low = shares.to(weight.dtype)
            if of_hidden is not None:
                of_hidden[lane, part] = (low @ weight)[:rows]
            if of_weight is not None:
                of_weight += low.mT @ _filled(own, count).to(weight.dtype)
            if of_bias is not None:
                of_bias += shares.sum(0)
        return (
            of_hidden,
            None if of_weight is None else of_weight.to(weight.dtype),
            None if of_bias is None else of_bias.to(bias.dtype),
            *[None] * 3,
        )


def _chunks(hidden: torch.Tensor, vocabulary: int, size: int) -> Iterator[tuple[int, slice, int]]:
    """(lane, tokens, rows of their product) of each chunk; the rows are `whole_rows`. `size`: bytes of a logit."""
    lanes, tokens, _ = hidden.shape
    most = whole_rows(max(1, CHUNK_BYTES // (vocabulary * size)))
    for lane in range(lanes):
        for first in range(0, tokens, most):
            part = slice(first, min(first + most, tokens))
            yield lane, part, whole_rows(part.stop - first)


def _shares(
    hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, ids: torch.Tensor, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(softmax [count, V], losses [P]) of the tokens of a chunk, hidden [P, d]; rows from P on are fillers."""
    logits = _filled(hidden, count).to(weight.dtype) @ weight.mT
    if bias is not None:
        logits += bias
    logits = logits if logits.dtype == torch.float64 else logits.float()
    logits -= logits.amax(1, keepdim=True)
    own = logits[: len(ids)].gather(1, ids[:, None])[:, 0]
    shares = logits.exp_()
    total = shares.sum(1)
    losses = total[: len(ids)].log() - own
    return shares.div_(total[:, None]), losses


def _less_target(shares: torch.Tensor, ids: torch.Tensor) -> None:
    """Make the softmax the gradient of the losses: one less at each row's token."""
    rows = shares[: len(ids)]
    rows.scatter_(1, ids[:, None], rows.gather(1, ids[:, None]) - 1)


def _filled(x: torch.Tensor, count: int) -> torch.Tensor:
    """x [P, d] with rows of zeros up to `count`."""
    return x if len(x) == count else F.pad(x, (0, 0, 0, count - len(x)))
