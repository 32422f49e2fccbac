"""Where adapters go in a model, by the paths of its modules."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from torch import nn


class Places:
    """Paths of the layers of a model that is not wrapped yet; paths in a layer of the linear modules with query and
    value, each with its parts (see `_parts`); and the hidden size. Raises ValueError for a model of unknown form."""

    def __init__(self, model: nn.Module) -> None:
        prefix = getattr(model, "base_model_prefix", "")
        base = getattr(model, prefix) if prefix and hasattr(model, prefix) else model
        names = {id(module): name for name, module in model.named_modules()}
        layers, projections = _find(base)
        self.layers = [names[id(layer)] for layer in layers]
        self.injected = _parts([projections[name] for name in ("query", "value")])
        config: Any = model.config
        self.hidden = int(config.hidden_size)


#: A linear module of its own, or one of `of` equal parts of the output of a module: {module, part, of}.
Projection = str | dict[str, Any]


def _module(place: Projection) -> str:
    return place if isinstance(place, str) else str(place["module"])


def _parts(places: list[Projection]) -> dict[str, list[tuple[int, int]]]:
    """Path of each linear module -> (part, of) of its projections in `places`; none where it is one as a whole."""
    found: dict[str, list[tuple[int, int]]] = {}
    for place in places:
        parts = found.setdefault(_module(place), [])
        if not isinstance(place, str):
            parts.append((int(place["part"]), int(place["of"])))
    return found


def _find(base: nn.Module) -> tuple[list[nn.Module], dict[str, Projection]]:
    modules = dict(base.named_modules())
    for table in _architectures():
        path = table["layers"]
        if path in modules:
            layers = list(modules[path].children())
            linears = [_module(place) for place in table["projections"].values()]
            every = (f"{path}.{i}.{linear}" for i in range(len(layers)) for linear in linears)
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
