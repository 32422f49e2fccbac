"""A whole classifier of the BERT or RoBERTa form whose encoder runs unpadded, with the layers wrapped inside it.

It calls wrapped layers (LoRA, IA3, adapters, trainable weights) as modules. It computes the blocks around them by
itself, so these must be unchanged transformers code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPoolingAndCrossAttentions

from ..data.batch import Batch
from ..keyed.masks import StepMasks
from .backbone import NO_ADAPTERS, BatchLayout
from .checkpointing import Again
from .hf_backbone import base_of
from .unpadded import UnpaddedEncoder


class UnpaddedModule:
    """`within` makes the module's forward use the unpadded encoder, with the module's own head, pooler and wrappers."""

    def __init__(self, module: nn.Module) -> None:
        """Raises ValueError when the module, or a wrapper in it, cannot run unpadded."""
        whole = [m for m in module.modules() if type(m).__name__.endswith("ForSequenceClassification")]
        whole = [m for m in whole if isinstance(m, PreTrainedModel)]
        if len(whole) != 1:
            raise ValueError(f"{type(module).__name__} is no classifier of transformers")
        self._encoder = UnpaddedEncoder(whole[0])
        base: Any = base_of(whole[0])
        self._base = base
        blocks: list[nn.Module] = [base, base.embeddings, base.encoder]
        for layer in base.encoder.layer:
            attention = layer.attention
            blocks += [layer, attention, attention.self, attention.output, layer.intermediate, layer.output]
        for block in blocks:
            _check_own(block)

    def use_checkpointing(self, again: Again) -> None:
        """`again`: brings back what the wrapped layers read besides their inputs."""
        self._encoder.use_checkpointing(again)

    def layout(self, batch: Batch) -> BatchLayout:
        return self._encoder.layout(batch)

    @contextmanager
    def within(self, batch: Batch, layout: BatchLayout, masks: StepMasks | None) -> Iterator[None]:
        """A context in which the module computes on `batch`, and its head gets the hidden states of first tokens only.

        `layout` is that of `batch`.
        """

        def forward(*args: Any, **kwargs: Any) -> BaseModelOutputWithPoolingAndCrossAttentions:
            hidden = self._encoder.forward(batch, layout, 1, NO_ADAPTERS, masks, at=layout.first())
            first = hidden[0][:, None]  # [B, 1, d]
            pooled = None if self._base.pooler is None else self._base.pooler(first)
            return BaseModelOutputWithPoolingAndCrossAttentions(last_hidden_state=first, pooler_output=pooled)

        self._base.forward = forward
        try:
            yield
        finally:
            del self._base.forward


def _check_own(block: nn.Module) -> None:
    hooked = block._forward_hooks or block._forward_pre_hooks or "forward" in vars(block)
    if not type(block).__module__.startswith("transformers.models.") or hooked:
        raise ValueError(f"a {type(block).__name__} wraps a block of the encoder")


def try_unpadded(module: nn.Module) -> UnpaddedModule | None:
    """The module with an unpadded encoder, or None when it must run padded."""
    try:
        return UnpaddedModule(module)
    except ValueError:
        return None
