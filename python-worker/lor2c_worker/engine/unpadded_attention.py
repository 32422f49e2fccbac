"""Attention over rows that lie one after another, in the form that is fastest where it runs.

On the CPU one batched product per length of row; on CUDA, where every call costs a launch, one product over all rows,
padded. Plain products and a softmax wherever dropout is drawn from keys, and on the CPU in bfloat16, where the backward
of the fused attention costs half a step.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .attention import attend_with
from .dropout import StepMasks
from .unpadded_layout import UnpaddedLayout


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: UnpaddedLayout,
    heads: int,
    masks: StepMasks | None,
    site: str,
    p: float,
    *,
    padded: bool,
) -> torch.Tensor:
    """[K, N, d] each, of one number format -> [K, N, d]. `masks` None: without dropout, whatever p."""
    if p == 0.0:
        masks = None
    whole = _attend_padded if padded else _attend_blocks
    return whole(query, key, value, layout, heads, masks, site, p)


def _attend_blocks(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: UnpaddedLayout,
    heads: int,
    masks: StepMasks | None,
    site: str,
    p: float,
) -> torch.Tensor:
    """`split` and `cat`, not slices: the backward of a slice fills a whole tensor."""
    sizes = [n * len(rows) for n, rows in layout.blocks]
    dropped: list[torch.Tensor | None] = [None] * len(sizes)
    if masks is not None:
        dropped = list(masks.pairs(site, heads, p, layout.attention_blocks))
    split = [x.split([*sizes, layout.fillers], dim=1)[: len(sizes)] for x in (query, key, value)]
    parts = zip(*split, layout.blocks, dropped, strict=True)
    attended = [_attend_block(q, k, v, n, heads, mask) for q, k, v, (n, _), mask in parts]
    return torch.cat([*attended, query.new_zeros(query.shape[0], layout.fillers, query.shape[2])], dim=1)


def _attend_block(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, n: int, heads: int, mask: torch.Tensor | None
) -> torch.Tensor:
    """Rows of one length n: [K, G * n, d] each. mask: [G, heads, n, n]."""
    # [K * G, heads, n, d / heads]
    split = (x.reshape(-1, n, heads, x.shape[-1] // heads) for x in (query, key, value))
    q, k, v = (x.transpose(1, 2) for x in split)
    if mask is None and (q.dtype != torch.bfloat16 or not q.requires_grad):
        out = F.scaled_dot_product_attention(q, k, v)
    else:
        out = attend_with(mask, q, k, v, q.shape[-1] ** -0.5)
    return out.transpose(1, 2).reshape(query.shape)


def _attend_padded(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: UnpaddedLayout,
    heads: int,
    masks: StepMasks | None,
    site: str,
    p: float,
) -> torch.Tensor:
    rows, width = layout.allowed.shape
    lanes, positions, d = query.shape
    real = layout.source[: positions - layout.fillers]

    def pad(x: torch.Tensor) -> torch.Tensor:
        """[K * B, heads, T, d / heads], zero where nothing stands."""
        wide = x.new_zeros(lanes, rows * width, d).index_copy(1, real, x[:, : len(real)])
        return wide.view(lanes * rows, width, heads, d // heads).transpose(1, 2)

    q, k, v = pad(query), pad(key), pad(value)
    allowed = layout.allowed[:, None, None, :].repeat(lanes, 1, 1, 1)
    if masks is None:
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    else:
        dropped = masks.pairs(site, heads, p, layout.attention_padded)
        out = attend_with(dropped, q, k, v, q.shape[-1] ** -0.5, allowed)
    return out.transpose(1, 2).reshape(lanes, rows * width, d)[:, layout.source]
