"""Whether a value is of the type that a field of a peft config declares, before peft's own code compares it."""

from __future__ import annotations

import types
import typing
from enum import Enum
from typing import Any, Literal, Union

#: How a type is called in a spec. A type that is not here is peft's own affair: any value fits it.
_NAMES: dict[Any, str] = {
    int: "a number",  # alpha is declared as one, and peft takes 0.5 for it
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
    """What is expected in the place of the value, e.g. `a list of texts or a text`; None when it fits."""
    options = [_called(one) for one in _alternatives(hint)]
    if any(kind is None or _fits(value, kind, item) for kind, item in options):
        return None
    spelt = {kind if item is None else f"{kind} of {item.removeprefix('a ')}s" for kind, item in options if kind}
    return " or ".join(sorted(spelt, key=lambda name: (name == "null", name)))  # typing keeps no order of a union


def _fits(value: Any, kind: str, item: str | None = None) -> bool:
    right = isinstance(value, _ACCEPTED[kind]) and not (isinstance(value, bool) and kind == "a number")
    return right and (item is None or all(_fits(one, item) for one in value))


def _alternatives(hint: Any) -> list[Any]:
    """Members of a union, and the types of the values of a literal: which of them are allowed, peft says itself."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        return [one for member in typing.get_args(hint) for one in _alternatives(member)]
    return [type(value) for value in typing.get_args(hint)] if typing.get_origin(hint) is Literal else [hint]


def _called(hint: Any) -> tuple[str | None, str | None]:
    """(what a type is called, what the items of a list are called where they are numbers or texts)."""
    if isinstance(hint, type) and issubclass(hint, str) and issubclass(hint, Enum):
        return "a text", None
    kind, arguments = _NAMES.get(typing.get_origin(hint) or hint), typing.get_args(hint)
    item = _NAMES.get(arguments[0]) if kind == "a list" and arguments else None
    return kind, item if item in ("a number", "a text") else None
