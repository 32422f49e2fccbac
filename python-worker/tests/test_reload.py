"""Every saved adapter is loaded again and must give the numbers of the model in memory; a grid loads its model once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file
from worker import LORA, only, settings

from lor2c_worker import messages
from lor2c_worker.channel import Channel
from lor2c_worker.models import LoadedModel, load_model
from lor2c_worker.run import finish
from lor2c_worker.run.running import TreeRun
from lor2c_worker.serve import answer_train

GRID = [{"name": "imlor2c", "rank": 4, "merges": m, "injections": i} for m in range(2) for i in range(2)]
ADAPTER = "adapter_model.safetensors"


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[LoadedModel]:
    """Every model that is loaded."""
    found: list[LoadedModel] = []

    def load(*args: Any) -> LoadedModel:
        found.append(load_model(*args))
        return found[-1]

    monkeypatch.setattr("lor2c_worker.methods.stored.load_model", load)
    return found


def train(place: Path, methods: list[dict[str, Any]], kind: str = "bert") -> list[Any]:
    tiny.save(place / "model", kind)
    tiny.save_rows(place / "data", train=16, dev=8)
    cells = [
        {
            "cell": f"c{number}",
            "settings": settings(place, method=method, num_train_epochs=3, precision="fp32"),
            "folder": str(place / f"c{number}"),
            "fingerprint": {},
            "resume": False,
        }
        for number, method in enumerate(methods)
    ]
    command = {
        "type": "train",
        "request": "t",
        "cells": cells,
        "checkpoint": str(place / "all"),
        "write_checkpoints": True,
        "log": None,
    }
    out = io.BytesIO()
    answer_train(Channel(out, io.BytesIO()), messages.decode_command(command))  # type: ignore[arg-type]
    return [messages.decode_event(json.loads(line)) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_a_grid_loads_its_model_once(tmp_path: Path, loads: list[LoadedModel], kind: str) -> None:
    events = train(tmp_path, GRID, kind)
    assert len(only(events, messages.Finished)) == 4
    assert len(loads) == 1


@pytest.mark.parametrize("methods", [GRID, [LORA]], ids=["grid", "lora"])
def test_a_damaged_adapter_fails_its_cell_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, methods: list[dict[str, Any]]
) -> None:
    write = finish._write_adapter

    def damaged(run: TreeRun, cell: Any) -> Path:
        folder = write(run, cell)
        if cell.id == "c0":
            tensors = load_file(folder / ADAPTER)
            name = next(name for name in sorted(tensors) if "lor2c_B" in name or "lora_B" in name)
            tensors[name][0] += 0.5
            save_file(tensors, folder / ADAPTER, metadata={"format": "pt"})
        return folder

    monkeypatch.setattr(finish, "_write_adapter", damaged)
    events = train(tmp_path, methods)
    (failed,) = only(events, messages.Failed)
    assert (failed.cells, failed.error_type) == (["c0"], "ReloadMismatch")
    assert "largest difference of a logit" in failed.message
    assert len(only(events, messages.Finished)) == len(methods) - 1


def test_a_model_whose_weights_changed_is_loaded_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loads: list[LoadedModel]
) -> None:
    """A fault in training that changes a frozen weight would else be in both numbers, and nobody would see it."""
    write = finish._write_adapter

    def meddling(run: TreeRun, cell: Any) -> Path:
        with torch.no_grad():
            next(run.prepared.model.module.parameters()).mul_(1.5)
        return write(run, cell)

    monkeypatch.setattr(finish, "_write_adapter", meddling)
    events = train(tmp_path, GRID[:2])
    assert len(only(events, messages.Finished)) == 2
    assert len(loads) == 3
