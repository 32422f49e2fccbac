"""Which prompts go through the model together: those with a common beginning, and those of about one length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, Protocol, TypeVar

#: A common beginning is worth a cache of its own from so many tokens on, and from this share of each prompt.
LEAST_SHARED, LEAST_SHARE = 32, 0.5


class Sized(Protocol):
    @property
    def ids(self) -> tuple[int, ...]:
        """Tokens of the prompt, at least one."""

    @property
    def most(self) -> int:
        """Tokens that the row can have in the end."""


Row = TypeVar("Row", bound=Sized)


@dataclass(frozen=True)
class Room:
    """What one batch may have: rows, and tokens in the end, those of a common beginning counted in every row."""

    tokens: int
    rows: int

    def half(self) -> Room:
        return Room(max(1, self.tokens // 2), max(1, self.rows // 2))


@dataclass(frozen=True)
class Family(Generic[Row]):
    """Prompts that share their first `shared` tokens; 0: nothing worth sharing."""

    shared: int
    rows: tuple[Row, ...]


def families(rows: Sequence[Row], within: int | None = None) -> list[Family[Row]]:
    """The prompts grouped by common beginnings, the family of the longest prompt first. Rows that can have more tokens
    than `within` in the end share nothing.

    In alphabetical order of their tokens, prompts with a common beginning are neighbours.
    """
    long = [] if within is None else [row for row in rows if row.most > within]
    found: list[Family[Row]] = [Family(0, (row,)) for row in long]
    family: Family[Row] | None = None
    for row in sorted((row for row in rows if within is None or row.most <= within), key=lambda row: row.ids):
        joined = None if family is None else _joined(family, row)
        if family is not None and joined is None:
            found.append(family)
        family = joined or Family(0, (row,))
    return _alone_together(found if family is None else [*found, family])


def _joined(family: Family[Row], row: Row) -> Family[Row] | None:
    """The family with `row`; None where that would cost the others more of their common beginning than it saves."""
    first, last, count = family.rows[0].ids, family.rows[-1].ids, len(family.rows)
    # At least one token of each prompt is left, whose logits are the next token's.
    common = min(_common(last, row.ids), len(row.ids) - 1, len(first) - 1)
    if count > 1:
        common = min(common, family.shared)
    worth = common >= LEAST_SHARED and common >= LEAST_SHARE * max(len(row.ids), len(first))
    if not worth or count * common < (count - 1) * family.shared:
        return None
    return Family(common, (*family.rows, row))


def _alone_together(found: list[Family[Row]]) -> list[Family[Row]]:
    """Families, and one of all prompts that share nothing."""
    alone = tuple(row for family in found if family.shared == 0 for row in family.rows)
    shared = [family for family in found if family.shared > 0]
    return sorted(
        [*shared, *([Family(0, alone)] if alone else [])],
        key=lambda family: max(row.most for row in family.rows),
        reverse=True,
    )


def batches(rows: Sequence[Row], room: Callable[[], Room]) -> Iterator[list[Row]]:
    """Batches of rows of about one length, the longest first, so that what does not fit shows early. `room` is asked
    anew for each batch. A row that is longer than the room is a batch of its own."""
    waiting = sorted(rows, key=lambda row: row.most, reverse=True)
    while waiting:
        now = room()
        count = max(1, min(now.rows, now.tokens // waiting[0].most))
        yield waiting[:count]
        waiting = waiting[count:]


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """Number of equal tokens at the start of both."""
    pairs = groupby(zip(a, b, strict=False), key=lambda pair: pair[0] == pair[1])
    equal, run = next(pairs, (False, iter(())))
    return sum(1 for _ in run) if equal else 0
