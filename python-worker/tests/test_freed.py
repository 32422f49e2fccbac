"""A tree's model is gone with the tree, at once: the next tree of a worker, and its GPU, need the memory."""

from __future__ import annotations

import gc
import io
import json
import logging
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
import stopping
import tiny
import torch
from torch import nn
from worker import LORA, settings

from lor2c_worker import messages
from lor2c_worker.channel import Channel
from lor2c_worker.models import LoadedModel, load_model
from lor2c_worker.run.checkpoint import Found
from lor2c_worker.serve import answer_train

PROMPTS = {"name": "peft", "type": "PROMPT_TUNING", "config": {"num_virtual_tokens": 2}}


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("bert", LORA),
        ("bert", {"name": "lor2c", "rank": 2}),
        ("llama", {"name": "lor2c", "rank": 2}),
        ("llama", PROMPTS),
    ],
    ids=lambda value: value if isinstance(value, str) else value["name"],
)
def test_the_model_is_freed_without_a_collection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, method: dict[str, Any]
) -> None:
    loaded: list[ref[nn.Module]] = []

    def load(*args: Any) -> LoadedModel:
        model = load_model(*args)
        loaded.append(ref(model.module))
        return model

    monkeypatch.setattr("lor2c_worker.methods.stored.load_model", load)
    tiny.save(tmp_path / "model", kind)
    tiny.save_rows(tmp_path / "data", train=8, dev=4)
    cell = {
        "cell": "c",
        "settings": settings(tmp_path, method=method, max_steps=1),
        "folder": str(tmp_path / "c"),
        "fingerprint": {},
        "resume": False,
    }
    command = {
        "type": "train",
        "request": "t",
        "cells": [cell],
        "checkpoint": str(tmp_path / "all"),
        "write_checkpoints": True,
        "log": None,
    }
    out = io.BytesIO()
    gc.disable()
    logging.disable(
        logging.WARNING
    )  # pytest keeps records; one of a library that peft imports has an error's traceback
    try:
        answer_train(Channel(out, io.BytesIO()), messages.decode_command(command))  # type: ignore[arg-type]
        alive = [module for module in loaded if module() is not None]
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)
    assert "finished" in [json.loads(line)["type"] for line in out.getvalue().splitlines()]
    assert loaded
    assert not alive


@pytest.mark.parametrize("method", [LORA, {"name": "lor2c", "rank": 2}], ids=lambda value: value["name"])
def test_a_checkpoint_that_was_read_is_freed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: dict[str, Any]
) -> None:
    """With the tree that went on from it. A worker reads one for each of its bundles."""
    tiny.save(tmp_path / "model")
    tiny.save_rows(tmp_path / "data", train=8, dev=4)
    value = settings(tmp_path, method=method, num_train_epochs=2, logging_steps=1)
    stopping.train(tmp_path, value, stop=stopping.after_step(1))
    read: list[ref[torch.Tensor]] = []
    found_read = Found.read

    def keeping(found: Found) -> dict[str, Any]:
        state = found_read(found)
        read.extend(ref(tensor) for tensor in tensors_in(state))
        return state

    monkeypatch.setattr(Found, "read", keeping)
    events = stopping.train(tmp_path, value)
    assert any(isinstance(event, messages.Finished) for event in events)
    gc.collect()
    assert read
    assert not [tensor for tensor in read if tensor() is not None]


def tensors_in(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [tensor for item in inside for tensor in tensors_in(item)]
