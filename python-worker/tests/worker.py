"""A real worker process for tests, and the commands that tests send it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lor2c_worker import messages

#: On a GPU numbers of a run among others, or with another number of lanes at a time, are equal up to rounding only
#: (docs/reproducing.md), which a decision may turn on.
ON_GPU = os.environ["LOR2C_TEST_DEVICE"] == "cuda"

TRAIN = {
    "num_train_epochs": 2,
    "max_steps": None,
    "batch_size": 8,
    "eval_batch_size": 16,
    "gradient_accumulation_steps": 1,
    "learning_rate": 2e-2,
    "head_learning_rate": None,
    "warmup_ratio": 0.06,
    "weight_decay": 0.1,
    "adam_beta1": 0.9,
    "adam_beta2": 0.999,
    "adam_epsilon": 1e-8,
    "max_grad_norm": 1.0,
    "max_length": 32,
    "precision": "auto",
    "logging_steps": 4,
    "score": None,
}
LORA = {"name": "lora", "rank": 4, "alpha": 8.0, "dropout": 0.1, "target_modules": ["query", "value"]}


class Worker:
    """A real worker process; `events` decodes strictly what it writes."""

    def __init__(self, stderr: Path) -> None:
        self._stderr = stderr.open("wb")
        self._unanswered, self._stopped = 0, False
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lor2c_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            cwd=Path(__file__).parents[1],
        )

    def send(self, **command: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        if command["type"] != "stop":
            self._unanswered += 1
        elif command["cells"] is None:
            self._stopped = True

    def is_idle(self) -> bool:
        """It can train: it lives, its tests have read all answers, and none has asked it to stop all work for good."""
        return self.process.poll() is None and self._unanswered == 0 and not self._stopped

    def events(self) -> Iterator[Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = messages.decode_event(json.loads(line))
            self._unanswered -= isinstance(event, messages.Done)
            yield event

    def until_done(self) -> list[Any]:
        seen = []
        for event in self.events():
            seen.append(event)
            if isinstance(event, messages.Done):
                return seen
        raise AssertionError("the worker ended without `done`")

    def close(self) -> int:
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(timeout=60)
        self._stderr.close()
        return code


def settings(place: Path, seed: int = 17, method: dict[str, Any] = LORA, **train: Any) -> dict[str, Any]:
    return {
        "model": {"name": str(place / "model"), "revision": None},
        "task": "sst2",
        "data": {
            "path": str(place / "data"),
            "hub": None,
            "train_rows": None,
            "eval_rows": None,
            "split_seed": 0,
            "columns": None,
        },
        "method": method,
        "train": {**TRAIN, **train},
        "seed": seed,
    }


def train(
    worker: Worker,
    folder: Path,
    cells: dict[str, dict[str, Any]],
    *,
    resume: bool = False,
    planned: dict[str, str] | None = None,
    log: Path | None = None,
    saves: bool = True,
) -> None:
    """Ask for the cells, each in its own folder below `folder`; `planned`: what inspecting them gave. `saves`: with
    checkpoints."""
    named = [
        {
            "cell": cell,
            "settings": value,
            "fingerprint": planned or {},
            "folder": str(folder / cell),
            "resume": resume,
        }
        for cell, value in cells.items()
    ]
    checkpoint, file = str(folder / "checkpoints"), None if log is None else str(log)
    worker.send(type="train", request="t", cells=named, checkpoint=checkpoint, write_checkpoints=saves, log=file)


def run(worker: Worker, folder: Path, value: dict[str, Any]) -> list[Any]:
    train(worker, folder, {"c": value})
    return worker.until_done()


def only(events: list[Any], kind: type) -> list[Any]:
    return [e for e in events if isinstance(e, kind)]


def adapter_of(events: list[Any]) -> messages.Artifact:
    """The event of the only adapter."""
    [adapter] = [event for event in only(events, messages.Artifact) if event.kind == "adapter"]
    return adapter
