"""Causal attention of the unpadded decoder, in the form that is fastest on the device.

On the CPU it makes batched products for each length of row (causal_attention.py). On CUDA, 16-bit numbers go through
torch's flash attention over rows of any lengths, whose backward is asked to repeat to the bit; keyed dropout and fp32
take one product over all rows, padded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from inspect import signature
from typing import Any

import torch
from torch.nn import functional as F

from ..keyed.attention import attend_with, plain
from ..keyed.masks import StepMasks
from .causal_attention import Heads, attend_causally
from .padding import pad, unpad
from .unpadded_layout import UnpaddedLayout


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: UnpaddedLayout,
    heads: Heads,
    masks: StepMasks | None,
    site: str,
    p: float,
    *,
    padded: bool,
) -> torch.Tensor:
    """query [K, N, heads * size], key and value [K, N, key heads * size], in one number format -> as `query`.

    Each row's tokens attend to themselves and the ones before. `masks` None: without dropout, whatever p. `padded`: not
    in blocks.
    """
    if p == 0.0:
        masks = None
    if not padded:
        dropped = None if masks is None else masks.blocks(site, heads.query, p, layout.blocks)
        return attend_causally(query, key, value, [(n, len(rows)) for n, rows in layout.blocks], heads, dropped)
    if masks is None and query.is_cuda and query.dtype in (torch.bfloat16, torch.float16):
        return _flash(query, key, value, layout, heads)
    return _attend_padded(query, key, value, layout, heads, masks, site, p)


def may_see(queries: torch.Tensor, keys: torch.Tensor, window: int | None) -> torch.Tensor:
    """Whether a token of each place `queries` [..., T] attends to one of each place `keys` [..., S]: [..., T, S]."""
    before = queries[..., :, None] - keys[..., None, :]
    seen = before >= 0
    return seen if window is None else seen & (before < window)


def split(x: torch.Tensor, rows: int, heads: Heads) -> torch.Tensor:
    """Padded x [K, rows * T, heads * size] -> [K * rows, heads, T, size]."""
    return x.view(x.shape[0] * rows, -1, x.shape[2] // heads.size, heads.size).transpose(1, 2)


def _attend_padded(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: UnpaddedLayout,
    heads: Heads,
    masks: StepMasks | None,
    site: str,
    p: float,
) -> torch.Tensor:
    (rows, width), (lanes, _, d) = layout.allowed.shape, query.shape
    q, k, v = (split(pad(x, layout), rows, heads) for x in (query, key, value))
    k, v = (x.repeat_interleave(heads.group, dim=1) for x in (k, v))
    place = torch.arange(width, device=query.device)
    allowed = may_see(place, place, heads.window)
    if masks is None and not plain(q):
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    else:
        dropped = None if masks is None else masks.pairs(site, heads.query, p)
        out = attend_with(dropped, q, k, v, heads.size**-0.5, allowed)
    return unpad(out.transpose(1, 2).reshape(lanes, rows * width, d), layout)


def _flash(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, layout: UnpaddedLayout, heads: Heads
) -> torch.Tensor:
    """The fillers of each lane form a row of their own. Scores are scaled by 1 / sqrt(size)."""
    from torch.nn.attention.varlen import varlen_attn  # of CUDA only

    lanes, positions, _ = query.shape
    lengths = (*layout.lengths, layout.fillers) if layout.fillers else tuple(layout.lengths)
    bounds, longest = _bounds(lengths, lanes, query.device), max(lengths)
    q, k, v = (x.reshape(lanes * positions, -1, heads.size) for x in (query, key, value))
    if heads.group > 1 and "enable_gqa" not in signature(varlen_attn).parameters:
        # Before torch 2.12 a key has one query head.
        k, v = (x.repeat_interleave(heads.group, dim=1) for x in (k, v))
    return _Flash.apply(q, k, v, bounds, longest, heads.window).reshape(query.shape)


class _Flash(torch.autograd.Function):
    """With a backward that repeats to the bit. Torch's does only where what does not repeat raises an error, so that it
    is asked for here alone. It computes the forward again, a hundredth of a step, and keeps only the operands."""

    @staticmethod
    def forward(
        ctx: Any,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        bounds: torch.Tensor,
        longest: int,
        window: int | None,
    ) -> torch.Tensor:
        ctx.save_for_backward(q, k, v, bounds)
        ctx.form = longest, window
        return _varlen(q, k, v, bounds, longest, window)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        *given, bounds = ctx.saved_tensors
        wanted = ctx.needs_input_grad[:3]
        with torch.enable_grad(), _strictly():
            own = [x.detach().requires_grad_(needs) for x, needs in zip(given, wanted, strict=True)]
            q, k, v = own
            out = _varlen(q, k, v, bounds, *ctx.form)
            found = iter(torch.autograd.grad(out, [x for x in own if x.requires_grad], grad))
        return *(next(found) if needs else None for needs in wanted), None, None, None


def _varlen(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bounds: torch.Tensor, longest: int, window: int | None
) -> torch.Tensor:
    """q [N, heads, size], k and v [N, key heads, size]; row i is at bounds[i] to bounds[i + 1]."""
    from torch.nn.attention.varlen import varlen_attn  # of CUDA only

    sees = (-1, 0) if window is None else (window - 1, 0)
    more: dict[str, Any] = {"enable_gqa": True} if q.shape[1] != k.shape[1] else {}
    found = varlen_attn(q, k, v, bounds, bounds, longest, longest, window_size=sees, **more)
    assert isinstance(found, torch.Tensor)
    return found


@contextmanager
def _strictly() -> Iterator[None]:
    """A context in which torch repeats to the bit or raises, if it is asked to repeat at all."""
    asked, lenient = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(asked)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(asked, warn_only=lenient)


@lru_cache(maxsize=8)
def _bounds(lengths: tuple[int, ...], lanes: int, device: torch.device) -> torch.Tensor:
    """Where each row of each lane begins, and the end; made once for all layers."""
    rows = torch.tensor(lengths, dtype=torch.int32).repeat(lanes)
    return F.pad(rows.cumsum(0, dtype=torch.int32), (1, 0)).to(device)
