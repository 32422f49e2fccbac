"""A trained tensor, of all lanes or of one, and what the optimizer does with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch

Role = Literal["body", "head"]


@dataclass(eq=False)
class Slot:
    """A trained tensor. `stacked` tensors have the lane axis first, [K, ...]; others belong to a single lane.

    The per-lane lists are plain Python, so that reading them never waits for a GPU. The learner that owns the slot
    changes them in place when its structure changes; the optimizer reads them at each step.
    """

    name: str
    tensor: torch.Tensor
    role: Role
    stacked: bool = True
    #: Per lane: the optimizer updates its part. Empty: true for all.
    trains: list[bool] = field(default_factory=list)
    #: Per lane: its gradient counts in the clipping norm, frozen or not (semantics.md 5). Empty: true for all.
    counts: list[bool] = field(default_factory=list)
    #: Per lane: its weight decay. Empty or None: the optimizer's.
    decay: list[float | None] = field(default_factory=list)
