"""The metadata of a model card, which the hub reads: base model, task, data, scores, licence."""

from __future__ import annotations

import re

from huggingface_hub import EvalResult, ModelCardData

from ...data import TASKS
from ...data.glue import HUB as GLUE
from ...models import BaseModel, is_folder
from ...settings import DataSettings, Settings
from ..adapter_folder import RunInfo
from .form import Form
from .markdown import plain

_LIBRARY = {"peft": "peft", "own": "lor2c", "whole": "transformers"}
#: The hub's names of our scores, where they differ.
_METRICS = {"matthews": "matthews_correlation", "pearson": "pearsonr", "spearman": "spearmanr"}
#: What the hub takes for a data set.
_DATASET = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)


def metadata(form: Form, info: RunInfo, settings: Settings, base: BaseModel) -> ModelCardData:
    method, task = settings.method["name"], settings.task.name
    relation = "finetune" if form.kind == "whole" else "adapter"
    tags = ["lor2c", method, *([form.peft_type.lower()] if form.peft_type else [])]
    if form.kind != "own":
        tags.append("transformers")
    if base.hub_id is not None:
        tags.append(f"base_model:{relation}:{base.hub_id}")
    dataset = _dataset(settings)
    results = [
        EvalResult(
            task_type=pipeline(info),
            dataset_type=plain(task) if dataset is None else dataset[0],
            dataset_name=plain(task if settings.data.path is None else f"{task}, local rows"),
            dataset_config=None if dataset is None else dataset[1],
            dataset_split=None if dataset is None else settings.data.dev_split,
            metric_type=_METRICS.get(name, name),
            metric_name=name,
            metric_value=value,
        )
        for name, value in info.scores.items()
        if value is not None
    ]
    return ModelCardData(
        base_model=base.hub_id,
        base_model_relation=None if base.hub_id is None else relation,
        library_name=_LIBRARY[form.kind],
        license=settings.adapter.license,
        pipeline_tag=pipeline(info),
        tags=sorted(set(tags)),
        datasets=None if dataset is None else [dataset[0]],
        metrics=[_METRICS.get(name, name) for name in info.scores] or None,
        model_name=plain(f"{method}-{base.shown.rsplit('/', 1)[-1]}-{task}"),
        eval_results=results or None,
    )


def pipeline(info: RunInfo) -> str:
    return "text-generation" if info.kind == "language_model" else "text-classification"


def _dataset(settings: Settings) -> tuple[str, str | None] | None:
    """(repository on the hub, configuration) of the rows; None: they come from elsewhere."""
    data: DataSettings = settings.data
    if data.path is not None:
        return None
    task = TASKS.get(settings.task.name)
    if data.hub is None:
        # A task with rows of its own: GLUE has a configuration for each, Alpaca names the repository itself.
        config, name = getattr(task, "hub_config", None), getattr(task, "hub", None)
        return (GLUE, config) if config else (name, None) if isinstance(name, str) else None
    if is_folder(data.hub) or not _DATASET.fullmatch(data.hub):
        return None
    return data.hub, data.config or (getattr(task, "hub_config", None) if data.hub == GLUE else None)
