"""Cost of lanes: a step of K lanes compared with K steps of one, forks, scores; and the lane-epochs of a grid."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import torch
from inputs import make_model
from learners import RATE, lor2c, optimizer_of, step_of
from turns import clock, take_turns, times_less

from lor2c_worker.data.batch import Batch
from lor2c_worker.rules import PRESETS
from lor2c_worker.schedule import Schedule


def lanes_table(
    model: str, counts: Sequence[int], batches: list[Batch], rounds: int, device: torch.device, precision: str
) -> dict[str, Any]:
    """Seconds per step, and a lane's cost as a fraction of a single run's, by number of lanes."""
    counts = sorted({1, *counts})
    steps = {str(count): step_of(lor2c(make_model(model, device), count), device, precision) for count in counts}
    seconds = take_turns(steps, batches, rounds, device)
    return {
        str(count): {
            "seconds_per_step": [round(s, 4) for s in seconds[str(count)]],
            "lane_over_single": round(1 / times_less(seconds, str(count), "1") / count, 4),
        }
        for count in counts
    }


def fork_and_scores(model: str, batch: Batch, device: torch.device, times: int = 5) -> dict[str, float]:
    """(median seconds to fork a lane with its moments, median seconds to score every module of a lane)."""
    forks, scores = [], []
    for _ in range(times):
        learner = lor2c(make_model(model, device))
        optimizer = optimizer_of(learner)
        learner.forward(batch, 0).square().sum().backward()
        optimizer.step(RATE, RATE)  # allocates the moments that a fork copies
        began = clock(device)
        learner.fork([(0, ["0"]), (0, ["0"])], optimizer)
        forks.append(clock(device) - began)
        began = clock(device)
        learner.spectra(0)
        scores.append(clock(device) - began)
    return {"fork": statistics.median(forks), "scores": statistics.median(scores)}


def lane_epochs(epochs: int, size: int) -> int:
    """Lane-epochs of an M x I grid, 0 to size - 1 each, if every try finds a candidate."""
    return sum(lanes_by_epoch(epochs, size))


def lanes_by_epoch(epochs: int, size: int) -> list[int]:
    """Lanes of that grid in each epoch."""
    cells = [Schedule(epochs, m, i, PRESETS["paper"]).events() for m in range(size) for i in range(size)]
    return [
        len({tuple(event for event in events if event[1] < epoch) for events in cells})
        for epoch in range(1, epochs + 1)
    ]
