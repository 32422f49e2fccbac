"""Some lanes of a stack for one forward and backward, as leaf tensors; `gather` adds their gradients to the stack's.

Slices of the stacked tensors would also work, but the backward of each use would fill a tensor of all lanes with zeros:
with 49 lanes that costs more than a step of a small model.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..optim.slot import Slot


class LanePass:
    """Consecutive `lanes`, filled up to `width` with copies of the last one.

    So the shapes of all products stay the same for any number of lanes, and a lane's results on CUDA do not depend on
    its neighbours. The copies' results are cut off, so copies have no gradient.
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
    """Groups of at most `width` consecutive lanes; `width` None: one group."""
    size = count if width is None else width
    return [list(range(first, min(first + size, count))) for first in range(0, count, size)]
