"""The unpadded decoder with adapters as one that continues texts."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..data.batch import Batch
from .backbone import Adapters, BatchLayout
from .decoder import Cache
from .heads import LanguageModelHead
from .key_values import KeyValues
from .unpadded_decoder import UnpaddedDecoder


class AdaptedDecoder:
    """Implements `Decoder`. What an adapter adds depends on its token alone, so that the cache has keys and values
    only, those of injected LoRA included. `adapters`: of one lane, made anew for each forward."""

    def __init__(self, backbone: UnpaddedDecoder, head: LanguageModelHead, adapters: Callable[[], Adapters]) -> None:
        self._backbone, self._head, self._adapters = backbone, head, adapters

    @property
    def shares_within(self) -> None:
        """A row's places follow each other, whatever it began with."""
        return None

    def new_cache(self, rows: int) -> KeyValues:
        return KeyValues(rows, self._backbone.layers)

    @torch.inference_mode()
    def next_logits(self, batch: Batch, cache: Cache) -> torch.Tensor:
        assert isinstance(cache, KeyValues)
        layout: BatchLayout = self._backbone.layout(batch)
        hidden = self._backbone.forward(batch, layout, 1, self._adapters(), None, at=layout.last(), past=cache)
        return self._head.logits(hidden)[0]
