"""A reused worker gives the numbers of a fresh one, and measures each command separately."""

from __future__ import annotations

import hashlib
import resource
from pathlib import Path
from typing import Any

import pytest
from worker import LORA, Worker, only, settings, train

from lor2c_worker import messages, usage

BANK = {"name": "mergelor2c", "rank": 4, "merges": 1, "dropout": 0.1}


def record(events: list[Any]) -> list[Any]:
    """Everything that must be equal bit for bit: values, decisions and hashes."""
    kept = (messages.Metrics, messages.Change, messages.ModuleScores)
    values = [(type(e).__name__, {**vars(e), "seq": 0}) for e in events if isinstance(e, kept)]
    # The weights only, since PEFT's settings beside them list names in the order of a set.
    adapters = [Path(e.path).glob("*.safetensors") for e in only(events, messages.Artifact)]
    weights = [hashlib.sha256(file.read_bytes()).hexdigest() for files in adapters for file in files]
    hashes = [e.initial_weights for e in only(events, messages.Started)] + weights
    assert len(hashes) == 2
    return [values, hashes]


def ask(worker: Worker, folder: Path, value: dict[str, Any], log: Path | None = None) -> list[Any]:
    folder.mkdir(exist_ok=True)
    train(worker, folder, {"c": value}, log=log)
    return worker.until_done()


@pytest.mark.parametrize("method", [LORA, BANK], ids=["lora", "bank"])
def test_the_second_training_of_a_worker_is_that_of_a_fresh_one(
    worker: Worker, place: Path, tmp_path: Path, method: Any
) -> None:
    # Not `auto`, which measures the processor and may decide otherwise under load.
    value = settings(place, seed=5, method=method, num_train_epochs=3, precision="fp32")
    fresh = Worker(tmp_path / "fresh.log")
    try:
        ask(worker, tmp_path / "before", settings(place, seed=4, method=BANK, num_train_epochs=2))
        again, alone = ask(worker, tmp_path / "again", value), ask(fresh, tmp_path / "again2", value)
    finally:
        fresh.close()
    assert only(again, messages.Finished)
    assert record(again) == record(alone)


def test_each_command_has_its_own_log_and_counts(place: Path, tmp_path: Path) -> None:
    before = children_seconds()
    worker, logs = Worker(tmp_path / "stderr.log"), [tmp_path / "first.log", tmp_path / "second.log"]
    bad = settings(place) | {"seed": -1, "train": None}
    trees = []
    for number, log in enumerate(logs):
        train(worker, tmp_path / str(number), {"bad": bad, "c": settings(place)}, log=log)
        trees += only(worker.until_done(), messages.Tree)
    assert worker.close() == 0
    assert [log.read_text().count("Traceback") for log in logs] == [1, 1]
    # Were one counted from the start of the process, the imports before it would be in the sum twice.
    assert 0 < sum(tree.cpu_seconds for tree in trees) < children_seconds() - before


def children_seconds() -> float:
    """CPU time of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_log_that_cannot_be_written_is_a_refusal(worker: Worker, place: Path, tmp_path: Path) -> None:
    train(worker, tmp_path, {"c": settings(place)}, log=tmp_path / "nowhere" / "worker.log")
    (done,) = worker.until_done()[-1:]
    assert "the log cannot be written" in done.error


def test_the_highest_memory_is_that_since_the_command_began() -> None:
    usage.begin_command()
    before = usage.peak_resident_bytes()
    block = bytearray(300_000_000)
    block[::4096] = b"x" * len(block[::4096])
    high = usage.peak_resident_bytes()
    assert high >= before + 250_000_000
    del block
    usage.begin_command()
    assert usage.peak_resident_bytes() < high - 200_000_000
