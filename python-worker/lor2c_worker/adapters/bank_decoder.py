"""A lane of a bank as a decoder, which continues texts through its adapters."""

from __future__ import annotations

import torch

from ..backbones.backbone import BatchLayout
from ..backbones.decoder import Cache
from ..backbones.heads import LanguageModelHead
from ..backbones.key_values import KeyValues
from ..backbones.unpadded_decoder import UnpaddedDecoder
from ..data.batch import Batch
from .bank import Bank


class BankDecoder:
    """Implements `Decoder`. What a module adds depends on its token alone, so that the cache has keys and values only,
    those of injected LoRA included."""

    def __init__(self, backbone: UnpaddedDecoder, bank: Bank, head: LanguageModelHead, lane: int) -> None:
        self._backbone, self._bank, self._head, self._lane = backbone, bank, head, lane

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
        adapters = self._bank.begin(None, [self._lane])
        hidden = self._backbone.forward(batch, layout, 1, adapters, None, at=layout.last(), past=cache)
        return self._head.logits(hidden)[0]
