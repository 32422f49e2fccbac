"""Rows and tokens are read once per worker, and again when a file has changed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import tiny
from test_sources import settled
from worker import LORA, settings

from lor2c_worker import messages
from lor2c_worker.channel import Channel
from lor2c_worker.data.remembered import Remembered
from lor2c_worker.inspection import Inspection
from lor2c_worker.predict import predict
from lor2c_worker.run import prepare as preparing
from lor2c_worker.run.prepare import prepare
from lor2c_worker.serve import answer_train
from lor2c_worker.settings import Settings
from lor2c_worker.sources import depends_on


def test_a_result_lasts_as_long_as_its_files(tmp_path: Path) -> None:
    path, read = tmp_path / "file", []

    def make() -> str:
        depends_on(path)
        read.append(path.read_text())
        return read[-1]

    kept: Remembered[str] = Remembered(2)
    path.write_text("one")
    assert kept.get("a", make) == "one"
    path.write_text("two")
    assert kept.get("a", make) == "two"
    settled(path)
    assert [kept.get("a", make), kept.get("a", make)] == ["two", "two"]
    assert len(read) == 3  # the second one was too young to be trusted
    path.unlink()
    with pytest.raises(FileNotFoundError):
        kept.get("a", make)
    path.write_text("three")
    assert kept.get("a", make) == "three"


def test_only_the_newest_are_kept() -> None:
    kept: Remembered[int] = Remembered(2)
    made: list[int] = []
    for key in (1, 2, 1, 3, 2, 1):
        kept.get(key, lambda key=key: made.append(key))  # type: ignore[misc]
    assert made == [1, 2, 3, 2, 1]


def test_tokens_of_equal_rows_are_made_once(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from another folder; not with another length, holdout or content."""
    made = []
    encode = preparing.encode
    monkeypatch.setattr(preparing, "encode", lambda split, *rest: (made.append(len(split)), encode(split, *rest))[1])
    monkeypatch.setattr(preparing, "_TOKENS", Remembered(8))

    def tokens(folder: Path, **train: object) -> list[int]:
        made.clear()
        value = settings(place, precision="fp32", **train)
        value["data"]["path"] = str(folder)
        prepare(Settings.from_json(value))
        return list(made)

    one, two = tiny.save_rows(tmp_path / "one"), tiny.save_rows(tmp_path / "two")
    assert tokens(one) == [64, 20]
    assert tokens(one) == tokens(two) == []
    assert tokens(one, max_length=9) == [64, 20]
    assert tokens(one, holdout=8) == [56, 20, 8]
    tiny.save_rows(two, train=32)
    assert tokens(two) == [32, 20]
    assert tokens(one) == []


def test_all_commands_of_a_worker_read_the_rows_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look, two trainings of different methods, and a prediction, which needs none."""
    tiny.save(tmp_path / "model")
    settled(tiny.save_rows(tmp_path / "data", train=16, dev=8) / "dev.tsv")
    read: list[str] = []
    load_task = preparing.load_task
    monkeypatch.setattr(preparing, "load_task", lambda task, data: (read.append(task.name), load_task(task, data))[1])
    monkeypatch.setattr(preparing, "_ROWS", Remembered(4))
    channel = Channel(io.BytesIO(), io.BytesIO())  # type: ignore[arg-type]
    values = [settings(tmp_path, method=method, num_train_epochs=1) for method in (LORA, {"name": "lor2c", "rank": 2})]
    Inspection().inspect(Settings.from_json(values[0]))
    for number, value in enumerate(values):
        folder = str(tmp_path / f"run-{number}")
        cell = {"cell": f"c{number}", "settings": value, "folder": folder, "fingerprint": {}, "resume": False}
        command = {
            "type": "train",
            "request": "t",
            "cells": [cell],
            "checkpoint": f"{folder}-trees",
            "write_checkpoints": True,
            "log": None,
        }
        answer_train(channel, messages.decode_command(command))  # type: ignore[arg-type]
    assert len(predict(tmp_path / "run-1" / "adapter", ["good"], None)) == 1
    assert read == ["sst2"]
