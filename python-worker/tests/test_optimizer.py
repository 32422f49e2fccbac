"""AdamW over lanes equals torch's for each lane alone."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch

from lor2c_worker.keyed.seeding import generator
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.optim.slot import Slot

SHAPES = {"body": (5, 7), "head": (3,), "other": (2, 4)}


def gradients(lanes: int, steps: int, dtype: torch.dtype) -> list[dict[str, torch.Tensor]]:
    def one(step: int, name: str, lane: int) -> torch.Tensor:
        value = torch.randn(SHAPES[name], generator=generator(0, "grad", step, name, lane), dtype=dtype)
        return value * 10 ** (lane - 1)

    def all_lanes(step: int, name: str) -> torch.Tensor:
        return torch.stack([one(step, name, lane) for lane in range(lanes)])

    return [{name: all_lanes(step, name) for name in SHAPES} for step in range(steps)]


def slots_of(lanes: int, dtype: torch.dtype, *, stacked: bool = True) -> list[Slot]:
    slots = []
    for name, shape in SHAPES.items():
        value = torch.randn(shape, generator=generator(0, "init", name), dtype=dtype)
        tensor = (value.expand(lanes, *shape) if stacked else value).clone().requires_grad_()
        slots.append(Slot(name, tensor, "head" if name == "head" else "body", stacked))
    return slots


def reference(grads: list[dict[str, torch.Tensor]], lane: int, dtype: torch.dtype) -> tuple[list, dict]:
    values = {name: torch.randn(s, generator=generator(0, "init", name), dtype=dtype) for name, s in SHAPES.items()}
    parameters = {name: torch.nn.Parameter(value) for name, value in values.items()}
    groups = [{"params": [p for n, p in parameters.items() if n != "head"]}, {"params": [parameters["head"]]}]
    adam = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-7, weight_decay=0.03)
    norms = []
    for step, grad in enumerate(grads):
        for name, p in parameters.items():
            p.grad = grad[name][lane].clone()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0).item())
        adam.param_groups[0]["lr"], adam.param_groups[1]["lr"] = 1e-2 * (step + 1), 5e-3 * (step + 1)
        adam.step()
    return norms, {name: p.detach() for name, p in parameters.items()}


@pytest.mark.parametrize(("dtype", "limit"), [(torch.float32, 2e-6), (torch.float64, 1e-14)])
@pytest.mark.parametrize("lanes", [1, 3])
def test_equals_torch(lanes: int, dtype: torch.dtype, limit: float) -> None:
    grads = gradients(lanes, 8, dtype)
    slots = slots_of(lanes, dtype)
    adam = LaneAdamW(slots, lanes, (0.9, 0.98), 1e-7, 0.03, 1.0)
    got = []
    for step, grad in enumerate(grads):
        for slot in slots:
            slot.tensor.grad = grad[slot.name].clone()
        got.append(adam.step(1e-2 * (step + 1), 5e-3 * (step + 1)).tolist())
    for lane in range(lanes):
        norms, parameters = reference(grads, lane, dtype)
        assert [row[lane] for row in got] == pytest.approx(norms, rel=1e-6)
        for slot in slots:
            assert (slot.tensor[lane] - parameters[slot.name]).abs().max().item() <= limit


def test_tensors_without_lane_axis_equal_torch() -> None:
    grads = gradients(1, 8, torch.float64)
    slots = slots_of(1, torch.float64, stacked=False)
    adam = LaneAdamW(slots, 1, (0.9, 0.98), 1e-7, 0.03, 1.0)
    for step, grad in enumerate(grads):
        adam.zero_grad()
        for slot in slots:
            slot.tensor.grad = grad[slot.name][0].clone()
        adam.step(1e-2 * (step + 1), 5e-3 * (step + 1))
    for slot in slots:
        assert (slot.tensor - reference(grads, 0, torch.float64)[1][slot.name]).abs().max().item() <= 1e-14
    with pytest.raises(ValueError, match="lane axis"):
        LaneAdamW(slots, 2)
    with pytest.raises(ValueError, match="beside"):
        LaneAdamW([*slots, *(dataclasses.replace(s, name=f"{s.name} 2", stacked=True) for s in slots)], 1)


def test_a_lane_does_not_feel_its_neighbours() -> None:
    """Equal bits with any gradients, norms and frozen tensors of the neighbours."""
    grads = gradients(3, 6, torch.float32)
    results = []
    for lanes in ([1], [0, 1, 2], [2, 1]):
        slots = slots_of(len(lanes), torch.float32)
        slots[0].trains = torch.tensor([lane != 2 for lane in lanes])
        adam = LaneAdamW(slots, len(lanes), weight_decay=0.1)
        for grad in grads:
            for slot in slots:
                slot.tensor.grad = grad[slot.name][lanes].clone()
            norms = adam.step(1e-2, 1e-2)
        row = lanes.index(1)
        results.append([*(slot.tensor[row].clone() for slot in slots), norms[row]])
    for other in results[1:]:
        assert all(torch.equal(x, y) for x, y in zip(results[0], other, strict=True))


def test_frozen_counts_fresh_and_moved() -> None:
    slots = slots_of(2, torch.float64)
    adam = LaneAdamW(slots, 2, max_grad_norm=None, weight_decay=0.5)
    body, _, other = slots

    def step() -> torch.Tensor:
        for slot in slots:
            slot.tensor.grad = torch.ones_like(slot.tensor)
        return adam.step(1e-2, 1e-2)

    step()
    before = body.tensor[0].clone()
    body.trains = torch.tensor([False, True])  # frozen: not even decayed, but its gradient counts
    norms = step()
    assert torch.equal(body.tensor[0], before)
    assert not torch.equal(body.tensor[1], before)
    assert norms.tolist() == pytest.approx([(35 + 3 + 8) ** 0.5] * 2)
    assert [adam.steps("body", lane) for lane in (0, 1)] == [1, 2]

    other.decay = [0.0, None]
    adam.reset("other", 0, 0)
    previous = other.tensor.detach().clone()
    step()
    # Adam's first step is lr * g / (|g| + eps), whatever came before; lane 1 continues and decays.
    assert (previous[0] - other.tensor[0]).flatten().tolist() == pytest.approx([1e-2] * 8, rel=1e-6)
    assert [adam.steps("other", lane) for lane in (0, 1)] == [1, 3]
    assert not torch.allclose(previous[1] - other.tensor[1], torch.full((2, 4), 1e-2, dtype=torch.float64), rtol=1e-4)


def test_move_takes_moments_and_count() -> None:
    """Of module 1 of a lane to its module 0, whose own are gone; module 1 has none left."""
    slot = Slot("bank", torch.zeros(2, 3, 4, requires_grad=True), "body", layered=True)
    adam = LaneAdamW([slot], 2, max_grad_norm=None)
    grad = torch.arange(1.0, 7.0).view(2, 3, 1).expand(2, 3, 4)
    for g in (1.0, -3.0):
        slot.tensor.grad = g * grad
        adam.step(1e-2, 1e-2)
    slot.trains = torch.tensor([[False, True, True], [True, True, True]])
    slot.tensor.grad = grad.clone()
    adam.step(1e-2, 1e-2)
    state = copy.deepcopy(adam.state_dict())
    adam.move("bank", 0, source=1, target=0)
    after = adam.state_dict()
    for moment in ("first", "second"):
        old, new = state[moment]["bank"], after[moment]["bank"]
        assert torch.equal(new[0, 0], old[0, 1])
        assert not new[0, 1].any()
        assert torch.equal(new[0, 2], old[0, 2])
        assert torch.equal(new[1], old[1])
    assert after["steps"]["bank"].tolist() == [[3, 0, 3], [3, 3, 3]]


def test_rates_may_differ_by_lane() -> None:
    """A lane with its own rate takes the steps that it takes alone with this rate, to the bit."""
    grads = gradients(3, 4, torch.float32)
    body, head = [1e-2, 3e-3, 0.0], [5e-3, 1e-3, 2e-3]

    def train(lanes: list[int]) -> list[Slot]:
        slots = slots_of(len(lanes), torch.float32)
        adam = LaneAdamW(slots, len(lanes), weight_decay=0.1)
        rates = [torch.tensor([row[lane] for lane in lanes], dtype=torch.float64) for row in (body, head)]
        for grad in grads:
            for slot in slots:
                slot.tensor.grad = grad[slot.name][lanes].clone()
            if len(lanes) == 1:
                adam.step(body[lanes[0]], head[lanes[0]])
            else:
                adam.step(*rates)
        return slots

    together = train([0, 1, 2])
    for lane in range(3):
        for one, other in zip(together, train([lane]), strict=True):
            assert torch.equal(one.tensor[lane], other.tensor[0])


def test_fork_and_restore_go_on_alike() -> None:
    grads = gradients(2, 10, torch.float32)
    slots = slots_of(2, torch.float32)
    adam = LaneAdamW(slots, 2, weight_decay=0.1)

    def run(adam: LaneAdamW, slots: list[Slot], part: list, lanes: list[int]) -> None:
        for grad in part:
            for slot in slots:
                slot.tensor.grad = grad[slot.name][lanes].clone()
            adam.step(1e-2, 1e-3)

    run(adam, slots, grads[:5], [0, 1])
    state, values = copy.deepcopy(adam.state_dict()), [slot.tensor.detach().clone() for slot in slots]
    for slot in slots:
        slot.fork([0, 1, 1])
    adam.fork([0, 1, 1])
    run(adam, slots, grads[5:], [0, 1, 0])

    again = slots_of(2, torch.float32)
    for slot, value in zip(again, values, strict=True):
        slot.tensor = value.clone().requires_grad_()
    restored = LaneAdamW(again, 2, weight_decay=0.1)
    restored.resume(state, [0, 1])
    run(restored, again, grads[5:], [0, 1])
    for forked, plain in zip(slots, again, strict=True):
        assert torch.equal(forked.tensor[:2], plain.tensor)
        assert not torch.equal(forked.tensor[1], forked.tensor[2])
    only = [Slot(slot.name, slot.tensor.detach()[1:].clone().requires_grad_(), slot.role) for slot in again]
    second = LaneAdamW(only, 1, weight_decay=0.1)
    second.resume(restored.state_dict(), [1])
    assert [second.steps(slot.name, 0) for slot in only] == [restored.steps(slot.name, 1) for slot in again]
    with pytest.raises(ValueError, match="does not know the tensor third"):
        LaneAdamW([Slot("third", torch.zeros(1, 2), "body")], 1).resume(adam.state_dict(), [0])
