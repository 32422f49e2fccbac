"""Attention over rows that follow each other without padding, in the form that is fastest on the device.

On the CPU it makes one batched product per length of row. On CUDA, where every kernel launch costs time, it makes one
product over all rows, padded. Keyed dropout needs plain products and a softmax. The CPU always uses these: in bfloat16
the backward of its fused attention costs half a step, in fp32 the two take the same time.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ..keyed.attention import attend_with, plain
from ..keyed.masks import StepMasks
from .block_attention import attend_blocks
from .padding import pad, unpad
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
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """query, key, value [K, N, d], in one number format -> [K, N, d]. `masks` None: without dropout, whatever p.

    `bias` [H, T, T] is added to the scores of query and key by their places in the row. Only padded attention gives it
    a gradient.
    """
    if p == 0.0:
        masks = None
    if padded or (bias is not None and bias.requires_grad):
        return _attend_padded(query, key, value, layout, heads, masks, site, p, bias)
    dropped = None if masks is None else masks.blocks(site, heads, p, layout.blocks)
    return attend_blocks(query, key, value, [(n, len(rows)) for n, rows in layout.blocks], heads, dropped, bias)


def attend_from(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: UnpaddedLayout,
    heads: int,
    masks: StepMasks | None,
    site: str,
    p: float,
    at: torch.Tensor,
    *,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """Attention of one token of each row: query [K, B, d] of the positions `at` [B]; key, value [K, N, d] -> [K, B, d].

    Always padded: with one query for each row the products are small, and short blocks would cost more than they save.
    """
    lanes, rows, d = query.shape
    q = query.reshape(lanes * rows, heads, 1, d // heads)
    k, v = (_padded(x, layout, heads) for x in (key, value))
    dropped = None
    if masks is not None and p > 0.0:
        dropped = masks.pairs_of(at, site, heads, p)
    allowed = layout.allowed[:, None, None, :].repeat(lanes, 1, 1, 1)
    if bias is not None:  # [H, T, T] -> [K * B, H, 1, T]
        places = layout.source.index_select(0, at) % layout.width
        bias = bias.index_select(1, places).transpose(0, 1)[:, :, None].repeat(lanes, 1, 1, 1)
    return attend_with(dropped, q, k, v, q.shape[-1] ** -0.5, allowed, bias).reshape(lanes, rows, d)


def _padded(x: torch.Tensor, layout: UnpaddedLayout, heads: int) -> torch.Tensor:
    """x [K, N, d] -> [K * B, heads, T, d / heads], zero in the padding."""
    (rows, width), (lanes, _, d) = layout.allowed.shape, x.shape
    return pad(x, layout).view(lanes * rows, width, heads, d // heads).transpose(1, 2)


def _attend_padded(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: UnpaddedLayout,
    heads: int,
    masks: StepMasks | None,
    site: str,
    p: float,
    bias: torch.Tensor | None,
) -> torch.Tensor:
    rows, width = layout.allowed.shape
    lanes, _, d = query.shape
    q, k, v = (_padded(x, layout, heads) for x in (query, key, value))
    allowed = layout.allowed[:, None, None, :].repeat(lanes, 1, 1, 1)
    if masks is None and bias is None and not plain(q):
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    else:
        dropped = None if masks is None else masks.pairs(site, heads, p)
        out = attend_with(dropped, q, k, v, q.shape[-1] ** -0.5, allowed, bias)
    return unpad(out.transpose(1, 2).reshape(lanes, rows * width, d), layout)
