"""The structure of an adapter: which layers its modules span, and which layers have LoRA instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .checks import check_layers


def check_spans(value: Any) -> list[list[int]]:
    """Raises ValueError when `value` is no list of [first, last] layers from 0."""
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"spans {value!r}: expected a list of [first, last]")
    for span in value:
        pair = isinstance(span, (list, tuple)) and len(span) == 2
        if not pair or any(isinstance(i, bool) or not isinstance(i, int) for i in span) or not 0 <= span[0] <= span[1]:
            raise ValueError(f"span {span!r}: expected [first, last] with 0 <= first <= last")
    return [list(span) for span in value]


def check_structure(spans: Iterable[Sequence[int]], injected: Sequence[int]) -> None:
    """Raises ValueError when a layer has two modules."""
    taken = set(check_layers("injected", injected))
    for span in spans:
        layers = set(range(span[0], span[1] + 1))
        if layers & taken:
            raise ValueError(f"span {list(span)}: layer {min(layers & taken)} already belongs to another module")
        taken |= layers
