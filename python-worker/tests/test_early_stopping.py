"""Runs end when their score no longer improves, alone and among lanes, with the numbers of a run that would go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stopping
from test_tree import record
from worker import LORA, ON_GPU, only, settings

from lor2c_worker import messages
from lor2c_worker.run import early_stopping

EPOCHS, PATIENCE = 12, 2
#: Of 4 steps an epoch, 48 steps: the last allocation is after step 48 - 14 = 34, in epoch 9.
ADALORA = {"name": "adalora", "init_rank": 4, "target_rank": 2}


def cell(place: Path, method: dict[str, Any] = LORA, *, patience: int | None = PATIENCE, **train: Any) -> Any:
    given: dict[str, Any] = {
        "num_train_epochs": EPOCHS,
        "precision": "fp32",
        "logging_steps": 1,
        "batch_size": 16,
        **train,
    }
    seed = given.pop("seed", 17)
    return settings(place, seed, method, early_stopping_patience=patience, **given)


def im(merges: int, injections: int = 0, **more: Any) -> dict[str, Any]:
    return {"name": "imlor2c", "rank": 4, "merges": merges, "injections": injections, **more}


def scores(events: list[Any], name: str = "c", split: str = "eval") -> list[float]:
    """Of the evaluations of a cell, in order."""
    found = [e for e in only(events, messages.Metrics) if name in e.cells and e.split == split]
    return [e.values["accuracy"] for e in found]


def end_of(values: list[float], patience: int, settled: int = 1) -> int | None:
    """The epoch that ends a run with these scores, whose structure is final from the evaluation of epoch `settled` on;
    None: it goes on to its end."""
    best, stale = float("-inf"), 0
    for epoch, value in enumerate(values, 1):
        stale = 0 if value > best or epoch <= settled else stale + 1
        best = max(best, value)
        if stale >= patience and epoch < EPOCHS:
            return epoch
    return None


def outcome(events: list[Any], name: str = "c") -> messages.Finished:
    (finished,) = [e for e in only(events, messages.Finished) if name in e.cells]
    return finished  # type: ignore[no-any-return]


def early(events: list[Any], name: str = "c") -> list[str]:
    return [note for note in outcome(events, name).notes if "stopped early" in note]


def until(events: list[Any], epoch: float, name: str = "c") -> list[Any]:
    """What a run has said of its steps and evaluations up to an epoch."""
    said = [e for e in events if isinstance(e, (messages.Metrics, messages.Change, messages.Ranks)) and name in e.cells]
    return [{**messages.encode(e), "seq": 0, "cells": []} for e in said if e.epoch <= epoch]


@pytest.fixture(scope="module")
def whole(place: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return stopping.train(tmp_path_factory.mktemp("whole"), cell(place, patience=None))


def test_a_run_ends_after_so_many_evaluations_without_a_better_score(
    place: Path, tmp_path: Path, whole: list[Any]
) -> None:
    """The learning rates, and so all numbers, are those of the whole run."""
    last = end_of(scores(whole), PATIENCE)
    assert last is not None
    events = stopping.train(tmp_path, cell(place))
    assert scores(events) == scores(whole)[:last]
    assert until(events, last) == until(whole, last)
    assert early(events) == [f"stopped early after epoch {last} of 12: no better accuracy for 2 evaluations"]
    finished, (tree,) = outcome(events), only(events, messages.Tree)
    assert (finished.best_epoch, finished.best_score) == (outcome(whole).best_epoch, outcome(whole).best_score)
    assert finished.last_score == scores(whole)[last - 1]
    assert tree.lane_epochs == tree.cell_epochs == last
    assert not early(whole)


@pytest.mark.parametrize("patience", [1, EPOCHS - 1, EPOCHS])
def test_any_patience(place: Path, tmp_path: Path, whole: list[Any], patience: int) -> None:
    events, last = stopping.train(tmp_path, cell(place, patience=patience)), end_of(scores(whole), patience)
    assert len(scores(events)) == (last or EPOCHS)
    times = "1 evaluation" if patience == 1 else f"{patience} evaluations"
    assert [note.endswith(f"no better accuracy for {times}") for note in early(events)] == [True] * (last is not None)


def test_held_out_rows_decide_where_they_choose(place: Path, tmp_path: Path) -> None:
    events = stopping.train(tmp_path, cell(place, holdout=8))
    held = scores(events, split="holdout")
    assert end_of(held, PATIENCE) == len(held) < EPOCHS


def test_patience_counts_evaluations_within_epochs_too(place: Path, tmp_path: Path) -> None:
    """Of 4 steps an epoch, evaluated after every third: the count is the same, its end and the best are real epochs."""
    events = stopping.train(tmp_path, cell(place, eval_steps=3))
    values = scores(events)
    assert end_of(values, PATIENCE) == len(values) < EPOCHS
    assert early(events) == [
        f"stopped early after epoch {len(values) * 3 / 4:.4g} of 12: no better accuracy for 2 evaluations"
    ]
    assert outcome(events).best_epoch == (values.index(max(values)) + 1) * 3 / 4


@pytest.mark.parametrize(
    ("method", "settled", "changed"),
    [
        (im(0), 1, 0),
        (im(1), 3, 1),
        (im(2), 4, 2),
        # The second injection finds no candidate. The run waits until it was tried, and is no failure.
        (im(1, 2), 4, 2),
        (ADALORA, 9, 0),
        ({"name": "dylora", "rank": 2}, 1, 0),
    ],
    ids=str,
)
def test_the_count_begins_after_the_last_change_of_structure(
    place: Path, tmp_path: Path, method: dict[str, Any], settled: int, changed: int
) -> None:
    events = stopping.train(tmp_path, cell(place, method, patience=1))
    values = scores(events)
    assert end_of(values, 1, settled) == len(values)
    assert early(events)
    changes = [change.epoch for change in only(events, messages.Change)]
    assert len(changes) == changed
    assert all(epoch < len(values) for epoch in changes)


def test_a_cell_that_ends_early_leaves_its_neighbours(place: Path, tmp_path: Path) -> None:
    """Lanes of other numbers, cells that share a lane until one parts, and all say what they say alone."""
    cells = {f"m{merges}": cell(place, im(merges), patience=1) for merges in (0, 1, 2)}
    cells |= {f"lr{rate}": cell(place, im(1), patience=1, learning_rate=rate) for rate in (1e-4, 5e-2)}
    cells |= {"seed": cell(place, im(1), patience=1, seed=3)}
    together = stopping.train_cells(tmp_path / "together", cells)
    lengths = {name: len(scores(together, name)) for name in cells}
    assert len(set(lengths.values())) > 2
    for name, value in cells.items():
        alone = stopping.train_cells(tmp_path / "alone", {name: value})
        assert ON_GPU or record(together, name, tmp_path / "together") == record(alone, name, tmp_path / "alone"), name
        assert bool(early(together, name)) == (lengths[name] < EPOCHS)
    # Whoever ends early says at once what it cost, and progress no longer counts it.
    trees = only(together, messages.Tree)
    assert sorted(name for tree in trees for name in tree.cells) == sorted(cells)
    assert [tree.cell_epochs for tree in trees] == [len(t.cells) * lengths[t.cells[0]] for t in trees]
    for finished in only(together, messages.Finished):
        later = [e for e in together if e.seq > finished.seq and isinstance(e, (messages.Progress, messages.Metrics))]
        assert not any(set(finished.cells) & set(event.cells) for event in later)
        assert 0 <= finished.train_seconds <= finished.total_seconds


@pytest.mark.parametrize("kind", ["roberta", "llama"])
def test_neighbours_on_other_models(tmp_path: Path, kind: str) -> None:
    """The check of a cell's adapter, on the model that the others go on with, changes nothing for them."""
    import tiny

    tiny.save(tmp_path / "model", kind)
    tiny.save_rows(tmp_path / "data", train=32, dev=10)
    cells = {name: cell(tmp_path, im(merges), patience=1) for name, merges in (("a", 0), ("b", 1), ("c", 2))}
    together = stopping.train_cells(tmp_path / "together", cells)
    assert len({len(scores(together, name)) for name in cells}) > 1
    for name, value in cells.items():
        alone = stopping.train_cells(tmp_path / "alone", {name: value})
        assert ON_GPU or record(together, name, tmp_path / "together") == record(alone, name, tmp_path / "alone"), name


@pytest.mark.parametrize("epoch", [1, 2, 3, 4, 5])
def test_a_stopped_run_keeps_its_count(place: Path, tmp_path: Path, epoch: int) -> None:
    value = cell(place, im(1), patience=3)
    whole = stopping.record(stopping.train(tmp_path / "whole", value), tmp_path / "whole")
    stopping.train(tmp_path, value, stop=stopping.after_evaluation(epoch))
    assert stopping.record(stopping.train(tmp_path, value), tmp_path) == whole


def test_a_run_whose_checkpoint_is_of_its_end_trains_no_further(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: list[Any]
) -> None:
    """As after a kill between the checkpoint and the outcome."""
    last = end_of(scores(whole), PATIENCE)
    assert last is not None
    with monkeypatch.context() as patch:
        patch.setattr(early_stopping, "ended", lambda results, patience: [])
        stopping.train(tmp_path, cell(place), stop=stopping.after_evaluation(last))
    events = stopping.train(tmp_path, cell(place))
    assert len(scores(events)) == last
    assert early(events)
