"""The interface between a backbone and a bank: positions, layers, projections. No method, no architecture."""

from __future__ import annotations

import math
from typing import Literal, Protocol

import torch

from ..data.batch import Batch
from ..keyed.layout import Layout
from ..keyed.masks import StepMasks

#: The linear layers of a transformer layer: those of attention, `output` last, and those of the feed-forward block. An
#: encoder of the BERT kind has no `gate`: its `up` is the intermediate layer, its `down` the output layer.
Projection = Literal["query", "key", "value", "output", "gate", "up", "down"]
PROJECTIONS: tuple[Projection, ...] = ("query", "key", "value", "output", "gate", "up", "down")


#: A lane's rows of a matrix product are a multiple of this, and at least LEAST. CPU libraries multiply the last, odd
#: rows in another way, which rounds differently; a lane's values would then depend on its place in the stack.
ROW_MULTIPLE, LEAST = 4, 16


def whole_rows(count: int, step: int = 1) -> int:
    """The smallest safe number of rows of a lane that is at least `count` and a multiple of `step`."""
    unit = math.lcm(ROW_MULTIPLE, step)
    return -(-max(count, LEAST) // unit) * unit


#: Layer -> its input in the frozen model, [1, positions, d]; what the last layer gives has the number of layers.
FrozenStates = dict[int, torch.Tensor]


class Adapters(Protocol):
    """A backbone calls this during one forward. All tensors are [K, positions, width]; results replace `h` or `y`."""

    #: So many layers, from the lowest, compute what the frozen model does: `project` is not called in them, and only
    #: `leave` of the last of them may change anything.
    frozen_layers: int

    def enter(self, layer: int, h: torch.Tensor) -> None:
        """`h` is the hidden state exactly as it enters the layer."""

    def leave(self, layer: int, h: torch.Tensor, at: torch.Tensor | None = None) -> torch.Tensor:
        """`h` is the result of the layer's last operation. `at`: the positions that `h` has; None: all.

        Where a layer computes some positions only, `h`, `x` and `y` have these, and so have the masks
        (`StepMasks.only`).
        """

    def project(self, layer: int, name: Projection, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """`y` is the projection of `x`."""


class _NoAdapters:
    """Changes nothing: for modules whose own layers are wrapped in adapters."""

    frozen_layers = 0

    def enter(self, layer: int, h: torch.Tensor) -> None:
        pass

    def leave(self, layer: int, h: torch.Tensor, at: torch.Tensor | None = None) -> torch.Tensor:
        return h

    def project(self, layer: int, name: Projection, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return y


NO_ADAPTERS: Adapters = _NoAdapters()


class BatchLayout(Layout, Protocol):
    """How a backbone lays out a batch."""

    def first(self) -> torch.Tensor:
        """Position of each row's first token, [B]."""

    def last(self) -> torch.Tensor:
        """Position of each row's last real token, [B]."""

    def at(self, places: torch.Tensor) -> torch.Tensor:
        """Positions of real tokens, [P], from their places in the padded batch: row * T + column."""


class Backbone(Protocol):
    """A frozen model under any number of lanes, which share their batch."""

    layers: int
    hidden: int
    #: Lanes must go through it one by one.
    alone: bool

    def use_checkpointing(self) -> None:
        """From now on compute each layer again in the backward, from its input, instead of keeping what is inside.
        Changes no number."""

    def projection_shape(self, layer: int, name: Projection) -> tuple[int, int]:
        """(d_in, d_out)."""

    def layout(self, batch: Batch) -> BatchLayout:
        """Layout of this batch, for `forward` and for the masks."""

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
        """Last hidden states [K, positions, d]. `masks` None: without dropout.

        `frozen` is a cache that calls with the same batch, masks and `at` share: `forward` fills and reads it. `at` is
        positions of tokens, [P], none twice: if they are given, the result has these only, [K, P, d].
        """
