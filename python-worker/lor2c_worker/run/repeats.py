"""A check before training that results can be repeated: every draw is keyed, and no call changes the next."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..data.batch import Batch
from ..learner import Learner
from ..settings import SettingsError

#: Tokens of each row. Draws don't depend on their number, and in RoBERTa-base 64 take four times as long.
TOKENS = 8


def check_repeats(learner: Learner, batch: Batch, autocast: Callable[[], Any]) -> None:
    """Compute an evaluation and the gradients of a step of `batch`, a few rows, twice in every group of lanes. Changes
    no trained tensor.

    Takes the first tokens of each row only.

    Gradients, since adapters begin as zero: dropout in them does not change their first outputs. Raises SettingsError
    when two results differ, or when a layer draws from a global random generator: such draws don't come from the run's
    seed, and on another device, or with other micro-batches, they are others.
    """
    batch, device = batch.cut(TOKENS), batch.attention_mask.device
    before = _generators(device)
    steps = (("training steps", _step),) if learner.slots() else ()
    for what, compute in (("evaluations", _evaluate), *steps):
        first, again = (compute(learner, batch, autocast) for _ in range(2))
        if not torch.allclose(first, again, rtol=1e-5, atol=1e-6, equal_nan=True):
            raise SettingsError(
                f"two equal {what} of this method differ by {(first - again).abs().max().item():.2g}: a layer of it "
                "draws without the run's seed, or keeps something from one call to the next. Its results could not be "
                "repeated; leave out the part of the method's config that does this"
            )
    if _generators(device) != before:
        raise SettingsError(
            "a layer of this method draws from a global random generator, not from the run's seed, so that the same "
            "seed would not give the same numbers; leave out the part of the method's config that does this"
        )


def _evaluate(learner: Learner, batch: Batch, autocast: Callable[[], Any]) -> torch.Tensor:
    with torch.no_grad(), autocast():
        return torch.cat([learner.forward(batch, None, lanes).float().flatten() for lanes in learner.groups()])


def _step(learner: Learner, batch: Batch, autocast: Callable[[], Any]) -> torch.Tensor:
    """The logits of every group of lanes, and sum and norm of each trained tensor's gradient, so that only one gradient
    is in memory at a time.

    Tensors that the learner trains through copies of their lanes have no gradient here; those draw nothing but masks.
    """
    found = []
    for lanes in learner.groups():
        with torch.enable_grad(), autocast():
            logits = learner.forward(batch, 0, lanes)
        tensors = [slot.tensor for slot in learner.slots()]
        grads = torch.autograd.grad(logits.float().square().sum(), tensors, allow_unused=True)
        none = torch.zeros(2, device=logits.device)
        sizes = [none if grad is None else torch.stack([grad.float().sum(), grad.float().norm()]) for grad in grads]
        found += [logits.detach().float().flatten(), *sizes]
    return torch.cat(found)


def _generators(device: torch.device) -> tuple[Any, ...]:
    """The states of all global generators."""
    on_device = torch.cuda.get_rng_state(device).tolist() if device.type == "cuda" else None
    return torch.get_rng_state().tolist(), on_device, random.getstate(), str(np.random.get_state(legacy=False))
