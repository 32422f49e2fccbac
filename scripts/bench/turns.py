"""Lets contenders take turns, so that changes in the machine's speed favour none."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import torch

#: What a step is made of: a batch, or the rows of one.
T = TypeVar("T")


def clock(device: torch.device) -> float:
    """CPU seconds of the process on a CPU, which other load hardly changes; on CUDA synchronised wall seconds."""
    if device.type == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def take_turns(
    steps: Mapping[str, Callable[[T, int], None]], batches: Sequence[T], rounds: int, device: torch.device
) -> dict[str, list[float]]:
    """Seconds per step of each contender in each round: A B C, A B C, ... One step of each before warms up."""
    for step in steps.values():
        step(batches[0], 0)
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            began = clock(device)
            for number, batch in enumerate(batches):
                step(batch, number)
            seconds[name].append((clock(device) - began) / len(batches))
    return seconds


def times_less(seconds: Mapping[str, Sequence[float]], name: str, base: str) -> float:
    """How many times longer `base` took than `name`: the median over the rounds of the ratio within a round."""
    return statistics.median(b / s for s, b in zip(seconds[name], seconds[base], strict=True))
