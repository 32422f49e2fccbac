"""The parts of an encoder's layer, of which BERT's kind and MPNet name and nest some differently."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn


class EncoderLayer(NamedTuple):
    """The modules of the attention in the order of their use. `*_site`: names of dropout masks."""

    query: nn.Module
    key: nn.Module
    value: nn.Module
    #: Dropout of the attention's weights.
    weights_p: float
    weights_site: str
    output: nn.Module
    dropout: nn.Module
    dropout_site: str
    norm: nn.Module

    @staticmethod
    def of(layer: Any, site: str) -> EncoderLayer:
        """The parts of a layer as they are now: an adapter may wrap one. `site`: the layer's path in the model."""
        attention = layer.attention
        if hasattr(attention, "attn"):
            own = attention.attn
            return EncoderLayer(
                *(own.q, own.k, own.v, own.dropout.p, f"{site}.attention.attn.dropout", own.o),
                *(attention.dropout, f"{site}.attention.dropout", attention.LayerNorm),
            )
        own, out = attention.self, attention.output
        return EncoderLayer(
            *(own.query, own.key, own.value, own.dropout.p, f"{site}.attention.self", out.dense),
            *(out.dropout, f"{site}.attention.output.dropout", out.LayerNorm),
        )


def blocks_of(layer: Any) -> list[nn.Module]:
    """The modules of a layer that hold others."""
    attention = layer.attention
    inner = [attention.attn] if hasattr(attention, "attn") else [attention.self, attention.output]
    return [layer, attention, *inner, layer.intermediate, layer.output]
