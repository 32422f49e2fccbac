"""Torch operations of one training step with many lanes, before any event and after three in every lane.

    python-worker/.venv/bin/python scripts/bench/counted.py

It runs anywhere in seconds: the counts do not depend on the width of the layers, so these are tiny. The lanes go
through the model together, as on a GPU.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "python-worker"))

import torch  # noqa: E402
from learners import lor2c, optimizer_of, step_of, three_events  # noqa: E402
from shapes import config_of, random_model, random_rows  # noqa: E402
from torch_calls import Calls, count_calls  # noqa: E402

from lor2c_worker.launches import as_on_a_gpu  # noqa: E402

#: Before any event, and after three in every lane.
TIMES = ("before", "after")
#: Parts that do not grow with the adapters.
FROZEN = ("frozen layers", "masks", "batch")


def count_step(lanes: int, device: torch.device, shape: str = "tiny-12", precision: str = "fp32") -> dict[str, Calls]:
    """Operations of one step of `lanes` lanes at each of TIMES. Another step before has allocated what stays."""
    config = config_of(shape)
    assert config is not None
    learner = lor2c(random_model(config, device), lanes, events=True)
    learner.use_width(None, fill=False)
    optimizer = optimizer_of(learner)
    step = step_of(learner, device, precision, optimizer)
    batch = random_rows(config, 4).batch(range(4), device)
    found = {}
    with as_on_a_gpu():
        for number, time in enumerate(TIMES):
            if time == "after":
                three_events(learner, optimizer)
            step(batch, 2 * number)
            found[time] = count_calls(lambda number=number: step(batch, 2 * number + 1))
    return found


def table(counts: dict[str, Calls]) -> str:
    """One line for each part, with the numbers before and after events."""
    parts = sorted({part for calls in counts.values() for part in calls.calls})
    lines = [f"{'calls (launches)':16} " + " ".join(f"{time:>14}" for time in counts)]
    for part in parts:
        cells = [f"{calls.calls[part]:>6} ({calls.launches[part]:>5})" for calls in counts.values()]
        lines.append(f"{part:16} " + " ".join(cells))
    for kind, text in (
        ("host", "tensors made of Python values"),
        ("copies", "copies to the device"),
        ("waits", "waits for the device"),
    ):
        each = [str(calls.outside("batch", of=kind)) for calls in counts.values()]
        lines.append(f"{text} outside of the batch: {', '.join(each)}")
    return "\n".join(lines)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for lanes in (1, 16):
        counts = count_step(lanes, torch.device("cpu"))
        print(f"\n{lanes} lanes on 12 layers\n{table(counts)}")
        for place, times in sorted(counts["after"].places.items(), key=lambda entry: -entry[1]):
            print(f"  {times:>5} {place}")
