"""A transformers module as decoder, with the library's own cache. Serves every causal language model, padded."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from typing import Any

import torch
from torch import nn
from transformers import DynamicCache

from ..data.batch import Batch


class HfCache:
    """The library's cache, in which the rows end in the same column: a shorter row has padding before its tokens.

    So a distance in columns is one in tokens, on which a sliding window depends. Tokens of unequal number that join
    what is there already leave a gap between both.
    """

    def __init__(self, rows: int) -> None:
        #: Made without a config, it keeps all tokens of every layer; masks alone make a window.
        self.states = DynamicCache()
        #: Which columns hold tokens, [B, columns].
        self.real = torch.zeros(rows, 0, dtype=torch.bool)

    def keep(self, rows: Sequence[int]) -> None:
        index = torch.tensor(rows, device=self.real.device)
        self.states.batch_select_indices(index)
        self.real = self.real[index]

    def copy(self, rows: Sequence[int]) -> HfCache:
        own = HfCache(0)
        own.real, own.states.layers = self.real, [copy(layer) for layer in self.states.layers]
        own.keep(rows)  # selects, and so copies
        return own


class HfDecoder:
    """Implements `Decoder`. `using` opens what the module needs around each forward, such as adapters in its hooks."""

    def __init__(self, module: nn.Module, using: Callable[[], AbstractContextManager[Any]] = nullcontext) -> None:
        self._module, self._using = module, using
        config: Any = module.config
        inner: Any = getattr(module, "get_base_model", lambda: module)()
        names = inspect.signature(inner.forward).parameters
        self._cache_name = "cache" if "cache" in names else "past_key_values"
        types = getattr(config, "layer_types", None) or []
        slides = "sliding_attention" in types or (not types and getattr(config, "sliding_window", None) is not None)
        #: A gap in a row counts as tokens for a sliding window.
        self.shares_within: int | None = config.sliding_window if slides else None

    def new_cache(self, rows: int) -> HfCache:
        return HfCache(rows)

    @torch.inference_mode()
    def next_logits(self, batch: Batch, cache: Any) -> torch.Tensor:
        assert isinstance(cache, HfCache)
        ids, real = _aligned_right(batch)
        seen = cache.real.to(ids.device)
        before = seen.sum(dim=1, keepdim=True)
        mask = torch.cat([seen, real], dim=1)
        if (
            self.shares_within is not None
            and not bool(real.all())
            and bool(before.any())
            and mask.shape[1] > self.shares_within
        ):
            raise ValueError("rows of unequal length cannot join a cache of a sliding window: continue them one by one")
        inputs = {
            "input_ids": ids,
            "position_ids": (before + real.cumsum(dim=1) - 1).clamp(min=0),
            self._cache_name: cache.states,
            "use_cache": True,
            "logits_to_keep": 1,
        }
        if not bool(mask.all()):
            inputs["attention_mask"] = mask.long()
        with self._using():
            logits = self._module(**inputs).logits[:, -1]
        cache.real = mask
        return logits.float()


def _aligned_right(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """(ids, which of them are real) [B, T], with the padding before each row's tokens."""
    lengths, ids = batch.row_lengths(), batch.input_ids
    width = ids.shape[1]
    if min(lengths) == width:
        return ids, torch.ones_like(ids, dtype=torch.bool)
    shift = width - torch.tensor(lengths, device=ids.device)[:, None]
    source = torch.arange(width, device=ids.device)[None] - shift  # [B, T], negative on padding
    return ids.gather(1, source.clamp(min=0)), source >= 0
