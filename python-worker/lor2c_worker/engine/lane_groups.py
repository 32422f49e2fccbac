"""Lanes through backbone and head: together where a launch costs, one after another where cores compute."""

from __future__ import annotations

import torch

from .backbone import Backbone, BatchLayout, FrozenStates
from .bank import Bank
from .dropout import StepMasks
from .heads import Head
from .learner import Batch
from .precision import as_given


def group_size(lanes: int, device: torch.device) -> int:
    """Lanes that go through the backbone in one piece.

    One on the CPU: products of thousands of rows gain nothing from more rows, and a lane then computes the same
    products, of the same shapes, as it does alone. So its bits can't depend on its neighbours, whatever the library.
    """
    return lanes if device.type == "cuda" else 1


def forward(
    backbone: Backbone, bank: Bank, head: Head, batch: Batch, layout: BatchLayout, masks: StepMasks | None
) -> torch.Tensor:
    """Logits [K, B, C], or [K, B, T, V] of a language model. `masks` None: without dropout."""
    device = batch.input_ids.device
    size = group_size(bank.lanes, device)
    frozen: FrozenStates = {}
    pooled = []
    for first, adapters in zip(range(0, bank.lanes, size), bank.begin_groups(masks, size), strict=True):
        lanes = min(size, bank.lanes - first)
        hidden = backbone.forward(batch, layout, lanes, adapters, masks, frozen)
        pooled.append(head.pool(hidden, layout))
    with as_given(device):
        return head.logits(torch.cat(pooled), masks)
