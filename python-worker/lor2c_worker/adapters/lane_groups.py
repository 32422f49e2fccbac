"""Forward of lanes through backbone and head: together on a GPU, where kernel launches cost time; else one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from ..backbones.backbone import Backbone, BatchLayout, FrozenStates
from ..backbones.heads import Head
from ..data.batch import Batch
from ..keyed.masks import StepMasks
from ..launches import at_once
from .bank import Bank


def group_size(lanes: int, device: torch.device, *, alone: bool) -> int:
    """How many lanes go through the backbone together; `alone`: it takes them one by one.

    On the CPU it is one: products of thousands of rows gain nothing from more rows, and a lane then computes the same
    products, of the same shapes, as it does alone. So its bits can't depend on its neighbours, with any library.
    """
    return lanes if at_once(device) and not alone else 1


def forward(
    backbone: Backbone,
    bank: Bank,
    head: Head,
    batch: Batch,
    layout: BatchLayout,
    masks: StepMasks | None,
    lanes: Sequence[int],
    tensors: Mapping[str, torch.Tensor],
    frozen: FrozenStates,
) -> torch.Tensor:
    """Logits [K, B, C], or losses [K, P] of a language model's targets, of the K `lanes`.

    `tensors` [K, ...] are those of these lanes, by the names of the slots of bank and head. `masks` None: without
    dropout. `frozen`: see `Backbone.forward`.
    """
    device = batch.input_ids.device
    size = group_size(len(lanes), device, alone=backbone.alone)
    # One split: its backward is one `cat`. The backward of slices would fill a whole tensor for each lane.
    used = {slot.name: tensors[slot.name] for slot in bank.used()}
    cuts = {name: (x,) if size == len(lanes) else x.split(size) for name, x in used.items()}
    found, at = [], head.positions(batch, layout)
    for group, first in enumerate(range(0, len(lanes), size)):
        members = lanes[first : first + size]
        adapters = bank.begin(masks, members, {name: parts[group] for name, parts in cuts.items()})
        found.append(backbone.forward(batch, layout, len(members), adapters, masks, frozen, at))
    hidden = found[0] if len(found) == 1 else torch.cat(found)
    return head.outputs(hidden, batch, masks, tensors)
