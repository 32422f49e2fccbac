"""AdamW over lanes: every (tensor, lane) has its own moments and step count, every lane its own clipping norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .slot import Slot


class LaneAdamW:
    """Equal to torch.optim.AdamW with clip_grad_norm_ for a single lane, to rounding.

    Step counts are per tensor and lane, since a module that is injected, or merged with fresh moments, restarts its
    bias correction (semantics.md section 5). Moments of stacked tensors are stacked too. The first update allocates
    them, so a tensor that never trains needs no memory for them.
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
        self.lanes, self.betas, self.eps = lanes, betas, eps
        self.weight_decay, self.max_grad_norm = weight_decay, max_grad_norm
        self._slots = {slot.name: slot for slot in slots}
        if len(self._slots) != len(slots):
            raise ValueError("two slots have the same name")
        if lanes != 1 and not all(slot.stacked for slot in slots):
            raise ValueError("a tensor without lane axis belongs to a single lane")
        self._steps: dict[str, list[int]] = {slot.name: [0] * lanes for slot in slots}
        self._moments: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def zero_grad(self) -> None:
        for slot in self._slots.values():
            slot.tensor.grad = None

    def steps(self, name: str, lane: int) -> int:
        """Number of updates of this tensor in this lane since its moments were reset."""
        return self._steps[name][lane]

    @torch.no_grad()
    def step(self, lr_body: float, lr_head: float) -> torch.Tensor:
        """Clip, update, and return the norm of each lane before clipping, [K]. Gradients are scaled in place."""
        slots = [slot for slot in self._slots.values() if slot.tensor.grad is not None]
        norms = self._norms(slots)
        # As clip_grad_norm_: min(1, max / (norm + 1e-6)). Always multiplied: a test of its value would wait for a GPU.
        scale = None if self.max_grad_norm is None else (self.max_grad_norm / (norms + 1e-6)).clamp(max=1.0)
        whole = [slot for slot in slots if not slot.stacked and self._flag(slot.trains, 0)]
        if scale is not None and whole:
            torch._foreach_mul_([_grad(slot) for slot in whole], scale[0])
        for slot in slots:
            lr = lr_head if slot.role == "head" else lr_body
            if slot.stacked:
                self._update_stacked(slot, lr, scale)
            elif self._flag(slot.trains, 0):
                self._update_whole(slot, lr)
        return norms

    def _norms(self, slots: list[Slot]) -> torch.Tensor:
        """Global gradient norm per lane, [K]. Each lane is summed by itself, in the order of the slots."""
        norms = []
        for lane in range(self.lanes):
            grads = [
                _grad(slot)[lane] if slot.stacked else _grad(slot) for slot in slots if self._flag(slot.counts, lane)
            ]
            if grads:
                norms.append(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads))))
            else:
                norms.append(torch.zeros((), device=slots[0].tensor.device if slots else None))
        return torch.stack(norms)

    def _update_stacked(self, slot: Slot, lr: float, scale: torch.Tensor | None) -> None:
        """Uses unfused operations. Fused ones may round the vectorised body and the tail of a tensor differently, and a
        value would then depend on its lane's place in the stack."""
        lanes = [lane for lane in range(self.lanes) if self._flag(slot.trains, lane)]
        if not lanes:
            return
        first, second = self._make_moments(slot)
        rows: Any = slice(None) if len(lanes) == self.lanes else lanes
        parameter, grad = slot.tensor[rows], _grad(slot)[rows]
        m, v = first[rows], second[rows]
        beta1, beta2 = self.betas
        decays, sizes, roots = [], [], []
        for lane in lanes:
            self._steps[slot.name][lane] += 1
            count = self._steps[slot.name][lane]
            decays.append(1.0 - lr * self._decay(slot, lane))
            sizes.append(lr / (1.0 - beta1**count))
            roots.append((1.0 - beta2**count) ** 0.5)
        column = _columns(parameter)
        if scale is not None:
            grad = grad * scale[rows].view(column).to(grad.dtype)
        m = m * beta1 + grad * (1.0 - beta1)
        v = v * beta2 + grad * grad * (1.0 - beta2)
        denominator = v.sqrt() / parameter.new_tensor(roots).view(column) + self.eps
        change = m / denominator * parameter.new_tensor(sizes).view(column)
        slot.tensor[rows] = parameter * parameter.new_tensor(decays).view(column) - change
        first[rows], second[rows] = m, v

    def _update_whole(self, slot: Slot, lr: float) -> None:
        """Update one unstacked tensor in place. The only temporary is the denominator."""
        m, v = self._make_moments(slot)
        beta1, beta2 = self.betas
        self._steps[slot.name][0] += 1
        count = self._steps[slot.name][0]
        grad = _grad(slot)
        slot.tensor.mul_(1.0 - lr * self._decay(slot, 0))
        m.lerp_(grad, 1.0 - beta1)
        v.mul_(beta2).addcmul_(grad, grad, value=1.0 - beta2)
        denominator = (v.sqrt() / (1.0 - beta2**count) ** 0.5).add_(self.eps)
        slot.tensor.addcdiv_(m, denominator, value=-lr / (1.0 - beta1**count))

    def _make_moments(self, slot: Slot) -> tuple[torch.Tensor, torch.Tensor]:
        if slot.name not in self._moments:
            self._moments[slot.name] = (torch.zeros_like(slot.tensor), torch.zeros_like(slot.tensor))
        return self._moments[slot.name]

    def _decay(self, slot: Slot, lane: int) -> float:
        own = slot.decay[lane] if slot.decay else None
        return self.weight_decay if own is None else own

    @staticmethod
    def _flag(values: list[bool], lane: int) -> bool:
        return values[lane] if values else True

    def reset(self, name: str, lane: int) -> None:
        """Set moments and step count of one tensor of one lane to zero."""
        self._steps[name][lane] = 0
        for moment in self._moments.get(name, ()):
            (moment[lane] if self._slots[name].stacked else moment).zero_()

    def move(self, source: str, target: str, lane: int) -> None:
        """Give `target` the moments and step count of `source` (tensors of one shape), and reset those of `source`."""
        self._steps[target][lane] = self._steps[source][lane]
        if source in self._moments:
            for to, moment in zip(self._make_moments(self._slots[target]), self._moments[source], strict=True):
                to[lane] = moment[lane]
        else:
            self.reset(target, lane)
        self.reset(source, lane)

    def fork(self, rows: Sequence[int], slots: list[Slot]) -> None:
        """Lane i becomes a copy of the former lane rows[i]. `slots`: the learner's tensors, already copied likewise."""
        self.lanes = len(rows)
        index = list(rows)
        self._slots = {slot.name: slot for slot in slots}
        self._steps = {name: [steps[row] for row in rows] for name, steps in self._steps.items()}
        self._moments = {name: (m[index].clone(), v[index].clone()) for name, (m, v) in self._moments.items()}

    def state_dict(self) -> dict[str, Any]:
        """Moments by name, and step counts per lane. Tensors are not copied."""
        return {"lanes": self.lanes, "steps": self._steps, "moments": self._moments}

    def resume(self, state: dict[str, Any], rows: Sequence[int]) -> None:
        """Let lane i continue lane rows[i] of a `state_dict`. Raises ValueError when a tensor is missing in it."""
        missing = sorted(set(self._slots) - set(state["steps"]))
        if missing:
            raise ValueError(f"the optimizer's state does not know the tensor {missing[0]}")
        self.lanes, index = len(rows), list(rows)
        self._steps = {name: [state["steps"][name][row] for row in rows] for name in self._slots}
        self._moments = {}
        for name, (m, v) in state["moments"].items():
            if name in self._slots:
                slot = self._slots[name]
                chosen = (m[index], v[index]) if slot.stacked else (m, v)
                first, second = (moment.to(slot.tensor, copy=True) for moment in chosen)
                self._moments[name] = (first, second)


def _grad(slot: Slot) -> torch.Tensor:
    assert slot.tensor.grad is not None
    return slot.tensor.grad


def _columns(tensor: torch.Tensor) -> tuple[int, ...]:
    """Shape in which one value per lane broadcasts to a stacked tensor."""
    return (-1, *([1] * (tensor.ndim - 1)))
