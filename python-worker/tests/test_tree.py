"""Bundles as trees of lanes in a real worker: each cell has the numbers it has alone, also after a kill."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from marks import needs_bf16
from transformers import BertConfig, BertModel
from worker import Worker, only, settings, train

from lor2c_worker import messages
from lor2c_worker.rules import PRESETS
from lor2c_worker.run.checkpoint import checkpoints_in
from lor2c_worker.run.manifest import read_manifest, write_manifest
from lor2c_worker.run.state_files import read_state
from lor2c_worker.run.tree import lane_epochs
from lor2c_worker.schedule import Schedule

EPOCHS, LAYERS = 8, 6
#: Each number of events beside each, but for four pairs whose lanes part as others do.
GRID = [(m, i) for m in range(4) for i in range(4) if (m, i) not in {(1, 2), (2, 0), (2, 3), (3, 2)}]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of six layers with dropout, and few rows, whose last batch is smaller than the others."""
    folder = tmp_path_factory.mktemp("tree")
    tiny.save(folder / "model")
    torch.manual_seed(3)
    config = BertConfig.from_pretrained(folder / "model")
    config.num_hidden_layers = LAYERS
    BertModel(config).save_pretrained(folder / "model")
    tiny.save_rows(folder / "data", train=28, dev=9)
    return folder


def cell(place: Path, merges: int, injections: int, rules: Any = "paper", **options: Any) -> dict[str, Any]:
    method = {"name": "imlor2c", "rank": 4, "merges": merges, "injections": injections, "rules": rules}
    return settings(place, method=method, num_train_epochs=EPOCHS, logging_steps=1, **options)


def grid(place: Path, pairs: list[tuple[int, int]] = GRID, **options: Any) -> dict[str, dict[str, Any]]:
    return {f"m{m}i{i}": cell(place, m, i, **options) for m, i in pairs}


#: Times and memory, which may differ.
_MEASURED = {"train_seconds", "total_seconds", "peak_memory"}


def record(events: list[Any], name: str, folder: Path) -> list[Any]:
    """All events of a cell, and the bytes of its adapter in `folder`."""
    said: list[Any] = []
    for event in events:
        if isinstance(event, (messages.Progress, messages.Tree, messages.Usage, messages.Artifact)) or not hasattr(
            event, "cells"
        ):
            continue
        if name in event.cells:
            fields = messages.encode(event)
            said.append({k: v for k, v in fields.items() if k not in {"seq", "cells", "resumed_step", *_MEASURED}})
    adapter = folder / name / "adapter"
    return [*said, (adapter / "adapter_model.safetensors").read_bytes(), (adapter / "adapter_config.json").read_text()]


@pytest.fixture(scope="module")
def alone(worker: Worker, place: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    records = {}
    for name, value in grid(place).items():
        folder = tmp_path_factory.mktemp("alone")
        train(worker, folder, {name: value})
        records[name] = record(worker.until_done(), name, folder)
    return records


@pytest.mark.parametrize("max_lanes", ["auto", 3, 64])  # auto: 1 on a CPU
def test_every_leaf_of_a_grid_equals_its_cell_alone(
    worker: Worker, place: Path, tmp_path: Path, alone: dict[str, list[Any]], max_lanes: Any
) -> None:
    train(worker, tmp_path, grid(place, max_lanes=max_lanes))
    events = worker.until_done()
    assert len(only(events, messages.Finished)) == len(GRID)
    for name, value in alone.items():
        assert record(events, name, tmp_path) == value, name


def test_other_neighbours_change_nothing(
    worker: Worker, place: Path, tmp_path: Path, alone: dict[str, list[Any]]
) -> None:
    few = grid(place, [(3, 1), (0, 2), (2, 2)])
    others = {
        "official": cell(place, 2, 1, rules="official"),
        "top": cell(place, 2, 2, rules={"inject_pick": "highest"}),
    }
    train(worker, tmp_path, others | few)
    events = worker.until_done()
    for name in few:
        assert record(events, name, tmp_path) == alone[name], name
    # The official rules have another weight decay from the first step on, so their cells need a lane of their own.
    assert only(events, messages.Tree)[0].lanes == 5


def predicted(worker: Worker, cells: dict[str, dict[str, Any]]) -> float:
    worker.send(type="inspect", request="i", settings=list(cells.values()))
    found = [[(e.epoch, e.key) for e in event.events] for event in only(worker.until_done(), messages.Inspected)]
    return lane_epochs(dict(enumerate(found)), EPOCHS)  # type: ignore[arg-type]


def test_executed_lane_epochs_are_the_predicted_ones(worker: Worker, place: Path, tmp_path: Path) -> None:
    cells = grid(place, [(m, i) for m in range(3) for i in range(3)])
    train(worker, tmp_path, cells)
    events = worker.until_done()
    (tree,) = only(events, messages.Tree)
    assert tree.lane_epochs == predicted(worker, cells) < tree.cell_epochs == 9 * EPOCHS
    assert tree.lanes == 9
    assert tree.longest_fork_seconds < 0.05


def test_cells_whose_rules_find_no_candidate_stay_in_one_lane(worker: Worker, place: Path, tmp_path: Path) -> None:
    """Spans have at most two layers, so a lane has at most three merges, even if more are planned."""
    cells = {f"m{m}": cell(place, m, 0, score=None) for m in (3, 4, 5)}
    for value in cells.values():
        value["method"] = {**value["method"], "max_span": 2}
    train(worker, tmp_path, cells)
    events = worker.until_done()
    (tree,) = only(events, messages.Tree)
    assert tree.lanes < 3
    assert tree.lane_epochs < predicted(worker, cells)


def test_what_is_left_is_foreseen_where_candidates_run_out(worker: Worker, place: Path, tmp_path: Path) -> None:
    """Six layers have no room for most of these events, so most of the cells stay together."""
    cells = grid(place, [(m, i) for m in (0, 3, 6) for i in (0, 3, 6)])
    train(worker, tmp_path, cells)
    events = worker.until_done()
    (tree,) = only(events, messages.Tree)
    assert tree.lane_epochs < 0.8 * predicted(worker, cells)
    per_epoch = only(events, messages.Progress)[0].total_steps / EPOCHS
    told = [(p.step / per_epoch, p.lanes, p.lane_epochs_left) for p in only(events, messages.Progress)]
    assert told[0][2] + told[0][0] == pytest.approx(tree.lane_epochs, rel=0.2)
    for epoch, lanes, left in told:
        if epoch > 6:  # the last event of any cell
            assert left == pytest.approx(lanes * (EPOCHS - epoch))


@pytest.mark.parametrize(("epochs", "executed"), [(30, 1083), (40, 1600), (60, 2405), (80, 3212)])
def test_lane_epochs_of_the_paper_s_grid(epochs: int, executed: int) -> None:
    def events(m: int, i: int) -> list[tuple[float, str]]:
        return [(e, kind) for kind, e in Schedule(epochs, m, i, PRESETS["official"]).events()]

    cells = {f"{m} {i}": events(m, i) for m in range(7) for i in range(7)}
    assert lane_epochs(cells, epochs) == executed
    assert sum(lane_epochs({name: own}, epochs) for name, own in cells.items()) == 49 * epochs


def until_epoch(worker: Worker, epoch: int) -> list[Any]:
    seen = []
    for event in worker.events():
        seen.append(event)
        if isinstance(event, messages.Metrics) and event.split == "eval" and event.epoch == epoch:
            return seen
    raise AssertionError("the worker ended early")


def train_until(epoch: int, folder: Path, cells: dict[str, dict[str, Any]]) -> None:
    """Train the cells in a worker of their own, which is stopped after this epoch."""
    worker = Worker(folder / "stderr.log")
    train(worker, folder, cells)
    until_epoch(worker, epoch)
    worker.send(type="stop", cells=None)
    assert only(worker.until_done(), messages.Stopped)
    assert worker.close() == 0


def test_a_tree_that_is_killed_again_and_again_goes_on_bit_equal(
    worker: Worker, place: Path, tmp_path: Path, alone: dict[str, list[Any]]
) -> None:
    """Before its first fork, while it forks, and after its last."""
    cells, finished = grid(place, checkpoint_minutes=1e-9), 0  # a checkpoint after every step
    for epoch in (1, 3, 7):
        victim = Worker(tmp_path / "stderr.log")
        train(victim, tmp_path, cells, resume=True)
        assert_resumed(until_epoch(victim, epoch + 1), finished)
        victim.process.send_signal(signal.SIGKILL)
        victim.process.wait(timeout=30)
        finished = epoch
    train(worker, tmp_path, cells, resume=True)
    events = worker.until_done()
    assert_resumed(events, finished)
    for name, value in alone.items():
        assert record(events, name, tmp_path) == value, name


def assert_resumed(events: list[Any], epochs: int) -> None:
    """After so many epochs at least; a worker that starts from zero says None."""
    steps = [e.resumed_step for e in only(events, messages.Started)]
    assert len(steps) > 0
    assert all(step is None if epochs == 0 else step is not None and step >= 4 * epochs for step in steps)


def test_a_stopped_tree_goes_on_within_its_epoch_also_in_parts(
    worker: Worker, place: Path, tmp_path: Path, alone: dict[str, list[Any]]
) -> None:
    stopped = Worker(tmp_path / "stderr.log")
    train(stopped, tmp_path, grid(place))
    until_epoch(stopped, 5)
    stopped.send(type="stop", cells=None)
    (end,) = only(stopped.until_done(), messages.Stopped)
    assert stopped.close() == 0
    assert 20 <= end.step < 32
    names = list(alone)
    for part in (names[:5], names[5:]):
        cells = {name: grid(place)[name] for name in part}
        train(worker, tmp_path, cells, resume=True)
        events = worker.until_done()
        (tree,) = only(events, messages.Tree)
        # It counts its own steps only, not those of lanes of the other part.
        assert tree.cell_epochs == len(part) * EPOCHS
        assert len(part) > 5 or tree.lane_epochs == predicted(worker, cells)
        assert tree.lane_epochs <= predicted(worker, cells)
        assert {e.resumed_step for e in only(events, messages.Started)} == {end.step}
        for name in part:
            assert record(events, name, tmp_path) == alone[name], name


def test_forks_and_lane_width_of_a_tree_that_goes_on_are_those_of_the_whole(
    worker: Worker, place: Path, tmp_path: Path
) -> None:
    pairs = [(0, 0), (1, 0), (2, 1)]
    train(worker, tmp_path / "whole", grid(place, pairs, max_lanes=2))
    (whole,) = only(worker.until_done(), messages.Tree)
    train_until(5, tmp_path, grid(place, pairs, max_lanes=2))
    (folder,) = (tmp_path / "checkpoints").iterdir()
    past = read_state(checkpoints_in(folder)[0])["learner"]["fork_seconds"]
    assert len(past) > 0
    train(worker, tmp_path, grid(place, pairs), resume=True)  # max_lanes is auto now, which would be 1 on a CPU
    (tree,) = only(worker.until_done(), messages.Tree)
    assert (tree.forks, tree.lane_width) == (whole.forks, 2)
    assert tree.longest_fork_seconds >= max(past)


def test_new_cells_begin_beside_those_that_go_on(
    worker: Worker, place: Path, tmp_path: Path, alone: dict[str, list[Any]]
) -> None:
    train_until(4, tmp_path, grid(place, GRID[:6]))
    train(worker, tmp_path, grid(place, GRID[4:8]), resume=True)
    events = worker.until_done()
    steps = {c: e.resumed_step for e in only(events, messages.Started) for c in e.cells}
    assert [steps[name] is None for name in grid(place, GRID[4:8])] == [False, False, True, True]
    for name in grid(place, GRID[4:8]):
        assert record(events, name, tmp_path) == alone[name], name


@pytest.fixture(scope="module")
def stopped(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cell that was stopped."""
    folder = tmp_path_factory.mktemp("stopped")
    train_until(3, folder, grid(place, [(1, 1)]))
    return folder


@pytest.mark.parametrize("damage", ["state", "tree", "versions", "former"])
def test_a_checkpoint_that_cannot_be_used_is_said_and_training_starts_from_zero(
    worker: Worker, place: Path, stopped: Path, tmp_path: Path, alone: dict[str, list[Any]], damage: str
) -> None:
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    (folder,) = (tmp_path / "checkpoints").iterdir()
    (step,) = checkpoints_in(folder)
    if damage == "state":
        (step / "state.safetensors").write_bytes((step / "state.safetensors").read_bytes()[:1000])
    elif damage == "tree":
        (folder / "tree.json").write_text("{half")
    elif damage == "versions":
        write_manifest(step, replace(read_manifest(step), versions={"torch": "1.0"}))
    else:
        shutil.rmtree(step)
        (folder / "state.pt").write_bytes(b"a pickle of an earlier release")
    train(worker, tmp_path, grid(place, [(1, 1)]), resume=True)
    events = worker.until_done()
    assert only(events, messages.Started)[0].resumed_step is None
    warnings = [e for e in only(events, messages.Log) if e.level == "warn" and "collapsed" not in e.message]
    assert len(warnings) == 1
    assert warnings[0].message.endswith(": training starts from zero")
    assert record([e for e in events if e not in warnings], "m1i1", tmp_path) == alone["m1i1"]


def test_without_resume_a_checkpoint_is_ignored(worker: Worker, place: Path, tmp_path: Path) -> None:
    for _ in range(2):
        train(worker, tmp_path, grid(place, [(1, 0)]))
        events = worker.until_done()
        assert only(events, messages.Started)[0].resumed_step is None
        assert only(events, messages.Finished)


def test_a_cell_that_fails_at_its_end_leaves_the_others_finished(worker: Worker, place: Path, tmp_path: Path) -> None:
    cells = grid(place, [(1, 0), (0, 1), (6, 0)])  # six merges do not fit: three in the first half, ... none later
    cells["m6i0"]["train"] = cells["m1i0"]["train"] = cells["m0i1"]["train"] = {
        **cells["m1i0"]["train"],
        "max_steps": 16,
    }
    train(worker, tmp_path, cells)
    events = worker.until_done()
    assert sorted(c for e in only(events, messages.Finished) for c in e.cells) == ["m0i1", "m1i0"]
    (failed,) = only(events, messages.Failed)
    assert failed.cells == ["m6i0"]
    assert failed.error_type == "MethodDidNotAct"


@pytest.fixture(scope="module")
def mrpc(glue_folder: Path) -> dict[str, Any]:
    """A few real pairs, and the packaged pretrained encoder with its dropout."""
    return {
        "model": {"name": "minilm", "revision": None},
        "task": "mrpc",
        "data": {
            "path": str(glue_folder / "MRPC"),
            "hub": None,
            "train_rows": 20,
            "eval_rows": 10,
            "split_seed": 0,
            "columns": None,
        },
    }


@pytest.mark.parametrize("precision", ["fp32", pytest.param("mixed", marks=needs_bf16)])
def test_leaves_on_a_pretrained_encoder_and_real_rows(
    worker: Worker, place: Path, tmp_path: Path, mrpc: dict[str, Any], precision: str
) -> None:
    pairs = [(0, 0), (1, 1), (2, 2), (2, 1), (0, 2)]
    cells = {
        name: value
        | mrpc
        | {"train": {**value["train"], "num_train_epochs": 4, "batch_size": 8, "precision": precision}}
        for name, value in grid(place, pairs).items()
    }
    train(worker, tmp_path, cells)
    together = worker.until_done()
    assert len(only(together, messages.Finished)) == len(pairs)
    for name in ("m1i1", "m2i1", "m0i2"):
        train(worker, tmp_path / "alone", {name: cells[name]})
        alone = worker.until_done()
        assert record(together, name, tmp_path) == record(alone, name, tmp_path / "alone"), name


def test_runs_that_diverge_go_on_without_scores(worker: Worker, place: Path, tmp_path: Path) -> None:
    """Steps of 1e30 end in weights that are not finite. With `stop_after_nonfinite: null` no run of the tree fails."""
    pairs = [(0, 0), (1, 0), (0, 1)]
    train(worker, tmp_path, grid(place, pairs, learning_rate=1e30, stop_after_nonfinite=None))
    events = worker.until_done()
    assert not only(events, messages.Failed)
    assert {c for done in only(events, messages.Finished) for c in done.cells} == set(grid(place, pairs))
    changes = only(events, messages.Change)
    assert {change.kind for change in changes} == {"merge", "inject"}
    assert all(change.score is None and change.margin is None for change in changes)
    assert all(m.score is None for table in only(events, messages.ModuleScores) for m in table.modules)
