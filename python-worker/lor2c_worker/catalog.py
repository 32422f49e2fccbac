"""What the worker offers, as plain data. The spec's checks, `explain` and the editor schema are made from it."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

from .data import TASKS
from .evaluation.scoring import SCORES
from .methods import METHODS
from .models import MODELS

_SCALARS = {int: "int", float: "float", bool: "bool", str: "str"}


def catalog() -> dict[str, Any]:
    """Methods with their parameters, tasks with their scores, packaged models, and which scores are better
    when smaller."""
    return {
        "methods": [
            {
                "name": m.name,
                "summary": m.summary,
                "source": m.source,
                **({"family": m.family} if m.family else {}),
                **({"lanes": True} if m.lanes else {}),
                **({} if m.trains else {"trains": False}),
                "parameters": parameters(m.Params),
            }
            for m in METHODS.values()
        ],
        "tasks": [
            {"name": t.name, "summary": t.summary, "kind": t.kind, "scores": list(t.scores), "source": t.source}
            for t in TASKS.values()
        ],
        "models": [{"name": m.name, "summary": m.summary} for m in MODELS.values()],
        "lower_is_better": [name for name, score in SCORES.items() if score.lower_is_better],
    }


def parameters(params: type) -> list[dict[str, Any]]:
    """One entry per field of a Params dataclass; a field whose type is itself a dataclass is a preset."""
    hints = typing.get_type_hints(params)
    return [_parameter(field, hints[field.name]) for field in dataclasses.fields(params)]


def _parameter(field: dataclasses.Field[Any], hint: Any) -> dict[str, Any]:
    hint, nullable = _without_none(hint)
    meta = field.metadata
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    entry: dict[str, Any] = {
        "name": field.name,
        **_type(hint, meta),
        "default": None if required else _plain(_default(field)),
        "required": required,
        "nullable": nullable,
        "doc": meta["doc"],
        "unit": meta.get("unit"),
        "source": meta.get("source"),
    }
    if meta.get("since"):
        entry["since"] = dataclasses.asdict(meta["since"])
    for mark in ("schedule", "number"):
        if meta.get(mark):
            entry[mark] = True
    for limit in ("minimum", "maximum", "exclusive_minimum"):
        if meta.get(limit) is not None:
            entry[limit] = meta[limit]
    if meta.get("choices") is not None:
        entry["choices"] = list(meta["choices"])
    if meta.get("alone") is not None:
        entry["alone"] = meta["alone"]
    return entry


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def _without_none(hint: Any) -> tuple[Any, bool]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        rest = [a for a in typing.get_args(hint) if a is not type(None)]
        return rest[0], len(rest) < len(typing.get_args(hint))
    return hint, False


def _type(hint: Any, meta: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint):
        presets = {name: dataclasses.asdict(value) for name, value in meta["presets"].items()}
        return {"type": "preset", "presets": presets, "fields": parameters(typing.cast(type, hint))}
    if typing.get_origin(hint) is list:
        return {"type": f"{_SCALARS[typing.get_args(hint)[0]]}_list"}
    if hint is str and meta.get("choices") is not None:
        return {"type": "enum"}
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    return {"type": "json"}
