"""What a worker imports before and while it trains: libraries that most runs don't need take seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from worker import settings

#: Not one of them is needed to list, plan, train, save, check and use LoR2C and full fine-tuning on most tasks.
HEAVY = ("peft", "sklearn", "scipy.stats", "datasets", "pandas", "pyarrow", "bitsandbytes")
SEEN = f"print('imported', *[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
LOR2C = {"name": "imlor2c", "rank": 4, "merges": 1, "injections": 1}


def after(program: str, commands: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    """(which of HEAVY a Python has imported after `program`, the events that answered the commands)."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"import sys\n{program}\n{SEEN}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=Path(__file__).parents[1],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    events: list[dict[str, Any]] = []
    for command in commands:
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["type"] == "done":
                break
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    [seen] = [line for line in errors.splitlines() if line.split()[:1] == ["imported"]]
    return seen.split()[1:], events


def cell(name: str, value: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {"cell": name, "settings": value, "fingerprint": {}, "folder": str(folder / name), "resume": False}


def worked(method: dict[str, Any], place: Path, folder: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """A worker that plans, trains, saves, checks and uses a run."""
    value = settings(place, method=method)
    checkpoint = str(folder / "checkpoints")
    commands = [
        {"type": "inspect", "request": "i", "settings": [value]},
        {
            "type": "train",
            "request": "t",
            "cells": [cell("a", value, folder)],
            "checkpoint": checkpoint,
            "write_checkpoints": True,
            "log": None,
        },
        {
            "type": "predict",
            "request": "p",
            "folder": str(folder / "a" / "adapter"),
            "texts": [{"text": "good", "text_pair": None}],
        },
    ]
    return after("from lor2c_worker.__main__ import main\nmain([])", commands)


def test_to_list_all_methods_takes_none_of_them() -> None:
    assert after("from lor2c_worker.catalog import catalog\ncatalog()\nimport lor2c_worker.serve", []) == ([], [])


@pytest.mark.parametrize("method", [LOR2C, {"name": "full"}], ids=lambda method: method["name"])
def test_a_run_of_these_methods_takes_none_of_them(method: dict[str, Any], place: Path, tmp_path: Path) -> None:
    imported, events = worked(method, place, tmp_path)
    kinds = [event["type"] for event in events]
    assert {"inspected", "finished", "predictions"} <= set(kinds), events
    assert imported == []


def test_a_method_of_peft_takes_it_before_its_first_step(place: Path, tmp_path: Path) -> None:
    """And only that: the check above can see it."""
    imported, events = worked({"name": "pissa", "rank": 4}, place, tmp_path)
    assert {"finished", "predictions"} <= {event["type"] for event in events}, events
    assert "peft" in imported
    assert not {"sklearn", "datasets", "pandas"} & set(imported)
