"""The way of the lanes through the layers of an unpadded backbone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch.nn import functional as F

from ..keyed.masks import StepMasks
from .backbone import Adapters, FrozenStates, whole_rows
from .checkpointing import Again, computed_again

#: Layer number, h [K, N, d], adapters (None: without any) and positions `kept` (None: all) -> h after the layer, of
#: these positions only, [K, P, d]. It keeps nothing, so that it may be computed again.
Layer = Callable[[int, torch.Tensor, Adapters | None, torch.Tensor | None], torch.Tensor]


def through_layers(
    count: int,
    embed: Callable[[], torch.Tensor],
    layer: Layer,
    lanes: int,
    adapters: Adapters,
    masks: StepMasks | None,
    frozen: FrozenStates | None,
    at: torch.Tensor | None,
    *,
    again: Again | None,
) -> torch.Tensor:
    """[1, N, d] of `embed` -> [K, N, d] after the last layer; with `at` of these positions only, [K, len(at), d].

    All lanes share one computation up to the lowest layer that an adapter changes. With `at` the last layer computes
    only these positions beyond its keys and values. `again`: the backward computes each layer again, from its input,
    instead of keeping what is inside.
    """
    last, frozen = count - 1, {} if frozen is None else frozen
    kept = None if at is None else F.pad(at, (0, whole_rows(len(at)) - len(at)))

    def each(h: torch.Tensor) -> torch.Tensor:
        return h.expand(lanes, *h.shape[1:]).contiguous()

    def compute(i: int, h: torch.Tensor, own: Adapters | None) -> torch.Tensor:
        given = i, h, own, kept if i == last else None
        # A frozen layer keeps nothing: no gradient goes through it.
        return layer(*given) if own is None or again is None else computed_again(layer, again, *given)

    if 0 not in frozen:
        frozen[0] = embed()
    for i in range(adapters.frozen_layers):
        if i + 1 not in frozen:
            frozen[i + 1] = compute(i, frozen[i], None)
        adapters.enter(i, each(frozen[i]))
    h = each(frozen[adapters.frozen_layers])
    if adapters.frozen_layers > 0:
        h = _leave(adapters, adapters.frozen_layers - 1, h, masks, kept if adapters.frozen_layers == count else None)
    for i in range(adapters.frozen_layers, count):
        adapters.enter(i, h)
        h = compute(i, h, adapters)
        h = _leave(adapters, i, h, masks, kept if i == last else None)
    return h if at is None else h[:, : len(at)]


def _leave(
    adapters: Adapters, i: int, h: torch.Tensor, masks: StepMasks | None, kept: torch.Tensor | None
) -> torch.Tensor:
    if kept is None:
        return adapters.leave(i, h)
    with only(masks, kept):
        return adapters.leave(i, h, kept)


def only(masks: StepMasks | None, kept: torch.Tensor) -> AbstractContextManager[None]:
    """A context in which the masks are those of the positions `kept`."""
    return nullcontext() if masks is None else masks.only(kept)
