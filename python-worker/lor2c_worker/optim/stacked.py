"""AdamW of tensors of all lanes, [K, ...] or [K, L, ...]: one vectorised update with a step count for each module.

All numbers that differ by lane or module are columns of device tensors [K, M], where M counts the modules of all
tensors. So a step copies nothing to the device and waits for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..launches import at_once
from .slot import Slot

#: A learning rate of all lanes, or one for each, [K].
Rate = float | torch.Tensor


@dataclass(frozen=True)
class Settings:
    betas: tuple[float, float]
    eps: float
    weight_decay: float


@dataclass(frozen=True)
class _Plan:
    """What a step updates, until the structure changes."""

    seen: list[tuple[object, ...]]
    slots: list[Slot]
    #: Of each slot: the trained rows of its [K * modules, n] values; None: all.
    rows: list[torch.Tensor | None]
    counts: list[int]
    #: The same rows of all slots as places in [K, M], one after the other.
    places: torch.Tensor
    trained: torch.Tensor  # [K, M] int64, 0 or 1
    growth: torch.Tensor  # [2, K, M]: what each power of a beta is multiplied by
    decay: torch.Tensor  # [K, M]


class StackedAdam:
    """Operations are unfused and elementwise. Fused ones may round the vectorised body and the tail of a tensor
    differently, and a value would then depend on its lane's place in the stack."""

    def __init__(self, slots: list[Slot], lanes: int, settings: Settings) -> None:
        self.slots, self.lanes, self.settings = slots, lanes, settings
        self.moments: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        #: Columns of each tensor's modules.
        self._columns: dict[str, slice] = {}
        width, device = 0, slots[0].tensor.device
        for slot in slots:
            self._columns[slot.name] = slice(width, width + slot.modules)
            width += slot.modules
        self._head = torch.tensor(
            [float(slot.role == "head") for slot in slots for _ in range(slot.modules)],
            dtype=torch.float64,
            device=device,
        )
        self._steps = torch.zeros((lanes, width), dtype=torch.int64, device=device)
        #: beta1 and beta2 to the power of the steps, by repeated products: `pow` may round a body and a tail apart.
        self._powers = torch.ones((2, lanes, width), dtype=torch.float64, device=device)
        self._plan: _Plan | None = None
        #: (parameter, first and second moment), and views of them, by name: made anew where one was replaced.
        self._views: dict[str, tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]] = {}

    def steps(self, name: str) -> torch.Tensor:
        """Updates of each module since its moments were reset, [K, modules]; a view."""
        return self._steps[:, self._columns[name]]

    def norms(self) -> torch.Tensor:
        """Gradient norm of each lane, [K]: a lane's tensors one by one, then their sum in the order of the slots."""
        grads = [slot.tensor.grad for slot in self.slots if slot.tensor.grad is not None]
        if not grads:
            return torch.zeros(self.lanes, device=self._steps.device)
        each = torch.stack(torch._foreach_norm([lane for grad in grads for lane in grad.unbind(0)]))
        first, *others = each.square().view(len(grads), self.lanes).unbind(0)
        for other in others:
            first = first + other
        return first.sqrt()

    def update(self, lr_body: Rate, lr_head: Rate, scale: torch.Tensor | None) -> None:
        """Update all modules that train and have a gradient, which is multiplied by `scale` [K] first."""
        plan = self._planned()
        if not plan.slots:
            return
        columns = self._coefficients(plan, lr_body, lr_head, scale)
        whole = [self._flat(slot) for slot in plan.slots]
        chosen = [
            flat if rows is None else tuple(x.index_select(0, rows) for x in flat)
            for flat, rows in zip(whole, plan.rows, strict=True)
        ]
        groups = [slice(None)] if at_once(self._steps.device) else [slice(i, i + 1) for i in range(len(chosen))]
        for group in groups:
            self._move(chosen[group], [column[group] for column in columns])
        for flat, part, rows in zip(whole, chosen, plan.rows, strict=True):
            if rows is not None:
                for place in (0, 2, 3):
                    flat[place].index_copy_(0, rows, part[place])

    def _move(self, chosen: list[tuple[torch.Tensor, ...]], columns: list[list[torch.Tensor]]) -> None:
        """Formula of AdamW, in place. Each of `chosen`: as `_flat` gives them, [n, width]."""
        (beta1, beta2), (decays, sizes, floors, scales) = self.settings.betas, columns
        p, grads, m, v = (list(group) for group in zip(*chosen, strict=True))
        g = torch._foreach_mul(grads, scales)
        change = torch._foreach_mul(g, 1.0 - beta1)
        torch._foreach_mul_(m, beta1)
        torch._foreach_add_(m, change)
        torch._foreach_mul_(g, g)
        torch._foreach_mul_(g, 1.0 - beta2)
        torch._foreach_mul_(v, beta2)
        torch._foreach_add_(v, g)
        change = torch._foreach_sqrt(v)
        torch._foreach_add_(change, floors)
        change = torch._foreach_div(m, change)
        torch._foreach_mul_(change, sizes)
        torch._foreach_mul_(p, decays)
        torch._foreach_sub_(p, change)

    def _coefficients(
        self, plan: _Plan, lr_body: Rate, lr_head: Rate, scale: torch.Tensor | None
    ) -> list[list[torch.Tensor]]:
        """Decay factors, step sizes, eps and gradient factors: of each slot [n, 1], for its rows.

        With corrections c1, c2 of the moments, lr / c1 * m / (sqrt(v / c2) + eps) = size * m / (sqrt(v) + floor) for
        size = lr * sqrt(c2) / c1 and floor = eps * sqrt(c2).
        """
        self._steps.add_(plan.trained)
        self._powers.mul_(plan.growth)
        first, second = (1.0 - self._powers).unbind(0)
        root = second.sqrt()
        rate = self._rates(lr_body, lr_head)
        factor = torch.ones_like(root) if scale is None else scale.to(root.dtype)[:, None].expand_as(root)
        stack = torch.stack([1.0 - rate * plan.decay, rate * root / first, root * self.settings.eps, factor])
        rows = stack.flatten(1).index_select(1, plan.places).unsqueeze(2)
        dtypes = [slot.tensor.dtype for slot in plan.slots]
        cut = {d: [column.split(plan.counts) for column in rows.to(d).unbind(0)] for d in set(dtypes)}
        return [[cut[d][kind][i] for i, d in enumerate(dtypes)] for kind in range(len(stack))]

    def _rates(self, lr_body: Rate, lr_head: Rate) -> torch.Tensor:
        """[M], or [K, M] when the lanes have rates of their own."""
        body, head = (rate[:, None] if isinstance(rate, torch.Tensor) else rate for rate in (lr_body, lr_head))
        return (1.0 - self._head) * body + self._head * head

    def _flat(self, slot: Slot) -> tuple[torch.Tensor, ...]:
        """Parameter, gradient, first and second moment: views [K * modules, width]."""
        assert slot.tensor.grad is not None
        if slot.name not in self.moments:
            self.moments[slot.name] = torch.zeros_like(slot.tensor), torch.zeros_like(slot.tensor)
        shape, tensors = (self.lanes * slot.modules, -1), (slot.tensor, *self.moments[slot.name])
        kept = self._views.get(slot.name)
        if kept is None or any(x is not y for x, y in zip(kept[0], tensors, strict=True)):
            kept = self._views[slot.name] = tensors, tuple(x.detach().view(shape) for x in tensors)
        parameter, first, second = kept[1]
        return parameter, slot.tensor.grad.contiguous().view(shape), first, second

    def _planned(self) -> _Plan:
        seen = [(slot.trains, slot.decay, slot.tensor.grad is None) for slot in self.slots]
        old = None if self._plan is None else self._plan.seen
        if old is None or any(x is not y for a, b in zip(old, seen, strict=True) for x, y in zip(a, b, strict=True)):
            self._plan = self._make_plan(list(seen))
        assert self._plan is not None
        return self._plan

    def _make_plan(self, seen: list[tuple[object, ...]]) -> _Plan:
        """The only place that copies to the device."""
        device, (lanes, width) = self._steps.device, self._steps.shape
        trained = torch.zeros((lanes, width), dtype=torch.bool)
        decay = torch.zeros((lanes, width), dtype=torch.float64)
        slots, rows, counts, places = [], [], [], []
        for slot in self.slots:
            if slot.tensor.grad is None:
                continue
            trains = torch.ones(lanes * slot.modules, dtype=torch.bool) if slot.trains is None else slot.trains
            flags = trains.view(lanes, slot.modules)
            own = flags.flatten().nonzero()[:, 0]
            if len(own) == 0:
                continue
            columns = self._columns[slot.name]
            decays = slot.decays(lanes, self.settings.weight_decay)
            trained[:, columns] = flags
            decay[:, columns] = torch.tensor(decays, dtype=torch.float64)[:, None]
            slots.append(slot)
            rows.append(None if len(own) == flags.numel() else own.to(device))
            counts.append(len(own))
            places.append(own // slot.modules * width + columns.start + own % slot.modules)
        growth = torch.ones((2, lanes, width), dtype=torch.float64)
        for i, beta in enumerate(self.settings.betas):
            growth[i][trained] = beta
        index = torch.cat(places) if places else torch.zeros(0, dtype=torch.int64)
        return _Plan(
            seen, slots, rows, counts, index.to(device), trained.long().to(device), growth.to(device), decay.to(device)
        )

    def reset(self, name: str, lane: int, module: int) -> None:
        """Set moments and step count of one module of one lane to zero."""
        self._steps[:, self._columns[name]][lane, module] = 0
        self._powers[:, :, self._columns[name]][:, lane, module] = 1.0
        for moment in self.moments.get(name, ()):
            moment.view(self.lanes, self.steps(name).shape[1], -1)[lane, module] = 0.0

    def copy(self, name: str, lane: int, source: int, target: int) -> None:
        """Give module `target` of a lane the moments and step count of module `source`."""
        for counts in (self._steps[None], self._powers):
            own = counts[:, lane, self._columns[name]]
            own[:, target] = own[:, source]
        for moment in self.moments.get(name, ()):
            moment[lane, target] = moment[lane, source]

    def fork(self, rows: Sequence[int]) -> None:
        """Lane i becomes a copy of the former lane rows[i]."""
        self.lanes = len(rows)
        index = torch.tensor(list(rows), device=self._steps.device)
        self._steps, self._powers = self._steps.index_select(0, index), self._powers.index_select(1, index)
        self.moments = {
            name: (m.index_select(0, index), v.index_select(0, index)) for name, (m, v) in self.moments.items()
        }
        self._plan = None

    def restore(self, steps: dict[str, torch.Tensor], moments: dict[str, tuple[torch.Tensor, torch.Tensor]]) -> None:
        """Continue with the counts [K, modules] and moments of a state, by name."""
        self.lanes = len(next(iter(steps.values())))
        counts = torch.cat([steps[slot.name] for slot in self.slots], dim=1).to(self._steps)
        tables = [_powers(beta, int(counts.max())) for beta in self.settings.betas]
        self._powers = torch.stack([table.to(counts.device)[counts] for table in tables])
        self._steps, self.moments, self._plan = counts, moments, None


def _powers(base: float, highest: int) -> torch.Tensor:
    """base to the power of 0 to `highest`, by repeated products as in training, float64."""
    values = [1.0]
    for _ in range(highest):
        values.append(values[-1] * base)
    return torch.tensor(values, dtype=torch.float64)
