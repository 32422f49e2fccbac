"""Takes turns for one checkout of this project, in a process of its own, so that two checkouts can be compared.

    python turn_server.py CHECKOUT

It reads one JSON request a line and answers each with one line: {"ok": ...} or {"error": text}. It calls only functions
that both checkouts have: those of contenders.py, inputs.py, turns.py and executed.py.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Turns:
    """Contenders of one checkout by name, each with its batches."""

    def __init__(self) -> None:
        import torch

        from lor2c_worker.device import current_device

        torch.set_num_threads(1)
        self.device = current_device()
        self._models: dict[str, Any] = {}
        self._steps: dict[str, tuple[Any, list[Any]]] = {}

    def prepare(self, name: str, model: str, contender: str, lanes: int, precision: str, rows: dict[str, Any]) -> None:
        """Make a contender and let it take a step. `contender` "lanes": this many lanes of LoR2C, else one by its name.
        Lanes of one model share its frozen weights."""
        import contenders
        import inputs

        data = inputs.make_rows(rows["task"], rows["path"], model, rows["max_length"])
        batches = inputs.make_batches(data, rows["batch_size"], rows["steps"], self.device)
        if contender == "lanes":
            if model not in self._models:
                self._models[model] = inputs.make_model(model, self.device)
            learner = contenders.lor2c(self._models[model], lanes)
            step = contenders.step_of(learner, self.device, precision)
        else:
            steps = contenders.build([contender], model, rows["max_length"], data.pad_id, self.device)
            step = steps[contender]
        step(batches[0], 0)
        self._steps[name] = step, batches

    def turn(self, name: str) -> float:
        """Seconds of a step, on the clock of turns.py."""
        import turns

        step, batches = self._steps[name]
        began = turns.clock(self.device)
        for number, batch in enumerate(batches):
            step(batch, number)
        return (turns.clock(self.device) - began) / len(batches)

    def forget(self) -> None:
        """Free the memory of all contenders."""
        self._steps.clear()
        self._models.clear()

    def grid(self, model: str, rows: dict[str, Any], count: int, epochs: int, size: int) -> dict[str, Any]:
        """A grid as the worker trains it (executed.py)."""
        import executed

        sizes = {"batch_size": rows["batch_size"], "max_length": rows["max_length"]}
        settings = executed.raw_settings(model, rows["task"], rows["path"], count, epochs, **sizes)
        return executed.grid_and_single(settings, size, self.device)


def main() -> None:
    checkout = Path(sys.argv[1]).resolve()
    # Instead of this file's folder, whose modules are those of another checkout.
    sys.path[0] = str(checkout / "scripts" / "bench")
    sys.path.insert(1, str(checkout / "python-worker"))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is not an answer
    turns: Turns | None = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            turns = turns or Turns()
            do: Callable[..., Any] = getattr(turns, request.pop("do"))
            answer = {"ok": do(**request)}
        except (Exception, SystemExit) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
