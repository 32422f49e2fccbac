"""Answers name their files with stamps, and rows or weights that changed since the plan are never trained."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny
from worker import Worker, only, settings, train

from lor2c_worker import messages
from lor2c_worker.sources import stamp_of


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Of its own: an answer names all files that its process has read."""
    started = Worker(tmp_path_factory.mktemp("worker") / "stderr.log")
    next(started.events())
    yield started
    assert started.close() == 0


def settled(path: Path) -> str:
    """The file's stamp, once it is old enough to have one."""
    while (stamp := stamp_of(path)) is None:
        time.sleep(0.1)
    return stamp


def test_a_stamp_tells_of_every_change(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    assert stamp_of(path) == "ENOENT"
    path.write_text("good\t1\n")
    assert stamp_of(path) is None  # another write could leave all times unchanged
    first, times = settled(path), path.stat()
    path.write_text("evil\t1\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert settled(path) != first


def test_inspect_names_rows_model_and_packages(worker: Worker, tmp_path: Path) -> None:
    tiny.save(tmp_path / "model")
    tiny.save_rows(tmp_path / "data")
    for path in (*tmp_path.iterdir(), *tmp_path.glob("*/*")):
        settled(path)
    worker.send(type="inspect", request="i", settings=[settings(tmp_path)])
    (sources,) = only(worker.until_done(), messages.Sources)
    assert sources.files is not None
    stamps = {file.path: file.stamp for file in sources.files}
    named = [
        *(tmp_path / "data" / name for name in ("", "train.tsv", "dev.tsv")),
        *(tmp_path / "model" / name for name in ("", "config.json", "model.safetensors", "tokenizer.json")),
    ]
    for path in named:
        assert stamps[str(path)] == stamp_of(path)
    assert any(path.endswith("site-packages") for path in stamps)


def test_a_file_of_a_moment_ago_and_a_hub_have_no_stamp(worker: Worker, place: Path, tmp_path: Path) -> None:
    tiny.save_rows(tmp_path / "data")
    value = settings(place)
    value["data"]["path"] = str(tmp_path / "data")
    (tmp_path / "data" / "train.tsv").touch()
    worker.send(type="inspect", request="i", settings=[value])
    (sources,) = only(worker.until_done(), messages.Sources)
    assert sources.files is None


@pytest.mark.parametrize("name", ["model", "data", "numerics"])
def test_other_rows_weights_or_numerics_than_planned_are_not_trained(
    worker: Worker, place: Path, tmp_path: Path, name: str
) -> None:
    value = settings(place, num_train_epochs=1, max_steps=2)
    worker.send(type="inspect", request="i", settings=[value])
    (inspected,) = only(worker.until_done(), messages.Inspected)
    planned = dict(inspected.fingerprint)
    train(worker, tmp_path / "equal", {"c": value}, planned=planned)
    assert only(worker.until_done(), messages.Finished)
    train(worker, tmp_path / "other", {"c": value}, planned={**planned, name: "sha256:00"})
    events = worker.until_done()
    (failed,) = only(events, messages.Failed)
    assert (failed.error_type, failed.traceback) == ("ChangedSincePlanned", "")
    assert f"{name} was sha256:00, is {planned[name]}" in failed.message
    assert not only(events, messages.Started)


def test_the_precision_of_the_plan_is_that_of_the_training(worker: Worker, place: Path, tmp_path: Path) -> None:
    value = settings(place, num_train_epochs=1, max_steps=2, precision="auto")
    train(worker, tmp_path, {"c": value}, planned={"precision": "fp32"})
    assert only(worker.until_done(), messages.Finished)  # `auto` means the planned precision
