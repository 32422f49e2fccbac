"""The gradients of a training step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .data.task import Kind
from .engine.learner import Batch, Learner, StepKey
from .engine.loss import lane_losses


def backward(
    learner: Learner, batch: Batch, key: StepKey, kind: Kind, parts: int, autocast: Callable[[], Any]
) -> torch.Tensor:
    """Gradients of one micro-batch, one group of lanes after the other. Returns each lane's part of the loss, [K]."""
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
