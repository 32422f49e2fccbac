"""BERT and RoBERTa encoders on real tokens only: the same weights and sums as the transformers module, no padding.

Tokens of all rows follow each other, rows ordered by length (see `UnpaddedLayout`). In mixed precision products are
in bfloat16; the residual stream, norms and softmax stay in fp32, and so do the inputs of adapters.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..data.batch import Batch
from ..keyed.dropout import KeyedSite
from ..keyed.masks import StepMasks, exact
from ..launches import at_once
from .backbone import Adapters, BatchLayout, FrozenStates, Projection, whole_rows
from .hf_backbone import base_of
from .precision import Products, as_given, low_dtype
from .unpadded_attention import attend, attend_from
from .unpadded_layout import UnpaddedLayout

#: config.model_type of the models whose encoder has this form.
FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert")


class UnpaddedEncoder:
    """Implements `Backbone` with the weights of a transformers module, which it does not change."""

    def __init__(self, module: nn.Module, *, padded_attention: bool | None = None) -> None:
        """`padded_attention` None: on a GPU, where it is faster. Raises ValueError for an encoder of another form."""
        config: Any = module.config
        plain = getattr(config, "position_embedding_type", "absolute") in (None, "absolute")
        if config.model_type not in FAMILIES or not plain or config.is_decoder:
            raise ValueError(f"{type(module).__name__} is no encoder of the BERT or RoBERTa form")
        base: Any = base_of(module)
        self._embeddings, self._layers = base.embeddings, list(base.encoder.layer)
        self.layers, self.hidden = len(self._layers), int(config.hidden_size)
        self._heads = int(config.num_attention_heads)
        self._padded_attention = padded_attention
        self._products = Products()

    def projection_shape(self, layer: int, name: Projection) -> tuple[int, int]:
        return self.hidden, self.hidden

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
        """All lanes share one computation up to the lowest layer that an adapter changes.

        With `at` the last layer computes only these positions beyond its keys and values.
        """
        assert isinstance(layout, UnpaddedLayout)
        frozen = {} if frozen is None else frozen
        device = batch.input_ids.device
        low, last = low_dtype(device), self.layers - 1
        kept = None if at is None else F.pad(at, (0, whole_rows(len(at)) - len(at)))

        def spread(h: torch.Tensor) -> torch.Tensor:
            return h.expand(lanes, *h.shape[1:]).contiguous()

        with as_given(device):
            if 0 not in frozen:
                embedded = self._embed(batch, layout)[None]
                frozen[0] = _drop(self._embeddings.dropout, embedded, "embeddings.dropout", masks, low)
            for i in range(adapters.frozen_layers):
                if i + 1 not in frozen:
                    frozen[i + 1] = self._layer(i, frozen[i], layout, None, masks, low, kept if i == last else None)
                adapters.enter(i, spread(frozen[i]))
            h = spread(frozen[adapters.frozen_layers])
            if adapters.frozen_layers > 0:
                h = self._leave(adapters, adapters.frozen_layers - 1, h, masks, kept)
            for i in range(adapters.frozen_layers, self.layers):
                adapters.enter(i, h)
                h = self._layer(i, h, layout, adapters, masks, low, kept if i == last else None)
                h = self._leave(adapters, i, h, masks, kept)
        return h if at is None else h[:, : len(at)]

    def _leave(
        self, adapters: Adapters, i: int, h: torch.Tensor, masks: StepMasks | None, kept: torch.Tensor | None
    ) -> torch.Tensor:
        if kept is None or i < self.layers - 1:
            return adapters.leave(i, h)
        with _only(masks, kept):
            return adapters.leave(i, h, kept)

    def _layer(
        self,
        i: int,
        h: torch.Tensor,
        layout: UnpaddedLayout,
        adapters: Adapters | None,
        masks: StepMasks | None,
        low: torch.dtype | None,
        kept: torch.Tensor | None,
    ) -> torch.Tensor:
        """[K, N, d] -> [K, N, d]. `adapters` None: without any. `kept`: of these positions only, [K, P, d]."""
        own, site = self._layers[i].attention.self, f"encoder.layer.{i}.attention.self"
        x = h if low is None else h.to(low)
        key, value = self._products(own.key, x, low), self._products(own.value, x, low)
        if adapters is not None:
            key = adapters.project(i, "key", h, key).to(value.dtype)
            value = adapters.project(i, "value", h, value).to(key.dtype)
        if kept is None:
            query = self._query(i, h, adapters, low).to(key.dtype)
            padded = at_once(h.device) if self._padded_attention is None else self._padded_attention
            attended = attend(query, key, value, layout, self._heads, masks, site, own.dropout.p, padded=padded)
            return self._after_attention(i, h, attended, masks, low)
        rows, h = len(layout.starts), h.index_select(1, kept)
        with _only(masks, kept):
            query = self._query(i, h, adapters, low).to(key.dtype)[:, :rows]
            attended = attend_from(query, key, value, layout, self._heads, masks, site, own.dropout.p, kept[:rows])
            return self._after_attention(i, h, F.pad(attended, (0, 0, 0, len(kept) - rows)), masks, low)

    def _query(self, i: int, h: torch.Tensor, adapters: Adapters | None, low: torch.dtype | None) -> torch.Tensor:
        query = self._products(self._layers[i].attention.self.query, h if low is None else h.to(low), low)
        return query if adapters is None else adapters.project(i, "query", h, query)

    def _after_attention(
        self, i: int, h: torch.Tensor, attended: torch.Tensor, masks: StepMasks | None, low: torch.dtype | None
    ) -> torch.Tensor:
        """The layer from its attention's output projection on. h: the layer's input, [K, P, d] as `attended`."""
        layer, site, product = self._layers[i], f"encoder.layer.{i}", self._products
        out = layer.attention.output
        dense = product(out.dense, attended, low)
        h = out.LayerNorm(_drop(out.dropout, dense, f"{site}.attention.output.dropout", masks, low) + h)
        inner = layer.intermediate.intermediate_act_fn(product(layer.intermediate.dense, h, low))
        dense = product(layer.output.dense, inner, low)
        return layer.output.LayerNorm(_drop(layer.output.dropout, dense, f"{site}.output.dropout", masks, low) + h)

    def _embed(self, batch: Batch, layout: UnpaddedLayout) -> torch.Tensor:
        """Sum of the embeddings after its LayerNorm, [N, d]."""
        e, ids = self._embeddings, batch.input_ids
        if hasattr(e, "create_position_ids_from_input_ids"):  # RoBERTa counts from its padding index
            positions = e.create_position_ids_from_input_ids(ids, e.padding_idx)
        else:
            positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        types = torch.zeros_like(ids) if batch.token_type_ids is None else batch.token_type_ids
        word, kind, place = (t.reshape(-1)[layout.source] for t in (ids, types, positions))
        summed = e.word_embeddings(word) + e.token_type_embeddings(kind) + e.position_embeddings(place)
        return e.LayerNorm(summed)


def _only(masks: StepMasks | None, kept: torch.Tensor) -> AbstractContextManager[None]:
    return nullcontext() if masks is None else masks.only(kept)


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
