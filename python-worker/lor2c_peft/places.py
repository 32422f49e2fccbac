"""Where adapters go in a model, by the paths of its modules."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from torch import nn

from .lowrank import LowRank


class Places:
    """Paths of a model's layers, also when they are wrapped, and the hidden size.

    Raises ValueError when the layers are not found, with what to pass; `pattern` is the name of their list.
    """

    def __init__(self, model: nn.Module, pattern: str | None = None) -> None:
        config = _text_config(model)
        hidden = getattr(config, "hidden_size", None)
        if not isinstance(hidden, int):
            raise ValueError(f"{type(model).__name__} has no config with a hidden_size, as models of transformers have")
        self.model = model
        self.hidden = hidden
        self.list = _list(model) if pattern is None else _named(model, pattern)
        self.layers = [f"{self.list}.{name}" for name, _ in model.get_submodule(self.list).named_children()]

    @property
    def owner(self) -> nn.Module:
        """The module in whose forward the layers run."""
        return self.model.get_submodule(self.list.rpartition(".")[0])

    def injected(self) -> dict[str, list[tuple[int, int]]]:
        """Paths in a layer of the linear modules with query and value, each with its parts (see `_parts`). Raises
        ValueError when they are not known."""
        layers = [_bare(self.model.get_submodule(path)) for path in self.layers]
        for table in _architectures():
            projections = table["projections"]
            linears = [_module(place) for place in projections.values()]
            if _ends(self.list, table["layers"]) and all(_has(layer, path) for layer in layers for path in linears):
                return _parts([projections[name] for name in ("query", "value")])
        raise ValueError(
            f"LoRA is injected into query and value, which are not known for the {type(layers[0]).__name__} of "
            f"{type(self.model).__name__}: leave `injected` empty, or add a file to lor2c_peft/architectures"
        )


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


def _list(model: nn.Module) -> str:
    """Path of the list of layers: that of a known architecture, else the only list that has as many modules as the
    config says the model has layers."""
    prefix = getattr(model, "base_model_prefix", "")
    base = getattr(model, prefix) if prefix and hasattr(model, prefix) else model
    inside = f"{prefix}." if base is not model else ""
    lists = {name: m for name, m in model.named_modules() if isinstance(m, nn.ModuleList) and len(m)}
    for table in _architectures():
        if inside + table["layers"] in lists:
            return inside + str(table["layers"])
    number = getattr(_text_config(model), "num_hidden_layers", None)
    fitting = [name for name, m in lists.items() if len(m) == number and len({type(_bare(each)) for each in m}) == 1]
    if len(fitting) == 1:
        return fitting[0]
    found = f"several lists of {number} layers" if fitting else f"no list of {number} layers of one kind"
    raise ValueError(
        f"{type(model).__name__} has {found}: pass the one that LoR2C shall go around as "
        f"layers_pattern ({', '.join(repr(name) for name in fitting or lists) or 'it has no nn.ModuleList at all'})"
    )


def _text_config(model: nn.Module) -> Any:
    """The model's config; of one that has texts beside images or sounds, that of its text model."""
    config: Any = getattr(model, "config", None)
    if hasattr(config, "hidden_size") or not hasattr(config, "get_text_config"):
        return config
    return config.get_text_config()


def _named(model: nn.Module, pattern: str) -> str:
    lists = [name for name, m in model.named_modules() if isinstance(m, nn.ModuleList) and len(m)]
    fitting = [name for name in lists if _ends(name, pattern)]
    if len(fitting) != 1:
        raise ValueError(
            f"layers_pattern {pattern!r} names {len(fitting) or 'none'} of the lists of modules in "
            f"{type(model).__name__}: {', '.join(repr(name) for name in lists)}"
        )
    return fitting[0]


def _ends(path: str, end: str) -> bool:
    return f".{path}".endswith(f".{end}")


def _bare(module: nn.Module) -> nn.Module:
    return module.base_layer if isinstance(module, LowRank) else module


def _has(layer: nn.Module, path: str) -> bool:
    try:
        layer.get_submodule(path)
    except AttributeError:
        return False
    return True


@cache
def _architectures() -> list[dict[str, Any]]:
    return list(_read())


def _read() -> Iterator[dict[str, Any]]:
    for file in sorted(files(__package__).joinpath("architectures").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            yield tomllib.loads(file.read_text(encoding="utf-8"))
