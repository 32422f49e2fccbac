"""A trained tensor, of all lanes or of one, and what the optimizer does with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

Role = Literal["body", "head"]


@dataclass(eq=False)
class Slot:
    """A trained tensor. `stacked` tensors have the lane axis first, [K, ...]; others belong to a single lane.

    `layered` tensors have one module per layer, [K, L, ...], each with moments, step count and a flag of its own;
    others are one module. The learner that owns the slot replaces `trains` and `decay` when its structure changes, and
    never changes them in place: the optimizer notices a change by their identity, which costs no wait for a GPU.
    """

    name: str
    tensor: torch.Tensor
    role: Role
    stacked: bool = True
    layered: bool = False
    #: Which modules the optimizer updates: bool on the CPU, [K, L] or [K]. None: all.
    trains: torch.Tensor | None = None
    #: Per lane: its weight decay. Empty or None: the optimizer's.
    decay: Sequence[float | None] = ()

    @property
    def modules(self) -> int:
        """Number of modules of a lane: L of a layered tensor, else 1."""
        return self.tensor.shape[1] if self.layered else 1

    def decays(self, lanes: int, default: float) -> list[float]:
        """Weight decay of each lane; `default` is the optimizer's."""
        return [default if own is None else own for own in self.decay or [None] * lanes]

    def fork(self, rows: Sequence[int]) -> None:
        """Lane i becomes a copy of the former lane rows[i]."""
        index = torch.tensor(list(rows), device=self.tensor.device)
        self.tensor = self.tensor.detach().index_select(0, index).requires_grad_()

    def leaf(self, first: int, count: int, *, trains: bool) -> torch.Tensor:
        """Lanes `first` to `first + count` as a leaf of their own, [count, ...]. With `trains`, a backward adds to the
        same lanes of the whole tensor's gradient.

        A slice inside the graph would also work, but its backward would fill a tensor of all lanes with zeros: with 49
        lanes that costs more than a step of a small model.
        """
        part = self.tensor.detach()[first : first + count]
        if trains:
            if self.tensor.grad is None:
                self.tensor.grad = torch.zeros_like(self.tensor)
            part.requires_grad_()
            part.grad = self.tensor.grad[first : first + count]
        return part
