"""Label texts with a saved adapter, loaded from disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .channel import finite
from .data import task_of
from .data.encode import encode_texts
from .device import autocast, current_device, resolve_precision
from .evaluation.evaluate import logits_of
from .methods import import_libraries, method_of, parse_params
from .models import load_model
from .objective import objective_of
from .run.adapter_folder import RunInfo, read_info
from .settings import Settings, SettingsError


def predict(folder: Path, texts: list[str], pairs: list[str] | None) -> list[dict[str, Any]]:
    """One item per text, with label and scores. Raises SettingsError when the folder or the texts do not fit."""
    info = read_info(folder)
    settings = Settings.from_json(info.settings)
    method, device = method_of(settings.method["name"]), current_device()
    takes_pairs = task_of(settings.task.name).pairs if info.pairs is None else info.pairs
    if takes_pairs and pairs is None:
        raise SettingsError(
            f"task {settings.task.name} takes pairs of texts: give a second text for each (--text-pair)"
        )
    if not takes_pairs and pairs is not None:
        raise SettingsError(f"task {settings.task.name} takes single texts: leave out the second text")
    import_libraries(method)
    model = load_model(settings.model, info.num_labels, info.kind, settings.seed, device)
    learner = method.load(model, parse_params(method, settings.method_parameters), folder)
    data = encode_texts(texts, pairs, model.tokenizer, settings.train.max_length)
    with autocast(device, resolve_precision(settings.train.precision, device)):
        logits = logits_of(learner, data, settings.train.eval_batch_size, device)[0]
    probabilities = objective_of(info.kind).probabilities(logits)
    return [_item(values, info) for values in probabilities.tolist()]


def _item(values: list[float], info: RunInfo) -> dict[str, Any]:
    if info.kind == "regress":
        return {"label": f"{values[0]:.4f}", "scores": {"score": finite(values[0])}}
    scores = dict(zip(info.label_names, values, strict=True))
    if info.kind == "multi_label":
        label = json.dumps([name for name, value in scores.items() if value > 0.5], ensure_ascii=False)
    else:
        label = max(scores, key=scores.__getitem__)
    return {"label": label, "scores": {name: finite(value) for name, value in scores.items()}}
