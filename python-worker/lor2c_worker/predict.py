"""Label texts with a saved adapter, loaded from disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .channel import finite
from .data.batch import Batch
from .data.encode import Encoded, encode_texts
from .device import autocast, current_device, resolve_precision
from .evaluation.evaluate import logits_of
from .learner import Learner
from .methods import import_libraries, load_held, method_of, parse_params
from .models import LoadedModel
from .objective import RowObjective, row_objective_of
from .run.adapter_folder import RunInfo, read_info
from .settings import Settings, SettingsError


@dataclass(frozen=True)
class Labeller:
    """A saved adapter on its model."""

    info: RunInfo
    settings: Settings
    model: LoadedModel
    learner: Learner
    device: torch.device

    @staticmethod
    def load(folder: Path) -> Labeller:
        """Raises SettingsError when the folder is none of an adapter, or of one that labels nothing."""
        info = labelling_info(folder)
        settings = Settings.from_json(info.settings)
        method, device = method_of(settings.method["name"]), current_device()
        import_libraries(method)
        model = load_held(settings, method, info.num_labels, info.kind, device)
        learner = method.load(model, parse_params(method, settings.method_parameters), folder)
        return Labeller(info, settings, model, learner, device)

    @property
    def objective(self) -> RowObjective:
        return row_objective_of(self.info.kind)

    def logits(self, texts: list[str], pairs: list[str] | None, batch_size: int | None = None) -> torch.Tensor:
        """[N, C] on the CPU. Texts of one length go through the model together, so that little is padded."""
        data = encode_texts(texts, pairs, self.model.tokenizer, self.settings.train.max_length)
        order = data.lengths().argsort(stable=True)
        size = batch_size or self.settings.train.eval_batch_size
        with autocast(self.device, resolve_precision(self.settings.train.precision, self.device)):
            found = logits_of(self.learner, _Ordered(data, order), size, self.device)[0]
        logits = torch.empty_like(found)
        logits[order] = found
        return logits


@dataclass(frozen=True)
class _Ordered:
    """The rows of `data` in another order."""

    data: Encoded
    order: torch.Tensor
    parts: None = None

    @property
    def labels(self) -> torch.Tensor:
        return self.data.labels[self.order]

    def tokens_of(self, rows: Sequence[int]) -> list[int]:
        return self.data.tokens_of(self.order[list(rows)].tolist())

    def __len__(self) -> int:
        return len(self.data)

    def batch(self, rows: Sequence[int], device: torch.device) -> Batch:
        return self.data.batch(self.order[list(rows)].tolist(), device)


def labelling_info(folder: Path) -> RunInfo:
    """What is known of an adapter that labels texts. Raises SettingsError for a language model."""
    info = read_info(folder)
    if info.kind == "language_model":
        task = Settings.from_json(info.settings).task.name
        raise SettingsError(
            f"the run is of task {task}, which teaches a model to continue texts, not to label them: "
            "lor2c generate RUN --prompt TEXT continues one"
        )
    return info


def predict(folder: Path, texts: list[str], pairs: list[str] | None) -> list[dict[str, Any]]:
    """One item per text, with label and scores. Raises SettingsError when the folder or the texts do not fit."""
    info = labelling_info(folder)
    settings = Settings.from_json(info.settings)
    wanted = info.takes_pairs
    if wanted and pairs is None:
        raise SettingsError(
            f"task {settings.task.name} takes pairs of texts: give a second text for each (--text-pair)"
        )
    if not wanted and pairs is not None:
        raise SettingsError(f"task {settings.task.name} takes single texts: leave out the second text")
    labeller = Labeller.load(folder)
    probabilities = labeller.objective.probabilities(labeller.logits(texts, pairs))
    return [_item(values, info) for values in probabilities.tolist()]


def _item(values: list[float], info: RunInfo) -> dict[str, Any]:
    label, _ = answer(values, info)
    if info.kind == "regress":
        return {"label": f"{values[0]:.4f}", "scores": {"score": finite(values[0])}}
    scores = {name: finite(value) for name, value in zip(info.label_names, values, strict=True)}
    return {"label": json.dumps(label, ensure_ascii=False) if isinstance(label, list) else label, "scores": scores}


def answer(values: list[float], info: RunInfo) -> tuple[Any, float | None]:
    """(label, its probability) from the probabilities of one row: the name, the list of names, or the value of a
    regression. Only a single name has a probability."""
    if info.kind == "regress":
        return values[0], None
    if info.kind == "multi_label":
        return [name for name, value in zip(info.label_names, values, strict=True) if value > 0.5], None
    best = max(range(len(values)), key=values.__getitem__)
    return info.label_names[best], values[best]
