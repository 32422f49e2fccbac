"""Whether a value has the type that a field of a peft config declares, before peft's code uses it."""

from __future__ import annotations

import types
import typing
from enum import Enum
from typing import Any, Literal, Union

#: Names of types for users of a spec. Any value fits a type that is not here; peft checks it itself.
_NAMES: dict[Any, str] = {
    int: "a number",  # peft declares alpha as int and accepts 0.5
    float: "a number",
    bool: "true or false",
    str: "a text",
    list: "a list",
    tuple: "a list",
    set: "a list",
    dict: "a mapping",
    type(None): "null",
}
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "a number": (int, float),
    "true or false": (bool, int),
    "a text": (str,),
    "a list": (list, tuple, set),
    "a mapping": (dict,),
    "null": (type(None),),
}


def misfit(value: Any, hint: Any) -> str | None:
    """What is expected instead of the value, e.g. `a list of texts or a text`; None when it fits."""
    options = [_called(one) for one in _alternatives(hint)]
    if any(kind is None or _fits(value, kind, item) for kind, item in options):
        return None
    spelt = {kind if item is None else f"{kind} of {item.removeprefix('a ')}s" for kind, item in options if kind}
    return " or ".join(
        sorted(spelt, key=lambda name: (name == "null", name))
    )  # typing does not keep the order of a union


def _fits(value: Any, kind: str, item: str | None = None) -> bool:
    right = isinstance(value, _ACCEPTED[kind]) and not (isinstance(value, bool) and kind == "a number")
    return right and (item is None or all(_fits(one, item) for one in value))


def _alternatives(hint: Any) -> list[Any]:
    """Members of a union; for a literal, the types of its values (peft itself checks the values)."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        return [one for member in typing.get_args(hint) for one in _alternatives(member)]
    return [type(value) for value in typing.get_args(hint)] if typing.get_origin(hint) is Literal else [hint]


def _called(hint: Any) -> tuple[str | None, str | None]:
    """(name of a type, name of a list's items if they are numbers or texts)."""
    if isinstance(hint, type) and issubclass(hint, str) and issubclass(hint, Enum):
        return "a text", None
    kind, arguments = _NAMES.get(typing.get_origin(hint) or hint), typing.get_args(hint)
    item = _NAMES.get(arguments[0]) if kind == "a list" and arguments else None
    return kind, item if item in ("a number", "a text") else None
