"""AdamW over lanes: every (module, lane) has its own moments and step count, every lane its own clipping norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .slot import Slot
from .stacked import Rate, Settings, StackedAdam
from .whole import WholeAdam


class LaneAdamW:
    """Equal to torch.optim.AdamW with clip_grad_norm_ for a single lane, to rounding.

    Step counts are per module and lane, since a module that is injected, or merged with fresh moments, restarts its
    bias correction (semantics.md section 5). The norm of a lane is over all its gradients, also of what does not train.
    The first update of a tensor allocates its moments, so one that never trains needs no memory for them.
    """

    def __init__(
        self,
        slots: list[Slot],
        lanes: int,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        max_grad_norm: float | None = 1.0,
    ) -> None:
        """Raises ValueError when the tensors don't fit together: either all have the lane axis, or there is one lane
        and none has it."""
        self.max_grad_norm = max_grad_norm
        self._slots = {slot.name: slot for slot in slots}
        if len(self._slots) != len(slots):
            raise ValueError("two slots have the same name")
        stacked = [slot for slot in slots if slot.stacked]
        if stacked and len(stacked) != len(slots):
            raise ValueError("tensors with a lane axis beside tensors without")
        if lanes != 1 and not stacked:
            raise ValueError("a tensor without lane axis belongs to a single lane")
        settings = Settings(betas, eps, weight_decay)
        self._adam = StackedAdam(slots, lanes, settings) if stacked else WholeAdam(slots, settings)

    @property
    def lanes(self) -> int:
        return self._adam.lanes

    def zero_grad(self) -> None:
        for slot in self._slots.values():
            slot.tensor.grad = None

    def steps(self, name: str, lane: int, module: int = 0) -> int:
        """Number of updates of this module of a tensor in this lane since its moments were reset."""
        return int(self._adam.steps(name)[lane, module])

    @torch.no_grad()
    def step(self, lr_body: Rate, lr_head: Rate) -> torch.Tensor:
        """Clip, update, and return the norm of each lane before clipping, [K]. A rate may differ by lane, [K].

        It scales the gradients of tensors without lane axis in place.
        """
        norms = self._adam.norms()
        # As clip_grad_norm_: min(1, max / (norm + 1e-6)). Always multiplied: a test of its value would wait for a GPU.
        scale = None if self.max_grad_norm is None else (self.max_grad_norm / (norms + 1e-6)).clamp(max=1.0)
        self._adam.update(lr_body, lr_head, scale)
        return norms

    def reset(self, name: str, lane: int, module: int) -> None:
        """Set moments and step count of one module of a stacked tensor to zero."""
        self._stacked.reset(name, lane, module)

    def move(self, name: str, lane: int, source: int, target: int) -> None:
        """Give module `target` of a stacked tensor the moments and step count of `source`, and reset those."""
        self._stacked.copy(name, lane, source, target)
        self._stacked.reset(name, lane, source)

    def fork(self, rows: Sequence[int]) -> None:
        """Lane i becomes a copy of the former lane rows[i], as the slots already have."""
        self._stacked.fork(rows)

    @property
    def _stacked(self) -> StackedAdam:
        assert isinstance(self._adam, StackedAdam)
        return self._adam

    def state_dict(self) -> dict[str, Any]:
        """By name of the tensor: step counts [K, modules] and both moments. Tensors are not copied."""
        moments = self._adam.moments
        return {
            "steps": {name: self._adam.steps(name) for name in self._slots},
            "first": {name: m for name, (m, _) in moments.items()},
            "second": {name: v for name, (_, v) in moments.items()},
        }

    def resume(self, state: dict[str, Any], rows: Sequence[int]) -> None:
        """Let lane i continue lane rows[i] of a `state_dict`. Raises ValueError when a tensor is missing in it."""
        missing = sorted(set(self._slots) - set(state["steps"]))
        if missing:
            raise ValueError(f"the optimizer's state does not know the tensor {missing[0]}")

        def of(part: dict[str, torch.Tensor], name: str) -> torch.Tensor:
            slot = self._slots[name]
            chosen = part[name][list(rows)] if slot.stacked else part[name]
            return chosen.to(slot.tensor, copy=True)

        steps = {name: state["steps"][name][list(rows)] for name in self._slots}
        first, second = state["first"], state["second"]
        self._adam.restore(steps, {n: (of(first, n), of(second, n)) for n in self._slots if n in first})
