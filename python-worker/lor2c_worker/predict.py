"""Label texts with a saved adapter, loaded from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .channel import finite
from .data import task_of
from .data.encode import encode_texts
from .device import autocast, current_device, resolve_precision
from .evaluation.evaluate import logits_of
from .methods import import_libraries, method_of, parse_params
from .models import load_model
from .run.adapter_folder import read_info
from .settings import Settings, SettingsError


def predict(folder: Path, texts: list[str], pairs: list[str] | None) -> list[dict[str, Any]]:
    """One item per text, with label and scores. Raises SettingsError when the folder or the texts do not fit."""
    info = read_info(folder)
    settings = Settings.from_json(info.settings)
    task, method, device = task_of(settings.task), method_of(settings.method["name"]), current_device()
    if task.pairs and pairs is None:
        raise SettingsError(f"task {task.name} takes pairs of texts: give a second text for each (--text-pair)")
    if not task.pairs and pairs is not None:
        raise SettingsError(f"task {task.name} takes single texts: leave out the second text")
    import_libraries(method)
    model = load_model(settings.model, len(info.label_names) or 1, task.kind, settings.seed, device)
    learner = method.load(model, parse_params(method, settings.method_parameters), folder)
    data = encode_texts(texts, pairs, model.tokenizer, settings.train.max_length)
    with autocast(device, resolve_precision(settings.train.precision, device)):
        logits = logits_of(learner, data, settings.train.eval_batch_size, device)[0]
    return [_item(row, info.label_names) for row in logits]


def _item(logits: torch.Tensor, labels: tuple[str, ...]) -> dict[str, Any]:
    if not labels:
        value = float(logits[0])
        return {"label": f"{value:.4f}", "scores": {"score": finite(value)}}
    probabilities = torch.softmax(logits, dim=-1).tolist()
    best = max(range(len(labels)), key=probabilities.__getitem__)
    return {"label": labels[best], "scores": {n: finite(p) for n, p in zip(labels, probabilities, strict=True)}}
