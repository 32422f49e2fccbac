"""A whole model, classifier or language model, whose layers run unpadded, with what is wrapped inside them.

It calls wrapped layers (LoRA, IA3, adapters, trainable weights) as modules. It computes the blocks around them by
itself, so these must be unchanged transformers code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPast, BaseModelOutputWithPoolingAndCrossAttentions
from transformers.utils import ModelOutput

from ..data.batch import Batch
from ..keyed.masks import StepMasks
from .backbone import NO_ADAPTERS, BatchLayout
from .checkpointing import Again
from .encoder_layer import blocks_of
from .hf_backbone import base_of, whole_model
from .unpadded import UnpaddedEncoder
from .unpadded_decoder import UnpaddedDecoder


class UnpaddedModule:
    """`within` makes the module's forward use the unpadded layers, with the module's own head, pooler and wrappers."""

    def __init__(self, module: nn.Module) -> None:
        """Raises ValueError when the module, or a wrapper in it, cannot run unpadded."""
        whole = whole_model(module)
        base: Any = base_of(whole)
        self._base = base
        self._backbone: UnpaddedEncoder | UnpaddedDecoder
        blocks: list[nn.Module]
        if hasattr(base, "encoder"):
            self._backbone = UnpaddedEncoder(whole)
            blocks = [base, base.embeddings, base.encoder]
            blocks += [block for layer in base.encoder.layer for block in blocks_of(layer)]
        else:
            self._backbone = UnpaddedDecoder(whole)
            blocks = [base, *(block for layer in base.layers for block in (layer, layer.self_attn, layer.mlp))]
        for block in blocks:
            _check_own(block)

    def use_checkpointing(self, again: Again) -> None:
        """`again`: brings back what the wrapped layers read besides their inputs."""
        self._backbone.use_checkpointing(again)

    def layout(self, batch: Batch) -> BatchLayout:
        return self._backbone.layout(batch)

    @contextmanager
    def within(self, batch: Batch, layout: BatchLayout, masks: StepMasks | None) -> Iterator[None]:
        """A context in which the module computes on `batch`, and its head gets the hidden states that it reads: of an
        encoder the first token's, [B, 1, d]; of a decoder with a score head the last token's in the place of all,
        [B, T, d]; of a language model those before the targets, [1, P, d].

        `layout` is that of `batch`.
        """
        targets, backbone = batch.targets, self._backbone

        def hidden(at: torch.Tensor) -> torch.Tensor:
            return backbone.forward(batch, layout, 1, NO_ADAPTERS, masks, at=at)

        def forward(*args: Any, **kwargs: Any) -> ModelOutput:
            if isinstance(backbone, UnpaddedEncoder):
                first = hidden(layout.first())[0][:, None]
                pooler = getattr(self._base, "pooler", None)
                pooled = None if pooler is None else pooler(first)
                return BaseModelOutputWithPoolingAndCrossAttentions(last_hidden_state=first, pooler_output=pooled)
            if targets is not None:
                return BaseModelOutputWithPast(last_hidden_state=hidden(layout.at(targets.places)))
            last = hidden(layout.last())[0][:, None]  # the module picks each row's last token by itself
            return BaseModelOutputWithPast(last_hidden_state=last.expand(-1, batch.input_ids.shape[1], -1))

        self._base.forward = forward
        try:
            yield
        finally:
            del self._base.forward


def _check_own(block: nn.Module) -> None:
    hooked = block._forward_hooks or block._forward_pre_hooks or "forward" in vars(block)
    if not type(block).__module__.startswith("transformers.models.") or hooked:
        raise ValueError(f"a {type(block).__name__} wraps a block of the model")


def try_unpadded(module: nn.Module) -> UnpaddedModule | None:
    """The module with unpadded layers, or None when it must run padded."""
    try:
        return UnpaddedModule(module)
    except ValueError:
        return None
