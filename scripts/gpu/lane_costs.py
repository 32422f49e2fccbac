"""Time and memory of a step against the number of lanes, before any event and after three in every lane."""

from __future__ import annotations

from typing import Any

import torch
from learners import lor2c, optimizer_of, step_of, three_events
from parts import Put
from setup import Setup, peak_memory, seconds_per_step


def lane_costs(small: bool, put: Put) -> None:
    """For each precision and number of lanes: seconds of a step, milliseconds of a lane's, bytes of a lane."""
    setup = Setup.of(small)
    model, batches = setup.model(), setup.batches()
    for lanes in setup.lanes:  # outside, so that a part that is cut off has both precisions
        for precision in setup.precisions:
            name = f"{precision}_{lanes}"
            try:
                put(name, _measure(setup, model, batches, lanes, precision))
            except torch.OutOfMemoryError:
                put(name, {"lanes": lanes, "precision": precision, "out_of_memory": True})
            if setup.device.type == "cuda":
                torch.cuda.empty_cache()


def _measure(setup: Setup, model: Any, batches: list[Any], lanes: int, precision: str) -> dict[str, Any]:
    learner = lor2c(model, lanes, events=True)
    optimizer = optimizer_of(learner)
    step = step_of(learner, setup.device, precision, optimizer)
    found: dict[str, Any] = {"lanes": lanes, "precision": precision}
    for time in ("before", "after"):
        if time == "after":
            found["changes"] = three_events(learner, optimizer)
        seconds = seconds_per_step(step, batches, setup)
        memory = peak_memory(lambda: step(batches[0], 0), setup.device)
        found[time] = {
            "seconds_per_step": seconds,
            "ms_per_lane_step": 1000 * seconds / lanes,
            "bytes_per_lane": None if memory is None else memory // lanes,
        }
    return found
