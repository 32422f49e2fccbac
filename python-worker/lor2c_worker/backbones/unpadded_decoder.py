"""Decoders of the Llama form on real tokens only: the same weights and sums as the transformers module, no padding.

Tokens of all rows follow each other, rows ordered by length (see `UnpaddedLayout`); each is turned by its own place in
its row (RoPE). In mixed precision products are in bfloat16; the residual stream, norms and softmax stay in fp32, and so
do the inputs of adapters.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..data.batch import Batch
from ..keyed.masks import StepMasks
from ..launches import at_once
from .backbone import Adapters, BatchLayout, FrozenStates, Projection
from .causal_attention import Heads
from .checkpointing import Again
from .decoder_attention import attend
from .decoder_ops import gated, rms_norm, rotate, spread, take
from .hf_backbone import base_of, find_layers
from .key_values import KeyValues
from .layers import only, through_layers
from .precision import Products, as_given, low_dtype
from .unpadded_layout import UnpaddedLayout

#: config.model_type of the models whose layers have this form.
FAMILIES = ("llama", "mistral", "qwen2")
#: Kinds of RoPE whose angles depend on the rows' lengths, which differ between padded and unpadded batches.
_BY_LENGTH = ("dynamic", "longrope")

#: cos and sin of each token's angles, [N, size / 2].
Angles = tuple[torch.Tensor, torch.Tensor]


class UnpaddedDecoder:
    """Implements `Backbone` with the weights of a transformers module, which it does not change."""

    alone = False

    def __init__(self, module: nn.Module, *, padded_attention: bool | None = None) -> None:
        """`padded_attention` None: on a GPU, where it is faster. Raises ValueError for a model of another form."""
        config: Any = module.config
        if config.model_type not in FAMILIES or _rope_of(config) in _BY_LENGTH:
            raise ValueError(f"{type(module).__name__} is no decoder of the Llama form with fixed angles")
        base: Any = base_of(module)
        layers, paths = find_layers(base)
        self._blocks: list[Any] = list(layers)
        self._linears = [{name: layer.get_submodule(at.module) for name, at in paths.items()} for layer in layers]
        self._base, self.layers, self.hidden = base, len(layers), int(config.hidden_size)
        self._dropout = float(config.attention_dropout)
        self._heads = [_heads_of(config, layer.self_attn, i) for i, layer in enumerate(self._blocks)]
        self._padded_attention = padded_attention
        self._products = Products()
        self._again: Again | None = None

    def use_checkpointing(self, again: Again = nullcontext) -> None:
        """`again`: brings back what wrapped layers read besides their inputs."""
        self._again = again

    def projection_shape(self, layer: int, name: Projection) -> tuple[int, int]:
        linear: Any = self._linears[layer][name]
        return int(linear.in_features), int(linear.out_features)

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
        past: KeyValues | None = None,
    ) -> torch.Tensor:
        """As `through_layers`, after the final norm. `at`: no position twice.

        `past`: what the rows have seen before the tokens of the batch, whose keys and values are added to it. For one
        lane, in an evaluation.
        """
        assert isinstance(layout, UnpaddedLayout)
        device, angles = batch.input_ids.device, self._angles(layout, past)
        low = low_dtype(device)

        def layer(i: int, h: torch.Tensor, own: Adapters | None, kept: torch.Tensor | None) -> torch.Tensor:
            return self._layer(i, h, layout, angles, own, masks, low, at, kept, past)

        with as_given(device):
            ids = batch.input_ids.reshape(-1)[layout.source]
            h = through_layers(
                self.layers,
                lambda: self._embed(ids)[None],
                layer,
                lanes,
                adapters,
                masks,
                frozen,
                at,
                again=self._again,
            )
            if past is not None:
                past.advance(layout)
            return self._norm(self._base.norm, h)

    def _layer(
        self,
        i: int,
        h: torch.Tensor,
        layout: UnpaddedLayout,
        angles: Angles,
        adapters: Adapters | None,
        masks: StepMasks | None,
        low: torch.dtype | None,
        at: torch.Tensor | None,
        kept: torch.Tensor | None,
        past: KeyValues | None,
    ) -> torch.Tensor:
        """[K, N, d] -> [K, N, d]. `adapters` None: without any. `kept`: of the positions `at`, with fillers after them
        so that they are as many as `kept`, [K, P, d]."""
        heads, x = self._heads[i], self._norm(self._blocks[i].input_layernorm, h)
        key = rotate(self._project(i, "key", x, adapters, low), *angles, heads.size)
        value = self._project(i, "value", x, adapters, low)
        if at is None or kept is None:
            query = rotate(self._project(i, "query", x, adapters, low), *angles, heads.size)
            return self._after_attention(i, h, self._attend(i, query, key, value, layout, masks, past), adapters, low)
        more, positions = len(kept) - len(at), h.shape[1]
        h, x = (F.pad(take(part, at), (0, 0, 0, more)) for part in (h, x))
        with only(masks, kept):
            query = self._project(i, "query", x, adapters, low)[:, : len(at)]
            query = rotate(query, *_of(angles, at), heads.size)
        attended = self._attend(i, spread(query, at, positions), key, value, layout, masks, past)
        with only(masks, kept):
            return self._after_attention(i, h, F.pad(take(attended, at), (0, 0, 0, more)), adapters, low)

    def _attend(
        self,
        i: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        layout: UnpaddedLayout,
        masks: StepMasks | None,
        past: KeyValues | None,
    ) -> torch.Tensor:
        if past is not None:
            past.add(i, key, value, layout, self._heads[i])
            if not past.empty:
                return past.attend(i, query, layout, self._heads[i])
        padded = at_once(query.device) if self._padded_attention is None else self._padded_attention
        site = f"layers.{i}.self_attn"
        return attend(query, key, value, layout, self._heads[i], masks, site, self._dropout, padded=padded)

    def _after_attention(
        self, i: int, h: torch.Tensor, attended: torch.Tensor, adapters: Adapters | None, low: torch.dtype | None
    ) -> torch.Tensor:
        """The layer from its attention's output projection on. h: the layer's input, [K, P, d] as `attended`."""
        layer = self._blocks[i]
        h = h + self._project(i, "output", attended, adapters, low)
        x = self._norm(layer.post_attention_layernorm, h)
        gate, up = (self._project(i, name, x, adapters, low) for name in ("gate", "up"))
        act = layer.mlp.act_fn
        inner = gated(gate, up) if _is_silu(act) else act(gate) * up
        return h + self._project(i, "down", inner, adapters, low)

    def _project(
        self, i: int, name: Projection, x: torch.Tensor, adapters: Adapters | None, low: torch.dtype | None
    ) -> torch.Tensor:
        """In the number format of the products, also where a wrapped layer gives another one. Adapters get `x` as it is
        given."""
        y = self._products(self._linears[i][name], x, low)
        y = y if low is None else y.to(low)
        return y if adapters is None else adapters.project(i, name, x, y).to(y.dtype)

    def _embed(self, ids: torch.Tensor) -> torch.Tensor:
        """[N] -> [N, d]. A token that is used as padding elsewhere gets its gradient: here is none."""
        embedding = self._base.embed_tokens
        plain = type(embedding) is nn.Embedding and not embedding._forward_hooks
        h = F.embedding(ids, embedding.weight) if plain else embedding(ids)
        return h.to(torch.promote_types(h.dtype, torch.float32))

    def _angles(self, layout: UnpaddedLayout, past: KeyValues | None) -> Angles:
        """Of each token's place in its row."""
        places = layout.source % layout.width
        if past is not None:
            places = places + past.seen(places.device)[layout.source // layout.width]
        weight = next(p for p in self._base.parameters() if p.is_floating_point())
        like = torch.empty(0, dtype=torch.promote_types(weight.dtype, torch.float32), device=places.device)
        cos, sin = (part[0] for part in self._base.rotary_emb(like, places[None]))
        half = cos.shape[-1] // 2  # both halves are equal
        return cos[:, :half].contiguous(), sin[:, :half].contiguous()

    @staticmethod
    def _norm(norm: Any, h: torch.Tensor) -> torch.Tensor:
        """A module that wraps the norm (an adapter) is called instead."""
        if type(norm).__name__.endswith("RMSNorm") and not norm._forward_hooks:
            return rms_norm(h, norm.weight, norm.variance_epsilon)
        return norm(h)


def _is_silu(act: Any) -> bool:
    """Transformers has had a class of its own for it."""
    return type(act) is nn.SiLU or type(act).__name__ == "SiLUActivation"


def _of(angles: Angles, at: torch.Tensor) -> Angles:
    cos, sin = angles
    return cos.index_select(0, at), sin.index_select(0, at)


def _rope_of(config: Any) -> str:
    return str((getattr(config, "rope_parameters", None) or {}).get("rope_type", "default"))


def _heads_of(config: Any, attention: Any, layer: int) -> Heads:
    types, window = getattr(config, "layer_types", None), getattr(config, "sliding_window", None)
    if config.model_type == "llama" or (types and types[layer] != "sliding_attention"):
        window = None
    heads = int(config.num_attention_heads)
    return Heads(heads, heads // attention.num_key_value_groups, attention.head_dim, window)
