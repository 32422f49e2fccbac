"""What a worker tells of a training for training it again: what computes there, and the order of its rows."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest
import tiny
import torch
from stopping import train
from worker import only, settings

from lor2c_worker import computing, messages
from lor2c_worker.computing import describe_computing
from lor2c_worker.data.encode import train_batches
from lor2c_worker.run.batch_order import after_step


def test_what_computes_here_is_told_in_texts() -> None:
    told = describe_computing()
    assert {"cpu", "instruction_set", "threads", "deterministic", "float32_products", "lock"} <= set(told)
    assert told["threads"] == str(torch.get_num_threads())
    assert len(told["lock"]) == 64
    assert all(text == text.strip() != "" for text in told.values())
    assert ("driver" in told) <= torch.cuda.is_available()


def test_what_a_machine_does_not_tell_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_CPU", "_LOCK"):
        monkeypatch.setattr(computing, name, tmp_path / "missing")
    told = describe_computing()
    assert {"cpu_kind", "lock"}.isdisjoint(told)
    (tmp_path / "cpuinfo").write_text("vendor_id\t: Maker\ncpu family\t: 7\nmodel\t\t: 0\n\nvendor_id\t: Other\n")
    monkeypatch.setattr(computing, "_CPU", tmp_path / "cpuinfo")
    assert describe_computing()["cpu_kind"] == "Maker 7.0"


def test_the_hash_of_the_order_of_rows_is_that_of_the_batches_that_were_read(tmp_path: Path) -> None:
    tiny.save(tmp_path / "model")
    tiny.save_rows(tmp_path / "data", train=15, dev=6)
    found = {}
    for seed in (1, 2):
        wanted = settings(tmp_path, method={"name": "lora", "rank": 4}, num_train_epochs=2, seed=seed)
        [finished] = only(train(tmp_path / str(seed), wanted), messages.Finished)
        digest = ""
        for epoch in (1, 2):
            for rows in train_batches(range(15), wanted["train"]["batch_size"], seed, epoch):
                numbers = struct.pack(f"<{len(rows) + 1}q", len(rows), *rows)
                digest = hashlib.sha256(digest.encode() + numbers).hexdigest()
        assert finished.batch_order == digest
        found[seed] = digest
    assert found[1] != found[2]


def test_the_cut_into_batches_is_part_of_the_hash() -> None:
    assert (
        len({after_step("", [[1, 2]]), after_step("", [[1], [2]]), after_step("", [[2, 1]]), after_step("", [])}) == 4
    )
    assert after_step(after_step("", [[1]]), [[2]]) != after_step("", [[1], [2]])
