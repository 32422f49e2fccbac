"""BERT and RoBERTa encoders on real tokens only: the same weights and sums as the transformers module, no padding.

Tokens of all rows lie one after another, rows ordered by length, so that rows of equal length are one block and
attention is one batched product per length. Everything else is one product over all tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from .attention import attend_with
from .backbone import Adapters, BatchLayout, Projection, whole_rows
from .dropout import StepMasks
from .hf_backbone import base_of
from .learner import Batch

#: config.model_type of the models whose encoder has this form.
FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert")


@dataclass(frozen=True)
class UnpaddedLayout:
    """`order`: rows by length. `source`: position -> place in the padded batch. `canonical`: -> place in row order.

    A few positions at the end may be fillers (see `whole_rows`): copies of the first token that nothing attends to.
    """

    order: list[int]
    lengths: list[int]  # of the rows in `order`
    blocks: list[tuple[int, list[int]]]  # (length, rows) of each block of rows of equal length
    source: torch.Tensor  # [N]
    canonical: torch.Tensor  # [N]
    fillers: int  # of the N
    starts: torch.Tensor  # [B], position of the first token of each row of the batch

    @staticmethod
    def of(batch: Batch) -> UnpaddedLayout:
        mask, width = batch.attention_mask, batch.attention_mask.shape[1]
        lengths: list[int] = mask.sum(dim=1).tolist()
        if not torch.equal(mask, (torch.arange(width, device=mask.device) < mask.sum(1, keepdim=True)).to(mask)):
            raise ValueError("the unpadded encoder takes rows that are padded on the right")
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        offsets = [0]
        for length in lengths:
            offsets.append(offsets[-1] + length)
        starts, position = [0] * len(lengths), 0
        for row in order:
            starts[row] = position
            position += lengths[row]
        device = mask.device
        fillers = whole_rows(position) - position
        source = [torch.arange(row * width, row * width + lengths[row]) for row in order]
        canonical = [torch.arange(offsets[row], offsets[row + 1]) for row in order]
        filling = torch.zeros(fillers, dtype=torch.long)
        return UnpaddedLayout(
            order=order,
            lengths=[lengths[row] for row in order],
            blocks=[(length, list(rows)) for length, rows in groupby(order, key=lengths.__getitem__)],
            source=torch.cat([*source, filling]).to(device),
            canonical=torch.cat([*canonical, filling]).to(device),
            fillers=fillers,
            starts=torch.tensor(starts, device=device),
        )

    def first(self) -> torch.Tensor:
        return self.starts

    def last(self) -> torch.Tensor:
        ends = {row: length - 1 for row, length in zip(self.order, self.lengths, strict=True)}
        return self.starts + torch.tensor([ends[row] for row in range(len(ends))], device=self.starts.device)

    def place_tokens(self, drawn: torch.Tensor) -> torch.Tensor:
        return drawn[self.canonical]

    def attention_blocks(self, drawn: torch.Tensor, heads: int) -> list[torch.Tensor]:
        """Flat draws in order (row, head, query, key) -> one [rows, heads, n, n] per block."""
        by_row = dict(zip(self.order, self.lengths, strict=True))
        parts = drawn.split([heads * by_row[row] ** 2 for row in range(len(by_row))])
        return [torch.stack([parts[row] for row in rows]).view(-1, heads, n, n) for n, rows in self.blocks]


class UnpaddedEncoder:
    """Implements `Backbone` over the weights of a transformers module, which stays as it is."""

    def __init__(self, module: nn.Module) -> None:
        """Raises ValueError when the module's encoder has another form."""
        config: Any = module.config
        plain = getattr(config, "position_embedding_type", "absolute") in (None, "absolute")
        if config.model_type not in FAMILIES or not plain or config.is_decoder:
            raise ValueError(f"{type(module).__name__} is no encoder of the BERT or RoBERTa form")
        base: Any = base_of(module)
        self._embeddings, self._layers = base.embeddings, list(base.encoder.layer)
        self.layers, self.hidden = len(self._layers), int(config.hidden_size)
        self._heads = int(config.num_attention_heads)
        self._p, self._attention_p = float(config.hidden_dropout_prob), float(config.attention_probs_dropout_prob)

    def projection_shape(self, layer: int, name: Projection) -> tuple[int, int]:
        return self.hidden, self.hidden

    def layout(self, batch: Batch) -> UnpaddedLayout:
        return UnpaddedLayout.of(batch)

    def forward(
        self, batch: Batch, layout: BatchLayout, lanes: int, adapters: Adapters, masks: StepMasks | None
    ) -> torch.Tensor:
        assert isinstance(layout, UnpaddedLayout)
        drop = self._dropout(masks)
        h = drop(self._embed(batch, layout), "embeddings.dropout")
        h = h.expand(lanes, *h.shape).contiguous()
        for i, layer in enumerate(self._layers):
            site = f"encoder.layer.{i}"
            adapters.enter(i, h)
            own, out = layer.attention.self, layer.attention.output
            query = adapters.project(i, "query", h, own.query(h))
            value = adapters.project(i, "value", h, own.value(h))
            attended = self._attend(query, own.key(h), value, layout, masks, f"{site}.attention.self")
            h = out.LayerNorm(drop(out.dense(attended), f"{site}.attention.output.dropout") + h)
            inner = layer.output.dense(layer.intermediate.intermediate_act_fn(layer.intermediate.dense(h)))
            h = layer.output.LayerNorm(drop(inner, f"{site}.output.dropout") + h)
            h = adapters.leave(i, h)
        return h

    def _embed(self, batch: Batch, layout: UnpaddedLayout) -> torch.Tensor:
        """[N, d]"""
        e, ids = self._embeddings, batch.input_ids
        if hasattr(e, "create_position_ids_from_input_ids"):  # RoBERTa counts from its padding index
            positions = e.create_position_ids_from_input_ids(ids, e.padding_idx)
        else:
            positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        types = torch.zeros_like(ids) if batch.token_type_ids is None else batch.token_type_ids
        word, kind, place = (t.reshape(-1)[layout.source] for t in (ids, types, positions))
        summed = e.word_embeddings(word) + e.token_type_embeddings(kind) + e.position_embeddings(place)
        return e.LayerNorm(summed)

    def _dropout(self, masks: StepMasks | None) -> Callable[[torch.Tensor, str], torch.Tensor]:
        if masks is None or self._p == 0.0:
            return lambda x, site: x
        return lambda x, site: x * masks.tokens(site, x.shape[-1], self._p).to(x.dtype)

    def _attend(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        layout: UnpaddedLayout,
        masks: StepMasks | None,
        site: str,
    ) -> torch.Tensor:
        """[K, N, d] each -> [K, N, d]. `split` and `cat`, not slices: the backward of a slice fills a whole tensor."""
        sizes = [n * len(rows) for n, rows in layout.blocks]
        dropped: list[torch.Tensor | None] = [None] * len(sizes)
        if masks is not None and self._attention_p > 0.0:
            drawn = masks.pairs(site, self._heads, self._attention_p)
            dropped = list(layout.attention_blocks(drawn, self._heads))
        split = [x.split([*sizes, layout.fillers], dim=1)[: len(sizes)] for x in (query, key, value)]
        parts = zip(*split, layout.blocks, dropped, strict=True)
        attended = [self._attend_block(q, k, v, n, mask) for q, k, v, (n, _), mask in parts]
        return torch.cat([*attended, query.new_zeros(query.shape[0], layout.fillers, query.shape[2])], dim=1)

    def _attend_block(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, n: int, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Rows of one length n: [K, G * n, d] each. mask: [G, heads, n, n]."""
        # [K * G, heads, n, d / heads]
        split = (x.reshape(-1, n, self._heads, x.shape[-1] // self._heads) for x in (query, key, value))
        q, k, v = (x.transpose(1, 2) for x in split)
        if mask is None:
            out = F.scaled_dot_product_attention(q, k, v)
        else:
            out = attend_with(mask, q, k, v, q.shape[-1] ** -0.5)
        return out.transpose(1, 2).reshape(query.shape)
