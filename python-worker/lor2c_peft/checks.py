"""What the values of a config must be. Each check raises ValueError, which names the field and what it expects."""

from __future__ import annotations

import math
from typing import Any


def check_rank(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} {value!r}: expected a whole number, at least 1")


def check_scale(name: str, value: Any) -> None:
    if not _is_number(value) or not math.isfinite(value):
        raise ValueError(f"{name} {value!r}: expected a finite number")


def check_probability(name: str, value: Any) -> None:
    if not _is_number(value) or not 0 <= value < 1:
        raise ValueError(f"{name} {value!r}: expected a probability from 0 to less than 1")


def check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{name} {value!r}: expected True or False")


def check_names(name: str, value: Any) -> None:
    if value is not None and not (isinstance(value, (list, tuple)) and all(isinstance(v, str) and v for v in value)):
        raise ValueError(f"{name} {value!r}: expected a list of names of modules, or None")


def check_layers(name: str, value: Any) -> list[int]:
    """The layers in their order. Raises ValueError when an entry is no layer or occurs twice."""
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{name} {value!r}: expected a list of layers, which are whole numbers from 0")
    for layer in value:
        if isinstance(layer, bool) or not isinstance(layer, int) or layer < 0:
            raise ValueError(f"{name}: layer {layer!r}, expected whole numbers from 0")
    if len(set(value)) != len(value):
        raise ValueError(f"{name}: layers are named twice: {sorted(value)}")
    return sorted(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
