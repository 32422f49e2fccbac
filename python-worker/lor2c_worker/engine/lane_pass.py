"""Some lanes of a stack for one forward and backward: their own leaves, and their gradients put where they belong.

A slice of the stacked tensors would do as well, but its backward fills a tensor of all lanes with zeros, once for each
use: with 49 lanes that costs more than a small model's step.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .learner import Slot


class LanePass:
    """Consecutive `lanes`, filled up to `width` with copies of the last one where that is more.

    Filling keeps the shapes of every product the same whatever the number of lanes: what a lane computes on CUDA then
    does not depend on its neighbours. A copy's results are cut off, so it has no gradient.
    """

    def __init__(self, slots: list[Slot], lanes: Sequence[int], width: int, *, trains: bool) -> None:
        self._slots, self._first, self._count = slots, lanes[0], len(lanes)
        #: The lanes of the forward, copies included.
        self.lanes = [*lanes, *[lanes[-1]] * (width - len(lanes))]
        self.tensors = {slot.name: self._rows(slot.tensor.detach()) for slot in slots}
        if trains:
            for tensor in self.tensors.values():
                tensor.requires_grad_()

    def _rows(self, stacked: torch.Tensor) -> torch.Tensor:
        if len(self.lanes) == self._count:
            return stacked[self._first : self._first + self._count]
        return stacked[self.lanes]

    @torch.no_grad()
    def gather(self) -> None:
        """Add the leaves' gradients to those of the stacked tensors."""
        for slot in self._slots:
            grad = self.tensors[slot.name].grad
            if grad is None:
                continue
            if slot.tensor.grad is None:
                slot.tensor.grad = torch.zeros_like(slot.tensor)
            slot.tensor.grad[self._first : self._first + self._count] += grad[: self._count]


def split_lanes(count: int, width: int | None) -> list[list[int]]:
    """Groups of at most `width` consecutive lanes; None: one group."""
    size = count if width is None else width
    return [list(range(first, min(first + size, count))) for first in range(0, count, size)]
