"""Times of what happens between steps: decisions with spectra, evaluations, checkpoints, saving, reload, forks."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import torch
from learners import lor2c, optimizer_of, part, step_of, three_events
from parts import Put
from setup import EVAL_ROWS, Setup, seconds_of

from lor2c_worker.device import autocast
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.methods import METHODS, parse_params


def operations(small: bool, put: Put) -> None:
    """With 16 lanes after three events each (2 in the small form), in the precision that `auto` takes."""
    setup = Setup.of(small)
    lanes, device, precision = 2 if small else 16, setup.device, setup.precisions[-1]
    model, rows = setup.model(), setup.rows(8 if small else EVAL_ROWS)
    learner = lor2c(model, lanes, events=True, pairs=True)
    optimizer = optimizer_of(learner)
    three_events(learner, optimizer)
    step_of(learner, device, precision, optimizer)(setup.batches(1)[0], 0)
    put("lanes", lanes)

    def evaluate() -> None:
        with autocast(device, precision):
            logits_of(learner, rows, setup.batch_size, device)

    # The first decision and the first evaluation also prepare kernels.
    for name, operation in (
        ("decide", lambda: learner.end_epoch(4, 4, optimizer)),
        ("evaluate", evaluate),
        ("write_state", lambda: torch.save([learner.state(), optimizer.state_dict()], io.BytesIO())),
    ):
        operation()
        put(name, seconds_of(operation, device, setup.repeats))
    put("evaluation_rows", len(rows))
    put("save_and_reload", _save_and_reload(setup, learner, model))
    # Last, since it changes the learner: every lane becomes two.
    put("fork", seconds_of(lambda: part(learner, optimizer), device))


def _save_and_reload(setup: Setup, learner: Any, model: Any) -> dict[str, float]:
    """One lane: writing its adapter, and reading it onto the loaded model."""
    method = METHODS["imlor2c"]
    params = parse_params(method, {"merges": 1, "injections": 1})
    with tempfile.TemporaryDirectory() as folder:
        save = seconds_of(lambda: method.save(learner, 0, model, Path(folder)), setup.device)
        load = seconds_of(lambda: method.load(model, params, Path(folder)), setup.device)
    return {"save": save, "load": load}
