/** The parts of messages.py that don't depend on the messages. */

export const HEADER = `# GENERATED from cli/protocol/messages.ts by \`npm run generate\`. Edit that file, not this one.
"""The messages between runner and worker. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, TypeAlias, Union, cast, get_args, get_origin, get_type_hints
`;

export const DECODER = `
class DecodeError(ValueError):
    """The value is no message of this protocol. The text names the key."""


def decode_command(value: object) -> Command:
    """The command in a parsed line. Raises DecodeError for unknown keys, missing keys and wrong types."""
    return cast(Command, _decode_message(value, COMMANDS, "command"))


def decode_event(value: object) -> Event:
    """The same for events; used by tests."""
    return cast(Event, _decode_message(value, EVENTS, "event"))


def encode(message: Any) -> dict[str, Any]:
    """The JSON object of a message, \`type\` first. Values stay as they are; the sender must replace NaN."""
    return {"type": message.type, **_plain(message)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _decode_message(value: object, known: Mapping[str, type[Any]], noun: str) -> object:
    if not isinstance(value, Mapping):
        raise DecodeError(f"a {noun} is an object, not {_kind(value)}")
    cls = known.get(value["type"]) if isinstance(value.get("type"), str) else None
    if cls is None:
        raise DecodeError(f"unknown {noun} type {value.get('type')!r}; known are {', '.join(known)}")
    return _decode_object({key: item for key, item in value.items() if key != "type"}, cls, str(value["type"]))


_HINTS: dict[type[Any], dict[str, tuple[Any, int]]] = {}


def _hints(cls: type[Any]) -> dict[str, tuple[Any, int]]:
    """Type and minimum length of each field. Cached, since resolving hints is slow."""
    if cls not in _HINTS:
        types = get_type_hints(cls)
        _HINTS[cls] = {f.name: (types[f.name], f.metadata.get("min_items", 0)) for f in fields(cls)}
    return _HINTS[cls]


def _decode_object(value: object, cls: type[Any], where: str) -> object:
    if not isinstance(value, Mapping):
        raise DecodeError(f"{where}: expected an object, got {_kind(value)}")
    hints = _hints(cls)
    for key in value:
        if key not in hints:
            raise DecodeError(f"{where}: unknown key {key!r}; known are {', '.join(hints) or 'none'}")
    for key in hints:
        if key not in value:
            raise DecodeError(f"{where}: missing key {key!r}")
    return cls(**{key: _decode(value[key], hint, f"{where}.{key}", least) for key, (hint, least) in hints.items()})


def _decode(value: object, hint: Any, where: str, least: int = 0) -> object:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (UnionType, Union):  # a Literal or None is the latter
        if value is None and NoneType in arguments:
            return None
        (hint,) = (a for a in arguments if a is not NoneType)
        return _decode(value, hint, where, least)
    if origin is Literal:
        if value in arguments:
            return value
        raise DecodeError(f"{where}: {value!r} is none of {', '.join(map(repr, arguments))}")
    if origin is list and isinstance(value, list):
        if len(value) < least:
            raise DecodeError(f"{where}: at least {least} item needed")
        return [_decode(item, arguments[0], f"{where}[{index}]") for index, item in enumerate(value)]
    if origin is dict and isinstance(value, Mapping):
        return {key: _decode(item, arguments[1], f"{where}.{key}") for key, item in value.items()}
    if is_dataclass(hint):
        return _decode_object(value, cast("type[Any]", hint), where)
    # JSON has one kind of number: a float without a fraction arrives as an int. A bool is an int only for Python.
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise DecodeError(f"{where}: expected {getattr(origin or hint, '__name__', hint)}, got {_kind(value)}")


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__
`;
