"""A lane whose numbers are no longer finite ends as an outcome of its own; its neighbours never notice."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU, SETTINGS, Seen, training_of
from test_methods import fresh
from test_train import rows
from test_tree import cell, grid, place, record
from worker import ON_GPU, Worker, only, run, settings, train

from lor2c_worker import messages
from lor2c_worker.data.encode import encode
from lor2c_worker.device import is_out_of_memory
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.run import loop, moments
from lor2c_worker.run.loop_state import LoopState, Watch

__all__ = ["place"]  # a fixture

PAIRS = [(0, 0), (1, 0), (0, 1)]


def steps_of(events: list[Any]) -> dict[str, str]:
    """Message of each cell that failed as Diverged."""
    failed = only(events, messages.Failed)
    assert {e.error_type for e in failed} <= {"Diverged"}, failed
    assert not any(e.traceback for e in failed)
    return {name: e.message for e in failed for name in e.cells}


def test_a_tree_that_diverges_ends_at_the_first_step_without_numbers(
    worker: Worker, place: Path, tmp_path: Path
) -> None:
    """The second step has a rate of 1e30, so the third has no loss."""
    train(worker, tmp_path, grid(place, PAIRS, learning_rate=1e30))
    events = worker.until_done()
    told = steps_of(events)
    assert set(told) == set(grid(place, PAIRS))
    assert all("not finite from step 3 on. Use a lower" in message for message in told.values())
    assert not only(events, messages.Finished)
    assert max(e.step for e in only(events, messages.Progress)) <= 3


def test_without_a_limit_it_goes_on_without_scores(worker: Worker, place: Path, tmp_path: Path) -> None:
    train(worker, tmp_path, grid(place, PAIRS, learning_rate=1e30, stop_after_nonfinite=None))
    events = worker.until_done()
    assert not only(events, messages.Failed)
    assert {c for done in only(events, messages.Finished) for c in done.cells} == set(grid(place, PAIRS))
    changes = only(events, messages.Change)
    assert {change.kind for change in changes} == {"merge", "inject"}
    assert all(change.score is None and change.margin is None for change in changes)
    assert all(m.score is None for table in only(events, messages.ModuleScores) for m in table.modules)


@pytest.mark.parametrize("limit", [1, 2, None])
def test_a_lane_that_diverges_leaves_its_neighbours_as_they_are_alone(
    worker: Worker, place: Path, tmp_path: Path, limit: int | None
) -> None:
    """A weight decay of 1e38 makes weights infinite; the cell beside it has its own bits and files."""
    good = cell(place, 1, 1, stop_after_nonfinite=limit)
    bad = cell(place, 1, 1, rules={"weight_decay": 1e38}, stop_after_nonfinite=limit)
    train(worker, tmp_path / "alone", {"good": good})
    alone = record(worker.until_done(), "good", tmp_path / "alone")
    train(worker, tmp_path / "together", {"bad": bad, "good": good})
    events = worker.until_done()
    assert ON_GPU or record(events, "good", tmp_path / "together") == alone
    told = steps_of(events)
    assert set(told) == (set() if limit is None else {"bad"})
    if limit == 2:
        assert ", for 2 steps" in told["bad"]
    if limit is not None:
        (tree,) = only(events, messages.Tree)
        assert (tree.cells, tree.lanes) == (["good"], 1)


def test_a_single_lane_of_another_learner_ends_the_same_way(worker: Worker, place: Path, tmp_path: Path) -> None:
    told = steps_of(run(worker, tmp_path, settings(place, learning_rate=1e30)))
    assert "from step 3 on" in told["c"]


def test_the_last_step_can_leave_a_model_without_numbers(worker: Worker, place: Path, tmp_path: Path) -> None:
    """Every loss was finite, but there is no evaluation to report."""
    told = steps_of(run(worker, tmp_path, settings(place, learning_rate=1e30, max_steps=2, num_train_epochs=1)))
    assert "no evaluation up to step 2 gave finite predictions" in told["c"]


@pytest.mark.parametrize(
    ("limit", "bad", "since"),
    [(1, [3], 3), (1, [3, 5], 3), (2, [3, 5], None), (2, [3, 5, 6, 9], 5), (3, [2, 3, 5, 6, 7, 8], 5)],
)
def test_the_watch_knows_the_first_step_however_late_it_is_read(limit: int, bad: list[int], since: int | None) -> None:
    watch, fine = Watch(), torch.ones(3)
    for step in range(1, 11):
        losses, norms = fine.clone(), fine.clone()
        (losses if step % 2 else norms)[1] = (math.nan if step % 4 else math.inf) if step in bad else 1.0
        watch.add(step, losses, norms, limit)
    assert watch.diverged() == ({} if since is None else {1: since})
    watch.fork([2, 1, 1])
    assert watch.diverged() == ({} if since is None else {1: since, 2: since})


def test_a_device_that_must_be_waited_for_tells_the_same_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on CUDA, where the loop looks from time to time and before every decision."""
    folder, data = tiny.save(tmp_path), encode(rows(64), tiny.tokenizer(), "classify", 32)
    method = METHODS["imlor2c"]

    def lost() -> tuple[int, dict[int, int]]:
        """(step at which the loop saw it, first step of each lane that was not finite)"""
        cells = [Cell("c", parse_params(method, {"rank": 4, "merges": 1, "injections": 0}), 3)]
        learner = method.build(fresh(folder), cells, horizon=Horizon(3, 24, 8))
        told: list[tuple[int, dict[int, int]]] = []

        def lose(state: LoopState, diverged: dict[int, int]) -> LoopState:
            told.append((state.step, diverged))
            return state.part([])

        loop.train(training_of(learner, data, Seen(), HIGH, lose=lose))
        return told[0]

    at_once = lost()
    monkeypatch.setattr(loop, "look_due", lambda step, due, waits: moments.look_due(step, due, waits=True))
    assert at_once == (3, {0: 3})
    assert lost() == (8, {0: 3})  # at the end of the epoch


HIGH = dataclasses.replace(SETTINGS, learning_rate=1e30, logging_steps=100)


def test_lack_of_memory_is_known_by_every_name() -> None:
    with pytest.raises(RuntimeError) as real:
        torch.empty(10**15, dtype=torch.uint8, device=CPU)
    assert is_out_of_memory(real.value), real.value
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"))
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(OSError("out of memory"))
