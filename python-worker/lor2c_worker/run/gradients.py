"""The gradients of a training step, with fewer lanes at a time when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch

from ..data.batch import Batch
from ..data.task import Kind
from ..keyed.seeding import StepKey
from ..learner import Learner
from ..objective import lane_losses
from ..optim.adamw import LaneAdamW

T = TypeVar("T")


def within_memory(
    learner: Learner, attempt: Callable[[], T], narrowed: Callable[[int], None] = lambda width: None
) -> T:
    """Call `attempt` and return its result. When it runs out of memory with several lanes together, halve their number
    for good, call `narrowed` with it, and call `attempt` again, from its beginning.

    Raises torch.OutOfMemoryError when a single lane is too much.
    """
    while True:
        try:
            return attempt()
        except torch.OutOfMemoryError:
            width = learner.narrow()
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
    parts: Sequence[Batch],
    step: int,
    kind: Kind,
    autocast: Callable[[], Any],
) -> torch.Tensor:
    """Replace the gradients by those of the micro-batches `parts` of one step. Returns each lane's loss, [K].

    Randomness is keyed by step and part, so a repetition gives the same gradients.
    """
    optimizer.zero_grad()
    total = backward(learner, parts[0], (step, 0), kind, len(parts), autocast)
    for part, batch in enumerate(parts[1:], 1):
        # One after the other: the order of a sum over a stack would depend on the number of lanes.
        total = total + backward(learner, batch, (step, part), kind, len(parts), autocast)
    return total


def backward(
    learner: Learner, batch: Batch, key: StepKey, kind: Kind, parts: int, autocast: Callable[[], Any]
) -> torch.Tensor:
    """Add the gradients of one micro-batch, group by group of lanes. Returns each lane's part of the loss, [K]."""
    found = []
    for lanes in learner.groups():
        with autocast():
            logits = learner.forward(batch, key, lanes)
        losses = lane_losses(logits.float(), batch.labels, kind) / parts
        penalty = learner.penalty()
        whole = losses if penalty is None else losses + penalty / parts
        whole.sum().backward()
        learner.gather()
        found.append(losses.detach())
    return torch.cat(found) if len(found) > 1 else found[0]
