"""Whether numbers repeat: the same steps again, other neighbours, another width, and a continued run."""

from __future__ import annotations

from typing import Any

import torch
from learners import lor2c, optimizer_of, step_of, vary
from parts import Put
from setup import Setup

#: fp32 weights of lanes that went through the model one by one and together may differ by this after a few steps.
TOLERANCE = 1e-5
STEPS = 3


def equality(small: bool, put: Put) -> None:
    """Values of each comparison: `equal` to the bit or not, and the largest difference of a weight."""
    setup = Setup.of(small)
    put("steps", STEPS)
    for precision in setup.precisions:
        first = _train(setup, precision)
        put(f"repeated_{precision}", _differ(first, _train(setup, precision)))
        put(f"neighbours_{precision}", _differ(first[:2], _train(setup, precision, lanes=2)))
        put(f"resumed_{precision}", _differ(first, _train(setup, precision, resume=True)))
        wide = _train(setup, precision, width=None)
        found = _differ(first, wide)
        put(f"width_{precision}", found | {"tolerance": TOLERANCE, "within": found["difference"] <= TOLERANCE})


def _train(
    setup: Setup, precision: str, lanes: int = 4, width: int | None = 1, resume: bool = False
) -> list[dict[str, torch.Tensor]]:
    """The lanes' weights after a few steps. `resume`: another learner goes on after the second step."""
    learner = _learner(setup, lanes, width)
    vary(learner)
    optimizer = optimizer_of(learner)
    for number, batch in enumerate((setup.batches(1) * STEPS)[:STEPS]):
        if resume and number == STEPS - 1:
            learner_state, state = learner.state(), optimizer.state_dict()
            learner = _learner(setup, lanes, width)
            rows = learner.restore(learner_state, [str(lane) for lane in range(lanes)])
            optimizer = optimizer_of(learner)
            optimizer.resume(state, rows)
        step_of(learner, setup.device, precision, optimizer)(batch, number)
    return [{name: value.detach().clone() for name, value in learner.tensors(lane).items()} for lane in range(lanes)]


def _learner(setup: Setup, lanes: int, width: int | None) -> Any:
    """As in a run: groups of `width` lanes, filled on a GPU; None: all together."""
    learner = lor2c(setup.model(), lanes, events=True)
    learner.use_width(width, fill=setup.device.type == "cuda" and width is not None)
    return learner


def _differ(one: list[dict[str, torch.Tensor]], two: list[dict[str, torch.Tensor]]) -> dict[str, Any]:
    pairs = [(a[name], b[name]) for a, b in zip(one, two, strict=True) for name in a]
    return {
        "equal": all(torch.equal(a, b) for a, b in pairs),
        "difference": max(float((a - b).abs().max()) for a, b in pairs),
    }
