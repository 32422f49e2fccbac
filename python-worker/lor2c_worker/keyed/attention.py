"""Attention of transformers modules with keyed dropout.

transformers 5 looks up two functions by one name: the attention, and the one that makes its mask. Without the second
the mask silently becomes None, and tokens attend to padding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional as F
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, sdpa_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from ..architectures import architecture_of
from ..launches import at_once
from .masks import StepMasks

NAME = "lor2c_keyed"


class HasMasks(Protocol):
    """What knows the masks of the forward that runs now; None: without dropout."""

    masks: StepMasks | None


def use_keyed(module: nn.Module, owner: HasMasks, site_name: Callable[[str], str]) -> None:
    """Make `module` use `keyed_attention`, unless its attention is computed in a module of its own, where a dropout of
    weights is a module too. Raises ValueError when its attention has an unknown form."""
    if _own_attention(module):
        return  # it reads the mask in its own form
    found = 0
    for name, child in module.named_modules():
        config: Any = getattr(child, "config", None)
        if hasattr(config, "_attn_implementation"):
            config._attn_implementation = NAME
        if hasattr(child, "is_causal") and (hasattr(child, "scaling") or hasattr(child, "head_dim")):
            own: Any = getattr(child, "dropout", None)
            p = own.p if hasattr(own, "p") else getattr(child, "attention_dropout", 0.0)
            child.__dict__["keyed_dropout"] = (owner, site_name(name), float(p))
            found += 1
    if not found:
        raise ValueError(f"{type(module).__name__} has no attention of the transformers 5 form")


def _own_attention(module: nn.Module) -> bool:
    types = {getattr(getattr(child, "config", None), "model_type", "") for child in module.modules()}
    return any((known := architecture_of(kind)) is not None and known.own_attention for kind in types)


def keyed_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """query [K * B, H, T, dh], key and value [K * B, G, S, dh] -> [K * B, T, H, dh].

    If S is larger than T, the first S - T keys are a prefix that every row has and that all its tokens attend to.
    `dropout` is ignored: the module's `keyed_dropout` has the probability, and says whether dropout is in use.
    """
    owner, site, p = module.__dict__.get("keyed_dropout", (None, "", 0.0))
    masks = None if owner is None or p == 0.0 else owner.masks
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    if masks is None and not plain(query):
        out = F.scaled_dot_product_attention(query, key, value, attn_mask=attention_mask, scale=scaling)
        return out.transpose(1, 2).contiguous(), None
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if masks is None:
        return attend_with(None, query, key, value, scale, attention_mask).transpose(1, 2).contiguous(), None
    heads = query.shape[1]
    dropped = masks.pairs(site, heads, p)
    prefix = key.shape[2] - query.shape[2]
    if prefix:
        before = masks.prefix(f"{site}#prefix", heads, prefix, p)
        dropped = torch.cat([before, dropped], dim=3)
    return attend_with(dropped, query, key, value, scale, attention_mask).transpose(1, 2).contiguous(), None


def plain(query: torch.Tensor) -> bool:
    """Whether attention without dropout must use plain products: on CUDA the backward of torch's fused forms adds in an
    order that changes from call to call."""
    return at_once(query.device) and torch.is_grad_enabled()


def attend_with(
    dropped: torch.Tensor | None,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scale: float,
    allowed: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """Attention whose weights are multiplied by `dropped` [B, H, T, S], which all lanes share. The softmax is fp32.

    query, key, value: [K * B, H, T or S, dh]; allowed, boolean, and bias, added to the scores, are broadcast to the
    weights -> [K * B, H, T, dh].
    Operands and their gradients are made contiguous. For a single row in a single lane they would be views with other
    strides, and the CPU library then rounds differently than for the same row among others.
    """
    query, key, value = (x.contiguous() for x in (query, key, value))
    weights = torch.matmul(query, key.mT)
    weights = (weights.float() if weights.dtype == torch.bfloat16 else weights) * scale
    if bias is not None:
        weights = weights + bias
    if allowed is not None:
        weights = weights.masked_fill(~allowed, torch.finfo(weights.dtype).min)
    weights = torch.softmax(weights, dim=-1)
    if dropped is not None:
        weights = (weights.unflatten(0, (-1, len(dropped))) * dropped.to(weights.dtype)).flatten(0, 1)
    out = torch.matmul(weights.to(value.dtype), value)
    if out.requires_grad:
        out.register_hook(torch.Tensor.contiguous)
    return out


def keyed_mask(*args: Any, **kwargs: Any) -> torch.Tensor | None:
    """Boolean mask, True where attention is allowed; None if it is allowed everywhere. A causal mask is never None."""
    kwargs["allow_is_causal_skip"] = False
    return sdpa_mask(*args, **kwargs)


ALL_ATTENTION_FUNCTIONS.register(NAME, keyed_attention)
ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, keyed_mask)
