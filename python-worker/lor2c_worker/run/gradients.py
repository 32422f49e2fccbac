"""The gradients of a training step, with fewer lanes at a time when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch

from ..data.batch import Batch
from ..device import is_out_of_memory
from ..keyed.seeding import StepKey
from ..learner import Learner
from ..objective import Objective, at_least_fp32
from ..optim.adamw import LaneAdamW

T = TypeVar("T")


def within_memory(
    learner: Learner, attempt: Callable[[], T], narrowed: Callable[[int], None] = lambda width: None
) -> T:
    """Call `attempt` and return its result. When it runs out of memory with several lanes together, halve their number
    for good, call `narrowed` with it, and call `attempt` again, from its beginning.

    Raises the error of `attempt` when a single lane is too much.
    """
    while True:
        try:
            return attempt()
        except Exception as error:
            width = learner.narrow() if is_out_of_memory(error) else None
            if width is None:
                raise
        # Outside of `except`, where the exception, whose traceback refers to the activations, is gone.
        narrowed(width)


def narrowed_note(width: int, step: int) -> str:
    """A line for the run's log, since another number of lanes can change the last digits on a GPU."""
    lanes = "1 lane" if width == 1 else f"{width} lanes"
    return f"out of memory: {lanes} at a time from step {step} on"


def step_gradients(
    learner: Learner,
    optimizer: LaneAdamW,
    parts: Mapping[int, Sequence[Batch]],
    step: int,
    objective: Objective,
    autocast: Callable[[], Any],
) -> torch.Tensor:
    """Replace the gradients by those of one step. `parts`: the micro-batches of each seed. Returns each lane's mean
    loss, [K].

    It is the sum over all parts, divided by their whole weight: how rows are cut into parts, and whether these are
    equal, makes no difference. Randomness is keyed by step and row, so a repetition gives the same gradients.
    """
    optimizer.zero_grad()
    weights = {seed: whole_weight(own, objective) for seed, own in parts.items()}
    groups = learner.groups()
    totals: list[torch.Tensor | None] = [None] * len(groups)
    for number in range(max(len(own) for own in parts.values())):
        for group, lanes in enumerate(groups):
            seed = learner.lanes[lanes[0]].seed
            if number >= len(parts[seed]):
                continue  # filled by tokens, the rows of one seed may take fewer micro-batches
            batch, weight = parts[seed][number], weights[seed]
            losses = backward(learner, batch, lanes, step, objective, weight, autocast, penalize=number == 0)
            # One after the other: the order of a sum over a stack would depend on the number of lanes.
            before = totals[group]
            totals[group] = losses if before is None else before + losses
    found = [total for total in totals if total is not None]
    return torch.cat(found) if len(found) > 1 else found[0]


def whole_weight(parts: Sequence[Batch], objective: Objective) -> int | torch.Tensor:
    """The weight of a step; 1 instead of 0, so that a step whose labels train nothing has loss 0."""
    weight = sum((objective.weight(batch.labels) for batch in parts[1:]), objective.weight(parts[0].labels))
    return torch.where(weight > 0, weight, 1) if isinstance(weight, torch.Tensor) else weight or 1


def backward(
    learner: Learner,
    batch: Batch,
    lanes: Sequence[int],
    step: StepKey,
    objective: Objective,
    weight: int | torch.Tensor,
    autocast: Callable[[], Any],
    *,
    penalize: bool,
) -> torch.Tensor:
    """Add the gradients of one micro-batch of one group of lanes. Returns each lane's part of the loss, [K].

    `weight`: of the whole step. `penalize`: with what the method adds to the loss, which counts once per step and is
    not returned.
    """
    with autocast():
        logits = learner.forward(batch, step, lanes)
    losses = objective.sums(at_least_fp32(logits), batch.labels) / weight
    penalty = learner.penalty() if penalize else None
    whole = losses if penalty is None else losses + penalty
    whole.sum().backward()
    return losses.detach()
