"""AdamW of tensors without a lane axis: parameters inside a model, which belong to a single lane."""

from __future__ import annotations

from collections import defaultdict

import torch

from .slot import Slot
from .stacked import Rate, Settings


class WholeAdam:
    """Uses torch's fused update, which goes over memory once and needs none of its own: a tensor may be the largest of
    the model. A tensor without gradient is left alone, moments and step count included."""

    def __init__(self, slots: list[Slot], settings: Settings) -> None:
        self.slots, self.lanes, self.settings = slots, 1, settings
        self.moments: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        #: float32, on the device of the tensor, as the fused update needs them.
        self._steps = {slot.name: torch.zeros((), device=slot.tensor.device) for slot in slots}

    def steps(self, name: str) -> torch.Tensor:
        """Updates of the tensor, [1, 1]."""
        return self._steps[name].long().view(1, 1)

    def norms(self) -> torch.Tensor:
        """Norm over all gradients, [1]."""
        grads = [_grad(slot) for slot in self._with_gradient()]
        if not grads:
            return torch.zeros(1, device=self.slots[0].tensor.device if self.slots else None)
        return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))[None]

    def update(self, lr_body: Rate, lr_head: Rate, scale: torch.Tensor | None) -> None:
        """Update all tensors that have a gradient. Scales the gradients in place."""
        groups: defaultdict[tuple[object, ...], list[Slot]] = defaultdict(list)
        for slot in self._with_gradient():
            groups[slot.role, self._decay(slot), slot.tensor.dtype, slot.tensor.device].append(slot)
        for (role, *_), slots in groups.items():
            self._update(slots, float(lr_head if role == "head" else lr_body), scale)

    def _update(self, slots: list[Slot], rate: float, scale: torch.Tensor | None) -> None:
        """`slots` have one weight decay, number format and device."""
        grads, steps = [_grad(slot) for slot in slots], [self._steps[slot.name] for slot in slots]
        moments = [self._moments(slot) for slot in slots]
        if scale is not None:
            torch._foreach_mul_(grads, scale[0])
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(
            [slot.tensor for slot in slots],
            grads,
            [m for m, _ in moments],
            [v for _, v in moments],
            [],
            steps,
            lr=rate,
            beta1=self.settings.betas[0],
            beta2=self.settings.betas[1],
            weight_decay=self._decay(slots[0]),
            eps=self.settings.eps,
            amsgrad=False,
            maximize=False,
        )

    def _with_gradient(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.tensor.grad is not None]

    def _moments(self, slot: Slot) -> tuple[torch.Tensor, torch.Tensor]:
        if slot.name not in self.moments:
            self.moments[slot.name] = torch.zeros_like(slot.tensor), torch.zeros_like(slot.tensor)
        return self.moments[slot.name]

    def _decay(self, slot: Slot) -> float:
        return slot.decays(self.lanes, self.settings.weight_decay)[0]

    def restore(self, steps: dict[str, torch.Tensor], moments: dict[str, tuple[torch.Tensor, torch.Tensor]]) -> None:
        """Continue with the counts and moments of a state, by name."""
        for name, count in self._steps.items():
            count.fill_(float(steps[name]))
        self.moments = moments


def _grad(slot: Slot) -> torch.Tensor:
    assert slot.tensor.grad is not None
    return slot.tensor.grad
