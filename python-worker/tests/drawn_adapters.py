"""Adapters that were not trained: their tensors are drawn, large enough to change what the model says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from worker import TRAIN

from lor2c_worker.data.task import Kind
from lor2c_worker.methods import Horizon, cell_of, import_libraries, load_held, method_of, parse_params
from lor2c_worker.models import base_model
from lor2c_worker.run.adapter_folder import RunInfo, write_folder
from lor2c_worker.run.card import complete
from lor2c_worker.settings import Settings

NAMES = ("bad", "good")


def info_of(
    name: str | Path,
    method: dict[str, Any],
    /,
    *,
    kind: Kind = "classify",
    names: tuple[str, ...] = NAMES,
    pairs: bool = False,
    **parts: dict[str, Any],
) -> RunInfo:
    """`name`: of the model. `parts`: more settings, by part."""
    settings = {
        "model": {"name": str(name), "revision": None} | parts.get("model", {}),
        "task": {"name": "alpaca" if kind == "language_model" else "classify"} | parts.get("task", {}),
        "data": {"path": "/home/somebody/rows.csv"} | parts.get("data", {}),
        "method": method,
        "train": {**TRAIN, "precision": "fp32"},
        "seed": 17,
        "adapter": parts.get("adapter", {}),
    }
    scores: dict[str, float | None] = {"accuracy": 0.75, "loss": None}
    return RunInfo(settings, names if kind in ("classify", "multi_label") else (), kind, 2.0, scores, "test", pairs)


def save(folder: Path, info: RunInfo, *, then: Callable[[Path], None] | None = None) -> Path:
    """Write the folder of `info` as a run does. `then`: instead of the card and all that completes it."""
    settings = Settings.from_json(info.settings)
    method = method_of(settings.method["name"])
    import_libraries(method)
    params = parse_params(method, settings.method_parameters)
    loaded = load_held(settings, method, info.num_labels, info.kind, torch.device("cpu"))
    learner = method.build(loaded, [cell_of("c", params, settings)], horizon=Horizon(1, 1, 1, True))
    drawn = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for tensor in learner.tensors(0).values():
            tensor.add_(torch.randn(tensor.shape, generator=drawn) * 0.3)

    def write(target: Path) -> None:
        method.save(learner, 0, loaded, target)
        if then is None:
            complete(target, info, base_model(settings.model, None))
        else:
            then(target)

    write_folder(folder, info, write)
    return folder
