"""Out of memory: training goes on with fewer lanes if that helps, finds out before the first step, and reports it.

The tests simulate it in this process: a forward of more lanes than allowed raises torch's error.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from worker import ON_GPU, only, settings

from lor2c_worker import messages
from lor2c_worker.adapters import lane_groups
from lor2c_worker.channel import Channel
from lor2c_worker.device import _host_memory
from lor2c_worker.run import lane_width, run_tree
from lor2c_worker.serve import answer_train


@pytest.fixture
def place(tmp_path: Path) -> Path:
    tiny.save(tmp_path / "model")
    tiny.save_rows(tmp_path / "data", train=20, dev=9)
    return tmp_path


def train(place: Path, name: str, max_lanes: Any) -> list[Any]:
    """Events of a 2 x 2 grid whose four cells part after the first and second epoch."""
    method = {"name": "imlor2c", "rank": 4, "rules": "paper"}
    cells = [
        {
            "cell": f"m{m}i{i}",
            "settings": settings(
                place, method={**method, "merges": m, "injections": i}, num_train_epochs=4, max_lanes=max_lanes
            ),
            "folder": str(place / name / f"m{m}i{i}"),
            "fingerprint": {},
            "resume": False,
        }
        for m in range(2)
        for i in range(2)
    ]
    out = io.BytesIO()
    command = {
        "type": "train",
        "request": "t",
        "cells": cells,
        "checkpoint": str(place / name / "checkpoints"),
        "write_checkpoints": True,
        "log": None,
    }
    answer_train(Channel(out, io.BytesIO()), messages.decode_command(command))  # type: ignore[arg-type]
    return [messages.decode_event(json.loads(line)) for line in out.getvalue().splitlines()]


def results(events: list[Any]) -> list[Any]:
    kept = (messages.Metrics, messages.Change, messages.ModuleScores)
    return [{**messages.encode(event), "seq": 0} for event in events if isinstance(event, kept)]


class Memory:
    """Room for `training` lanes with their activations, or for `evaluating` without."""

    def __init__(self, patch: pytest.MonkeyPatch, training: int, evaluating: int) -> None:
        self.refused, self.training, self.evaluating = 0, training, evaluating
        forward = lane_groups.forward

        def limited(*args: Any) -> torch.Tensor:
            masks, lanes = args[5], args[6]
            if len(lanes) > (self.evaluating if masks is None else self.training):
                self.refused += 1
                raise torch.OutOfMemoryError("no room")
            return forward(*args)

        patch.setattr(lane_groups, "forward", limited)


@pytest.mark.parametrize(("training", "evaluating"), [(2, 9), (1, 9), (9, 2), (2, 1)])
def test_fewer_lanes_at_a_time_change_no_number(
    place: Path, monkeypatch: pytest.MonkeyPatch, training: int, evaluating: int
) -> None:
    roomy = train(place, "roomy", 4)
    memory = Memory(monkeypatch, training, evaluating)
    narrow = train(place, "narrow", 4)
    assert ON_GPU or results(narrow) == results(roomy)
    assert len(only(narrow, messages.Finished)) == 4
    assert memory.refused >= 1
    (tree,) = only(narrow, messages.Tree)
    assert tree.lane_width == min(training, evaluating)
    notes = [e for e in only(narrow, messages.Log) if e.message.startswith("out of memory")]
    assert sorted({cell for note in notes for cell in note.cells}) == ["m0i0", "m0i1", "m1i0", "m1i1"]
    assert "lanes at a time from step" in notes[0].message or "1 lane at a time from step" in notes[0].message


def test_a_lane_that_does_not_fit_is_out_of_memory(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Memory(monkeypatch, 0, 9)
    events = train(place, "none", 4)
    assert [sorted(e.cells) for e in only(events, messages.OutOfMemory)] == [["m0i0", "m0i1", "m1i0", "m1i1"]]
    assert not only(events, messages.Metrics)


def test_lack_of_memory_in_the_closing_check_has_its_own_outcome(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory, send = Memory(monkeypatch, 9, 9), run_tree.send_tree

    def ends(*args: Any) -> None:
        memory.evaluating = 0
        send(*args)

    monkeypatch.setattr(run_tree, "send_tree", ends)
    events = train(place, "end", 4)
    assert sorted(c for e in only(events, messages.OutOfMemory) for c in e.cells) == ["m0i0", "m0i1", "m1i0", "m1i1"]
    assert not only(events, messages.Failed)


def fit_and_try(run: Any, step: int) -> None:
    """As on CUDA: a CPU tries no batches."""
    lane_width.fit_memory(run, step)
    lane_width.try_largest(run, step)


@pytest.mark.parametrize(("training", "evaluating"), [(0, 9), (9, 0)])
def test_the_largest_batches_are_tried_before_the_first_step(
    place: Path, monkeypatch: pytest.MonkeyPatch, training: int, evaluating: int
) -> None:
    monkeypatch.setattr("lor2c_worker.run.run_tree.fit_memory", fit_and_try)
    roomy = train(place, "roomy", 4)
    assert len(only(roomy, messages.Finished)) == 4
    Memory(monkeypatch, training, evaluating)
    events = train(place, "small", 4)
    assert len(only(events, messages.OutOfMemory)) == 1
    assert not [e for e in only(events, messages.Metrics) if e.split == "train"]


def test_trying_the_largest_batches_changes_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = train(place, "plain", 1)
    monkeypatch.setattr("lor2c_worker.run.run_tree.fit_memory", fit_and_try)
    assert results(train(place, "tried", 1)) == results(plain)


def test_a_container_has_the_memory_that_it_is_given(tmp_path: Path) -> None:
    of_machine = _host_memory(())
    for text, expected in (("max\n", of_machine), ("1000000\n", 1_000_000), (str(2**63), of_machine)):
        (tmp_path / "memory.max").write_text(text)
        assert _host_memory((str(tmp_path / "memory.max"), str(tmp_path / "absent"))) == expected
