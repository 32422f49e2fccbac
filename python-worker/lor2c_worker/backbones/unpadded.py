"""BERT, RoBERTa, ELECTRA and MPNet on real tokens only: weights and sums are those of the transformers module.

Tokens of all rows follow each other, rows ordered by length (see `UnpaddedLayout`). In mixed precision products are
in bfloat16; the residual stream, norms and softmax stay in fp32, and so do the inputs of adapters.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..data.batch import Batch
from ..keyed.dropout import KeyedSite
from ..keyed.masks import StepMasks, exact
from ..launches import at_once
from .backbone import Adapters, BatchLayout, FrozenStates, Projection
from .checkpointing import Again
from .encoder_layer import EncoderLayer
from .hf_backbone import base_of
from .layers import only, through_layers
from .position_bias import PositionBias
from .precision import Products, as_given, low_dtype
from .unpadded_attention import attend, attend_from
from .unpadded_layout import UnpaddedLayout

#: config.model_type of the models whose encoder has this form.
FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert", "mpnet", "electra")


class UnpaddedEncoder:
    """Implements `Backbone` with the weights of a transformers module, which it does not change."""

    alone = False

    def __init__(self, module: nn.Module, *, padded_attention: bool | None = None) -> None:
        """`padded_attention` None: on a GPU, where it is faster. Raises ValueError for an encoder of another form."""
        config: Any = module.config
        plain = getattr(config, "position_embedding_type", "absolute") in (None, "absolute")
        if config.model_type not in FAMILIES or not plain or getattr(config, "is_decoder", False):
            raise ValueError(f"{type(module).__name__} is no encoder of the BERT, RoBERTa or MPNet form")
        base: Any = base_of(module)
        self._embeddings, self._layers = base.embeddings, list(base.encoder.layer)
        self.layers, self.hidden = len(self._layers), int(config.hidden_size)
        #: From the embeddings' width to that of the layers, where ELECTRA's differ.
        self._project: nn.Module | None = getattr(base, "embeddings_project", None)
        self._heads = int(config.num_attention_heads)
        self._bias = PositionBias(base.encoder) if hasattr(base.encoder, "relative_attention_bias") else None
        self._padded_attention = padded_attention
        self._products = Products()
        self._again: Again | None = None

    def use_checkpointing(self, again: Again = nullcontext) -> None:
        """`again`: brings back what wrapped layers read besides their inputs."""
        self._again = again

    def projection_shape(self, layer: int, name: Projection) -> tuple[int, int]:
        inner: int = self._layers[layer].intermediate.dense.out_features
        sizes = {"up": (self.hidden, inner), "down": (inner, self.hidden)}
        return sizes.get(name, (self.hidden, self.hidden))

    def layout(self, batch: Batch) -> UnpaddedLayout:
        return UnpaddedLayout.of(batch)

    def forward(
        self,
        batch: Batch,
        layout: BatchLayout,
        lanes: int,
        adapters: Adapters,
        masks: StepMasks | None,
        frozen: FrozenStates | None = None,
        at: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """As `through_layers`. `at`: one position of each row."""
        assert isinstance(layout, UnpaddedLayout)
        device = batch.input_ids.device
        low = low_dtype(device)
        bias = None if self._bias is None else self._bias(layout.width, device)

        def embed() -> torch.Tensor:
            h = _drop(self._embeddings.dropout, self._embed(batch, layout)[None], "embeddings.dropout", masks, low)
            if self._project is None:
                return h
            return self._products(self._project, h, low).to(torch.promote_types(h.dtype, torch.float32))

        def layer(i: int, h: torch.Tensor, own: Adapters | None, kept: torch.Tensor | None) -> torch.Tensor:
            return self._layer(i, h, layout, own, masks, low, kept, bias)

        with as_given(device):
            return through_layers(self.layers, embed, layer, lanes, adapters, masks, frozen, at, again=self._again)

    def _layer(
        self,
        i: int,
        h: torch.Tensor,
        layout: UnpaddedLayout,
        adapters: Adapters | None,
        masks: StepMasks | None,
        low: torch.dtype | None,
        kept: torch.Tensor | None,
        bias: torch.Tensor | None,
    ) -> torch.Tensor:
        """[K, N, d] -> [K, N, d]. `adapters` None: without any. `kept`: of these positions only, [K, P, d]. `bias`:
        of positions, [H, T, T]."""
        own = EncoderLayer.of(self._layers[i], f"encoder.layer.{i}")
        about = (layout, self._heads, masks, own.weights_site, own.weights_p)
        x = h if low is None else h.to(low)
        key, value = self._products(own.key, x, low), self._products(own.value, x, low)
        if adapters is not None:
            key = adapters.project(i, "key", h, key).to(value.dtype)
            value = adapters.project(i, "value", h, value).to(key.dtype)
        if kept is None:
            query = self._query(i, own, h, adapters, low).to(key.dtype)
            padded = at_once(h.device) if self._padded_attention is None else self._padded_attention
            attended = attend(query, key, value, *about, padded=padded, bias=bias)
            return self._after_attention(i, own, h, attended, adapters, masks, low)
        rows, h = len(layout.starts), h.index_select(1, kept)
        with only(masks, kept):
            query = self._query(i, own, h, adapters, low).to(key.dtype)[:, :rows]
            attended = attend_from(query, key, value, *about, kept[:rows], bias=bias)
            attended = F.pad(attended, (0, 0, 0, len(kept) - rows))
            return self._after_attention(i, own, h, attended, adapters, masks, low)

    def _query(
        self, i: int, own: EncoderLayer, h: torch.Tensor, adapters: Adapters | None, low: torch.dtype | None
    ) -> torch.Tensor:
        query = self._products(own.query, h if low is None else h.to(low), low)
        return query if adapters is None else adapters.project(i, "query", h, query)

    def _after_attention(
        self,
        i: int,
        own: EncoderLayer,
        h: torch.Tensor,
        attended: torch.Tensor,
        adapters: Adapters | None,
        masks: StepMasks | None,
        low: torch.dtype | None,
    ) -> torch.Tensor:
        """The layer from its attention's output projection on. h: the layer's input, [K, P, d] as `attended`."""
        layer, site, product = self._layers[i], f"encoder.layer.{i}", self._products

        def project(name: Projection, linear: nn.Module, x: torch.Tensor) -> torch.Tensor:
            y = product(linear, x, low)
            return y if adapters is None else adapters.project(i, name, x, y).to(y.dtype)

        dense = project("output", own.output, attended)
        h = own.norm(_drop(own.dropout, dense, own.dropout_site, masks, low) + h)
        inner = layer.intermediate.intermediate_act_fn(project("up", layer.intermediate.dense, h))
        dense = project("down", layer.output.dense, inner)
        return layer.output.LayerNorm(_drop(layer.output.dropout, dense, f"{site}.output.dropout", masks, low) + h)

    def _embed(self, batch: Batch, layout: UnpaddedLayout) -> torch.Tensor:
        """Sum of the embeddings after its LayerNorm, [N, d]."""
        e, ids = self._embeddings, batch.input_ids
        if hasattr(e, "create_position_ids_from_input_ids"):  # RoBERTa counts from its padding index
            positions = e.create_position_ids_from_input_ids(ids, e.padding_idx)
        elif hasattr(e, "create_position_ids_from_inputs_embeds"):  # MPNet counts in the same way
            real = ids.ne(e.padding_idx).long()
            positions = real.cumsum(1) * real + e.padding_idx
        else:
            positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        if not hasattr(e, "token_type_embeddings"):
            word, place = (t.reshape(-1)[layout.source] for t in (ids, positions))
            return e.LayerNorm(e.word_embeddings(word) + e.position_embeddings(place))
        types = torch.zeros_like(ids) if batch.token_type_ids is None else batch.token_type_ids
        word, kind, place = (t.reshape(-1)[layout.source] for t in (ids, types, positions))
        summed = e.word_embeddings(word) + e.token_type_embeddings(kind) + e.position_embeddings(place)
        return e.LayerNorm(summed)


def _drop(
    dropout: nn.Module, x: torch.Tensor, site: str, masks: StepMasks | None, low: torch.dtype | None
) -> torch.Tensor:
    """Dropout of `x` [K, N, d]. A module that wraps the dropout (an adapter) is called instead."""
    if not isinstance(dropout, nn.Dropout | KeyedSite):
        with torch.autocast(x.device.type, dtype=low, enabled=low is not None):
            return dropout(x)
    if masks is None or dropout.p == 0.0:
        return x
    return x * exact(masks.tokens(site, x.shape[-1], dropout.p), x)
