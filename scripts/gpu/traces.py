"""What a step asks of the host: operations by part of the worker, waits for the device, kernels with their times."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from counted import count_step, table
from learners import lor2c, optimizer_of, step_of, three_events
from parts import Put
from setup import Setup, wait
from torch.profiler import ProfilerActivity, profile

TOP = 15


def counts(small: bool, put: Put) -> None:
    """Torch operations of a step with one lane and with 16 (scripts/bench/counted.py)."""
    setup = Setup.of(small)
    for lanes in (1, 3 if small else 16):
        found = count_step(lanes, setup.device, "tiny" if small else "tiny-12")
        put(f"{lanes}_lanes", {time: calls.as_json() for time, calls in found.items()})
        print(f"{lanes} lanes\n{table(found)}", flush=True)


def waits(small: bool, put: Put) -> None:
    """Places in a step, its batch and its epoch's end, that wait for the GPU, as CUDA's own check names them."""
    setup = Setup.of(small)
    rows, size = setup.rows(3 * setup.batch_size), setup.batch_size
    learner = lor2c(setup.model(), 2, events=True)
    optimizer = optimizer_of(learner)
    step = step_of(learner, setup.device, setup.precisions[-1], optimizer)

    def whole(number: int) -> None:
        step(rows.batch(range(number * size, (number + 1) * size), setup.device), number)

    whole(0)
    put("step", _places(setup, lambda: whole(1)))
    three_events(learner, optimizer)
    put("step_after_events", _places(setup, lambda: whole(2)))
    put("end_of_epoch", _places(setup, lambda: learner.end_epoch(4, 4, optimizer)))


def _places(setup: Setup, function: Callable[[], object]) -> dict[str, int]:
    """file:line -> warnings. A CPU never waits, so nothing is found there."""
    wait(setup.device)
    cuda = setup.device.type == "cuda"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if cuda:
            torch.cuda.set_sync_debug_mode("warn")
        try:
            function()
        finally:
            if cuda:
                torch.cuda.set_sync_debug_mode("default")
    found = [w for w in caught if "synchroniz" in str(w.message)]
    return dict(Counter(f"{w.filename}:{w.lineno}" for w in found).most_common())


def profiles(small: bool, put: Put) -> None:
    """Kernels of a step, launches from the host, and the operations with most time, by number of lanes."""
    setup = Setup.of(small)
    model, batch = setup.model(), setup.batches(1)[0]
    for lanes in setup.profiled_lanes:
        learner = lor2c(model, lanes, events=True)
        optimizer = optimizer_of(learner)
        step = step_of(learner, setup.device, setup.precisions[-1], optimizer)
        for time in ("before", "after"):
            if time == "after":
                three_events(learner, optimizer)
            try:
                step(batch, 0)
                put(f"{lanes}_{time}", _profile(setup, lambda step=step: step(batch, 1)))
            except torch.OutOfMemoryError:
                put(f"{lanes}_{time}", {"out_of_memory": True})


def _profile(setup: Setup, function: Callable[[], object]) -> dict[str, Any]:
    cuda = setup.device.type == "cuda"
    wait(setup.device)
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]) as found:
        function()
        wait(setup.device)
    averages: Any = found.key_averages()
    events: Any = found.events()
    attribute = "self_device_time_total" if cuda else "self_cpu_time_total"
    top = sorted(averages, key=lambda entry: -getattr(entry, attribute))[:TOP]
    kernels = [e for e in events if e.device_type == torch.autograd.DeviceType.CUDA]
    launched = [e for e in averages if "Launch" in e.key and e.key.startswith("cu")]
    span = max((e.time_range.end for e in events), default=0) - min((e.time_range.start for e in events), default=0)
    return {
        "wall_ms": span / 1000,
        "device_ms": sum(e.time_range.elapsed_us() for e in kernels) / 1000,
        "kernels": len(kernels),
        "launches": sum(e.count for e in launched),
        "operations": sum(e.count for e in averages if e.key.startswith("aten::")),
        "top": [{"name": e.key, "calls": e.count, "ms": getattr(e, attribute) / 1000} for e in top],
    }
