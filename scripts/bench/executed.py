"""A whole M x I grid as the worker trains it, beside one run of it, to show what sharing saves in total."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from turns import clock

from lor2c_worker import messages
from lor2c_worker.channel import Channel
from lor2c_worker.run.run_tree import run_tree
from lor2c_worker.run.tree import read_cell

EVAL_ROWS = 64


def grid_and_single(settings: Mapping[str, Any], size: int, device: torch.device) -> dict[str, Any]:
    """Seconds of the `size` x `size` grid and of its first cell alone, and the lane-epochs of the grid.

    Includes loading, evaluations, and saving and checking each run. `settings`: all but merges and injections.
    """
    single, _ = train_cells(settings, [(0, 0)], device)
    grid, tree = train_cells(settings, [(m, i) for m in range(size) for i in range(size)], device)
    counts = {key: tree[key] for key in ("lane_epochs", "cell_epochs", "lanes", "forks")}
    return {"grid_seconds": round(grid, 2), "single_seconds": round(single, 2), **counts}


def raw_settings(model: str, task: str, path: str, rows: int, epochs: int, **train: Any) -> dict[str, Any]:
    """Settings as the runner sends them, with the published script's values."""
    return {
        "model": {"name": model},
        "task": task,
        "data": {"path": path, "train_rows": rows, "eval_rows": EVAL_ROWS},
        "method": {"name": "imlor2c", "rank": 8, "alpha": 16.0, "dropout": 0.1},
        "train": {
            "num_train_epochs": epochs,
            "eval_batch_size": 64,
            "gradient_accumulation_steps": 1,
            "learning_rate": 4e-4,
            "warmup_ratio": 0.06,
            "weight_decay": 0.1,
            "adam_beta1": 0.9,
            "adam_beta2": 0.999,
            "adam_epsilon": 1e-8,
            "max_grad_norm": 1.0,
            "precision": "fp32",
            "logging_steps": 100,
            **train,
        },
        "seed": 17,
    }


def train_cells(
    settings: Mapping[str, Any], cells: list[tuple[int, int]], device: torch.device
) -> tuple[float, dict[str, Any]]:
    """(seconds, the worker's `tree` event) of cells (merges, injections) that train as one bundle."""
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place), BytesIO()
        read = []
        for m, i in cells:
            method = {**settings["method"], "merges": m, "injections": i}
            read.append(read_cell(f"m{m}i{i}", folder / f"m{m}i{i}", {**settings, "method": method}, {}, resume=False))
        began = clock(device)
        run_tree(Channel(out, BytesIO()), read, folder / "checkpoints", None, set())
        seconds = clock(device) - began
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    failed = next((event for event in events if event["type"] == "failed"), None)
    if failed is not None:
        raise SystemExit(f"bench: {failed['message']}")
    return seconds, next(event for event in events if event["type"] == messages.Tree.type)
