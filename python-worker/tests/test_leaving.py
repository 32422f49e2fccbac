"""Some cells of a tree stop while the others go on, in a worker. All end with the numbers of undisturbed runs."""

from __future__ import annotations

from pathlib import Path

from test_tree import grid, place, record, until_epoch
from worker import Worker, only, train

from lor2c_worker import messages

__all__ = ["place"]  # a fixture

PAIRS = [(0, 0), (1, 0), (2, 1), (3, 2)]
#: One cell shares its first lane with the others, one parts early.
LEAVING = ["m0i0", "m2i1"]


def test_cells_leave_their_tree_and_are_resumed(worker: Worker, place: Path, tmp_path: Path) -> None:
    cells = grid(place, PAIRS, precision="fp32")
    whole = tmp_path / "whole"
    train(worker, whole, cells)
    undisturbed = worker.until_done()
    expected = {name: record(undisturbed, name, whole) for name in cells}

    train(worker, tmp_path, cells)
    seen = until_epoch(worker, 4)
    worker.send(type="stop", cells=[*LEAVING, "nobody"])
    events = [*seen, *worker.until_done()]
    (stopped,) = only(events, messages.Stopped)
    assert sorted(stopped.cells) == LEAVING
    after = [e for e in events if e.seq > stopped.seq and hasattr(e, "cells")]
    assert not any(set(e.cells) & set(LEAVING) for e in after)
    (tree,) = only(events, messages.Tree)
    assert sorted(tree.cells) == ["m1i0", "m3i2"]
    for name in tree.cells:
        assert record(events, name, tmp_path) == expected[name], name

    again = Worker(tmp_path / "again.log")
    train(again, tmp_path, {name: cells[name] for name in LEAVING}, resume=True)
    resumed = again.until_done()
    assert {e.resumed_step for e in only(resumed, messages.Started)} == {stopped.step}
    for name in LEAVING:
        assert record(resumed, name, tmp_path) == expected[name], name
    assert again.close() == 0


def test_a_tree_that_all_leave_is_stopped_and_without_checkpoints_what_leaves_has_none(
    worker: Worker, place: Path, tmp_path: Path
) -> None:
    train(worker, tmp_path, grid(place, PAIRS[:2]))
    until_epoch(worker, 2)
    worker.send(type="stop", cells=["m0i0", "m1i0"])
    events = worker.until_done()
    assert sorted(only(events, messages.Stopped)[0].cells) == ["m0i0", "m1i0"]
    assert not only(events, messages.Finished)
    without = tmp_path / "without"
    train(worker, without, grid(place, PAIRS[:2]), saves=False)
    until_epoch(worker, 2)
    worker.send(type="stop", cells=["m0i0"])
    events = worker.until_done()
    assert [e.cells for e in only(events, messages.Stopped)] == [["m0i0"]]
    assert [e.cells for e in only(events, messages.Finished)] == [["m1i0"]]
    assert list((tmp_path / "checkpoints").glob("*/step-*"))
    assert not list((without / "checkpoints").glob("*/step-*"))


def test_cells_that_have_not_begun_never_do(worker: Worker, place: Path, tmp_path: Path) -> None:
    worker.send(type="stop", cells=["m1i0"])
    train(worker, tmp_path, grid(place, PAIRS[:2]))
    events = worker.until_done()
    (stopped,) = only(events, messages.Stopped)
    assert (stopped.cells, stopped.step) == (["m1i0"], 0)
    assert [e.cells for e in only(events, messages.Finished)] == [["m0i0"]]
