"""What an adapter's structure makes of each layer of a model, worked out and checked before anything is wrapped."""

from __future__ import annotations

import re
from dataclasses import dataclass

from torch import nn

from .config import Lor2cConfig
from .layer import InjectedLinear
from .places import Places


@dataclass
class Task:
    """What one adapter does at one layer: a span begins; a span that began at `ends` ends; LoRA is injected."""

    layer: int
    begins: bool = False
    ends: int | None = None
    injected: bool = False


def tasks_of(config: Lor2cConfig, places: Places) -> dict[str, Task]:
    """Path of each layer that takes part -> its task. Raises ValueError when the model does not fit the structure."""
    config.check()  # fields may have changed since it was made
    tasks: dict[str, Task] = {}

    def task(layer: int) -> Task:
        return tasks.setdefault(places.layers[layer], Task(layer))

    excluded = [number for number, path in enumerate(places.layers) if is_excluded(config, path)]
    if config.exclude_modules and not excluded:
        raise ValueError(
            f"exclude_modules {config.exclude_modules!r} names no layer of the model; they are {places.layers[0]} to "
            f"{places.layers[-1]}"
        )
    for first, last in config.resolved_spans(len(places.layers), excluded):
        task(first).begins = True
        task(last).ends = first
    for layer in config.injected:
        task(layer).injected = True
    for path, each in tasks.items():
        _check_saved(config, path)
        if each.injected:
            _check_projections(places, path)
    return tasks


def is_excluded(config: Lor2cConfig, path: str) -> bool:
    """Whether the config's `exclude_modules` names the module at `path`, as peft's own methods read it."""
    names = config.exclude_modules or ()
    if isinstance(names, str):
        return re.fullmatch(names, path) is not None
    return any(path == name or path.endswith(f".{name}") for name in names)


def _check_saved(config: Lor2cConfig, path: str) -> None:
    for name in config.modules_to_save or []:
        if re.match(rf"(^|.*\.){re.escape(name)}($|\..*)", path):
            raise ValueError(f"modules_to_save {name!r} contains {path}, which the adapter goes around")


def _check_projections(places: Places, path: str) -> None:
    layer = places.model.get_submodule(path)
    for projection in places.injected():
        target = getattr(layer, "base_layer", layer).get_submodule(projection)
        if not isinstance(target, (nn.Linear, InjectedLinear)):
            kind = type(target).__name__
            raise ValueError(f"{path}.{projection} is a {kind}; LoRA can be injected into linear projections only")
