"""Where adapters go in a model, by the paths of its modules."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from torch import nn


class Places:
    """Paths of the layers of a model that is not wrapped yet, paths in a layer of query and value, and the hidden
    size. Raises ValueError for a model of unknown form."""

    def __init__(self, model: nn.Module) -> None:
        prefix = getattr(model, "base_model_prefix", "")
        base = getattr(model, prefix) if prefix and hasattr(model, prefix) else model
        names = {id(module): name for name, module in model.named_modules()}
        layers, projections = _find(base)
        self.layers = [names[id(layer)] for layer in layers]
        self.projections = {name: projections[name] for name in ("query", "value")}
        config: Any = model.config
        self.hidden = int(config.hidden_size)


def _find(base: nn.Module) -> tuple[list[nn.Module], dict[str, str]]:
    modules = dict(base.named_modules())
    for table in _architectures():
        path = table["layers"]
        if path in modules:
            layers = list(modules[path].children())
            every = (f"{path}.{i}.{p}" for i in range(len(layers)) for p in table["projections"].values())
            if layers and all(place in modules for place in every):
                return layers, table["projections"]
    raise ValueError(f"{type(base).__name__} has no layers with projections of a form known here")


@cache
def _architectures() -> list[dict[str, Any]]:
    return list(_read())


def _read() -> Iterator[dict[str, Any]]:
    for file in sorted(files(__package__).joinpath("architectures").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            yield tomllib.loads(file.read_text(encoding="utf-8"))
