"""Whether numbers repeat: the same steps again, other neighbours, another width, and a continued run."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from learners import lor2c, optimizer_of, step_of, vary
from parts import Put
from setup import Setup

from lor2c_worker.models import LoadedModel

#: fp32 weights of lanes that went through the model one by one and together may differ by this after a few steps.
TOLERANCE = 1e-5
LANES, STEPS = 4, 3


def equality(small: bool, put: Put) -> None:
    """Values of each comparison: `equal` to the bit or not, and the largest difference of a weight."""
    setup = Setup.of(small)
    put("steps", STEPS)
    model = setup.model()  # frozen, so that all learners can share it
    for precision in setup.precisions:
        train = partial(_train, setup, model, precision)
        first = train()
        put(f"repeated_{precision}", _differ(first, train()))
        put(f"resumed_{precision}", _differ(first, train(resume=True)))
        wide = train(width=LANES)
        put(f"neighbours_{precision}", _differ(wide[:2], train(lanes=2, width=LANES)))
        found = _differ(first, wide)
        put(f"width_{precision}", found | {"tolerance": TOLERANCE, "within": found["difference"] <= TOLERANCE})


def _train(
    setup: Setup, model: LoadedModel, precision: str, lanes: int = LANES, width: int = 1, resume: bool = False
) -> list[dict[str, torch.Tensor]]:
    """The lanes' weights after a few steps. `resume`: another learner goes on after the second step."""
    learner = _learner(setup, model, lanes, width)
    vary(learner)
    optimizer = optimizer_of(learner)
    for number, batch in enumerate((setup.batches(1) * STEPS)[:STEPS]):
        if resume and number == STEPS - 1:
            learner_state, state = learner.state(), optimizer.state_dict()
            learner = _learner(setup, model, lanes, width)
            rows = learner.restore(learner_state, [str(lane) for lane in range(lanes)])
            optimizer = optimizer_of(learner)
            optimizer.resume(state, rows)
        step_of(learner, setup.device, precision, optimizer)(batch, number)
    return [{name: value.detach().clone() for name, value in learner.tensors(lane).items()} for lane in range(lanes)]


def _learner(setup: Setup, model: LoadedModel, lanes: int, width: int) -> Any:
    """As in a run: groups of `width` lanes, filled on a GPU."""
    learner = lor2c(model, lanes, events=True)
    learner.use_width(width, fill=setup.device.type == "cuda")
    return learner


def _differ(one: list[dict[str, torch.Tensor]], two: list[dict[str, torch.Tensor]]) -> dict[str, Any]:
    pairs = [(a[name], b[name]) for a, b in zip(one, two, strict=True) for name in a]
    return {
        "equal": all(torch.equal(a, b) for a, b in pairs),
        "difference": max(float((a - b).abs().max()) for a, b in pairs),
    }
