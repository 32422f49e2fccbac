"""Evaluations every few steps, several in an epoch: the best adapter of each is kept apart and found again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from stopping import after_evaluation, record, train
from worker import only, settings

from lor2c_worker import messages
from lor2c_worker.channel import Channel
from lor2c_worker.run.checkpoint import BEST_FOLDER, checkpoints_in
from lor2c_worker.run.gauges import gauges_of
from lor2c_worker.run.loop_state import LoopState
from lor2c_worker.run.manifest import check_files, read_manifest
from lor2c_worker.run.meter import Meter
from lor2c_worker.run.report import make_report
from lor2c_worker.run.run_tree import _begin
from lor2c_worker.run.tree import read_cell

EPOCHS, PER_EPOCH = 2, 8


def wanted(place: Path, merges: int = 1) -> dict[str, Any]:
    method = {"name": "imlor2c", "rank": 4, "merges": merges, "injections": 1}
    return settings(
        place,
        method=method,
        num_train_epochs=EPOCHS,
        learning_rate=2e-2,
        logging_steps=1,
        checkpoint_minutes=1e-9,
        eval_steps=PER_EPOCH // 2,
    )


def evaluations(events: list[Any]) -> list[Any]:
    return [event for event in only(events, messages.Metrics) if event.split == "eval"]


def test_a_run_is_evaluated_twice_an_epoch_and_reports_its_best(place: Path, tmp_path: Path) -> None:
    """The worker itself loads the best adapter again and compares its predictions. A run that stops after evaluations
    within epochs goes on from there, and says and saves the same."""
    events = train(tmp_path / "whole", wanted(place))
    seen = evaluations(events)
    assert [event.step for event in seen] == list(range(4, EPOCHS * PER_EPOCH + 1, 4))
    assert [event.epoch for event in seen] == [event.step / PER_EPOCH for event in seen]
    (finished,) = only(events, messages.Finished)
    scores = [event.values["accuracy"] for event in seen]
    assert finished.best_score == max(scores)
    assert finished.best_epoch == (scores.index(max(scores)) + 1) / 2
    for number in (0.5, 1.5):
        (stopped,) = only(train(tmp_path / "parts", wanted(place), stop=after_evaluation(number)), messages.Stopped)
        assert stopped.step == number * PER_EPOCH
    said = train(tmp_path / "parts", wanted(place))
    assert only(said, messages.Started)[0].resumed_step == 1.5 * PER_EPOCH
    assert record(said, tmp_path / "parts") == record(events, tmp_path / "whole")


def test_the_best_of_two_evaluations_in_an_epoch_have_folders_of_their_own(place: Path, tmp_path: Path) -> None:
    """Cells that part between them, and checkpoints, keep what they had."""
    cells = [read_cell(name, tmp_path / name, wanted(place, m), {}, False) for m, name in enumerate(("none", "one"))]
    meter = Meter(gauges_of(torch.device("cpu")))
    run, _ = _begin(Channel(io.BytesIO(), io.BytesIO()), cells, tmp_path / "checkpoints", None, meter, True)
    state = run.loop
    try:
        report = make_report(run)
        report.best(0, ["none", "one"], 4, 1, {"accuracy": 0.5})
        state.step = 4
        run.checkpoint(state)
        kept = adapters(run.folder)[run.best["one"].folder]
        with torch.no_grad():
            for tensor in run.learner.tensors(0).values():
                tensor.add_(1.0)
        report.best(0, ["none"], 8, 1, {"accuracy": 0.6})
        again = LoopState(state.results, step=8)
        run.checkpoint(again)
        assert run.best["one"].folder != run.best["none"].folder
        found = adapters(run.folder)
        assert found[run.best["one"].folder] == kept != found[run.best["none"].folder]
        places = checkpoints_in(run.folder)
        assert len(places) == 2
        for checkpoint in places:
            check_files(run.folder, read_manifest(checkpoint).files)
    finally:
        run.events.close()


def adapters(folder: Path) -> dict[str, bytes]:
    return {
        place.name: b"".join(file.read_bytes() for file in sorted(place.rglob("*.safetensors")))
        for place in (folder / BEST_FOLDER).iterdir()
    }
