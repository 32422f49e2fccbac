"""A worker in this process that trains one run, and a runner that stops it after an event."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lor2c_worker import messages
from lor2c_worker.channel import Channel
from lor2c_worker.serve import answer_train

#: Whether to stop after an event; the worker stops before its next step.
When = Callable[[Any], bool]


def after_step(step: int) -> When:
    """`logging_steps` must be 1."""
    return lambda event: isinstance(event, messages.Metrics) and (event.split, event.step) == ("train", step)


def at_start(event: Any) -> bool:
    return isinstance(event, messages.Started)


def after_evaluation(number: int) -> When:
    return lambda event: isinstance(event, messages.Metrics) and (event.split, event.epoch) == ("eval", number)


class _Runner(io.BytesIO):
    def __init__(self, when: When | None) -> None:
        super().__init__()
        self.events: list[Any] = []
        self.when, self.channel = when, Channel(self, io.BytesIO())

    def write(self, line: Any) -> int:
        event = messages.decode_event(json.loads(line))
        self.events.append(event)
        # What a checkpoint had is said again when a run goes on from it: only news count.
        if self.when is not None and self.when(event):
            self.channel.stop_requested.set()
        return len(line)


def train(
    folder: Path, settings: dict[str, Any], *, resume: bool = True, stop: When | None = None, saves: bool = True
) -> list[Any]:
    """Train the cell `c` up to its outcome. Returns the events."""
    return train_cells(folder, {"c": settings}, resume=resume, stop=stop, saves=saves)


def train_cells(
    folder: Path,
    cells: dict[str, dict[str, Any]],
    *,
    resume: bool = True,
    stop: When | None = None,
    saves: bool = True,
) -> list[Any]:
    """Train cells up to their outcomes. Returns the events. `saves`: with checkpoints."""
    runner = _Runner(stop)
    each = [
        messages.TrainCell(cell=name, settings=settings, fingerprint={}, folder=str(folder / name), resume=resume)
        for name, settings in cells.items()
    ]
    command = messages.Train(
        request="t", cells=each, checkpoint=str(folder / "checkpoints"), write_checkpoints=saves, log=None
    )
    answer_train(runner.channel, command)
    return runner.events


#: Times and memory, which may differ.
MEASURED = {"train_seconds", "total_seconds", "peak_memory"}


def record(events: list[Any], folder: Path) -> list[Any]:
    """All that a run says of itself, and its adapter."""
    said: list[Any] = []
    for event in events:
        if isinstance(event, (messages.Progress, messages.Tree, messages.Usage, messages.Artifact)) or not hasattr(
            event, "cells"
        ):
            continue
        fields = messages.encode(event)
        said.append({k: v for k, v in fields.items() if k not in {"seq", "resumed_step", *MEASURED}})
    adapter = folder / "c" / "adapter"
    return [*said, {file.name: file.read_bytes() for file in sorted(adapter.iterdir())}]
