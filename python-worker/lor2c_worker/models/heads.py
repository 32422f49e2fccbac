"""Which modules of a classifier are its head, and configs for a task."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

from ..architectures import architecture_of, model_types
from ..data.task import Kind
from ..settings import SettingsError

#: The library's name for each kind of task.
PROBLEM_TYPES: dict[Kind, Any] = {
    "language_model": None,
    "classify": "single_label_classification",
    "multi_label": "multi_label_classification",
    "regress": "regression",
}


def head_of_task(model_type: str, kind: Kind) -> tuple[str, ...]:
    """The modules that train in full as the head of a task of this kind."""
    known = architecture_of(model_type)
    return () if kind == "language_model" or known is None else known.head.modules


def is_head(parameter: str, head: tuple[str, ...]) -> bool:
    return any(part in head for part in parameter.split(".")[:-1])


def for_task(config: PretrainedConfig, name: str, num_labels: int, kind: Kind) -> PretrainedConfig:
    """A copy of the shared config for `num_labels` classes. Raises SettingsError when the model has no known head."""
    config = type(config).from_dict(config.to_dict())
    config.num_labels = num_labels
    config.problem_type = PROBLEM_TYPES[kind]
    known = architecture_of(config.model_type)
    if known is None:
        raise SettingsError(
            f"model {name!r} is of type {config.model_type!r}; supported are {', '.join(model_types())}. For another "
            "type a file must say where its layers, their projections (query, value, ...) and its head are: "
            'docs/developing.md, "What you touch", an architecture'
        )
    if kind == "language_model" and not known.decoder:
        raise SettingsError(
            f"model {name!r} is of type {config.model_type!r}, which predicts no next token: the task needs a decoder, "
            f"of type {', '.join(model_types(decoder=True))}"
        )
    return config
