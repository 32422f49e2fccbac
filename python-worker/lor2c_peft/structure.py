"""The structure of an adapter: which layers its modules span, and which layers have LoRA instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def check_structure(spans: Iterable[Sequence[int]], injected: Sequence[int]) -> None:
    """`spans`: [first, last] layer of each module, from 0. Raises ValueError when a layer has two modules, or an entry
    names no layer."""
    taken: set[int] = set()
    for layer in injected:
        if isinstance(layer, bool) or not isinstance(layer, int) or layer < 0:
            raise ValueError(f"injected layer {layer!r}: expected whole numbers from 0")
        if layer in taken:
            raise ValueError(f"injected layers are named twice: {sorted(injected)}")
        taken.add(layer)
    for span in spans:
        if len(span) != 2 or not 0 <= span[0] <= span[1]:
            raise ValueError(f"span {span}: expected [first, last] with 0 <= first <= last")
        layers = set(range(span[0], span[1] + 1))
        if layers & taken:
            raise ValueError(f"span {span}: layer {min(layers & taken)} already belongs to another module")
        taken |= layers
