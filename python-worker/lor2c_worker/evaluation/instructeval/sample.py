"""Which rows a quick look takes: drawn with a seed, evenly from all tasks, and more of the same when it takes more."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from .example import Example, TaskRows


def drawn(tasks: Sequence[TaskRows], count: int, seed: int) -> list[tuple[TaskRows, Example]]:
    """`count` rows (all, if there are fewer) in the benchmark's order.

    Each task gives a share as large as its own, give or take a row. The draw depends on the seed and the rows' ids
    alone, and a larger count keeps the rows of a smaller one, so that rows that are scored already serve again.
    """
    places: list[tuple[float, str, TaskRows, Example]] = []
    for task in tasks:
        begin = _number(seed, task.name) / 2**64
        shuffled = sorted(task.rows, key=lambda row: (_number(seed, row.id), row.id))
        places += [((begin + i) / len(shuffled), row.id, task, row) for i, row in enumerate(shuffled)]
    places.sort(key=lambda place: place[:2])
    chosen = {id(row) for _, _, _, row in places[:count]}
    return [(task, row) for task in tasks for row in task.rows if id(row) in chosen]


def _number(seed: int, name: str) -> int:
    """A number below 2**64 that stays the same in every version of Python."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{name}".encode()).digest()[:8], "big")
