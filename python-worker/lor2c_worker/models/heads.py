"""Which modules of a classifier are its head, and configs for a task."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

from ..data.task import Kind
from ..settings import SettingsError

#: Modules that train in full as the task's head, by model type. All others belong to the backbone.
HEADS: dict[str, tuple[str, ...]] = {
    "bert": ("pooler", "classifier"),
    "roberta": ("classifier",),
    "xlm-roberta": ("classifier",),
    "camembert": ("classifier",),
    "mpnet": ("classifier",),
    "llama": ("score",),
    "mistral": ("score",),
    "qwen2": ("score",),
}

#: Model types that predict the next token. Such a model has no head that trains: the output embedding is its own.
DECODERS = ("llama", "mistral", "qwen2")

#: The library's name for each kind of task.
PROBLEM_TYPES: dict[Kind, Any] = {
    "language_model": None,
    "classify": "single_label_classification",
    "multi_label": "multi_label_classification",
    "regress": "regression",
}


def head_of_task(model_type: str, kind: Kind) -> tuple[str, ...]:
    """The modules that train in full as the head of a task of this kind."""
    return () if kind == "language_model" else HEADS[model_type]


def is_head(parameter: str, head: tuple[str, ...]) -> bool:
    return any(part in head for part in parameter.split(".")[:-1])


def for_task(config: PretrainedConfig, name: str, num_labels: int, kind: Kind) -> PretrainedConfig:
    """A copy of the shared config for `num_labels` classes. Raises SettingsError when the model has no known head."""
    config = type(config).from_dict(config.to_dict())
    config.num_labels = num_labels
    config.problem_type = PROBLEM_TYPES[kind]
    if config.model_type not in HEADS:
        raise SettingsError(
            f"model {name!r} is of type {config.model_type!r}; supported are {', '.join(sorted(HEADS))}"
        )
    if kind == "language_model" and config.model_type not in DECODERS:
        raise SettingsError(
            f"model {name!r} is of type {config.model_type!r}, which predicts no next token: the task needs a decoder, "
            f"of type {', '.join(DECODERS)}"
        )
    return config
