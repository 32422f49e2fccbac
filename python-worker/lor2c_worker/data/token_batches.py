"""Batches of so many real tokens, instead of so many rows (`train.tokens_per_batch`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .row_set import RowSet


def first_fit(rows: Sequence[int], lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Cut rows into batches of at most `budget` tokens: the longest row first, each into the first batch with room.

    Rows of one length keep their order. A row longer than the budget has a batch of its own. `lengths`: tokens of each
    of `rows`.
    """
    batches: list[list[int]] = []
    room: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: -lengths[place]):
        length = lengths[place]
        found = next((batch for batch, left in enumerate(room) if length <= left), None)
        if found is None:
            batches.append([rows[place]])
            room.append(budget - length)
        else:
            batches[found].append(rows[place])
            room[found] -= length
    return batches


def filled(data: RowSet, micro: Sequence[Sequence[int]], budget: int | None) -> Sequence[Sequence[int]]:
    """The rows of the micro-batches `micro` of a step, cut anew by tokens; as they are where `budget` is None."""
    if budget is None:
        return micro
    rows = [row for part in micro for row in part]
    return first_fit(rows, data.tokens_of(rows), budget)


def in_file_order(data: RowSet, budget: int, ahead: int = 1024) -> Iterator[list[int]]:
    """All rows in their order, in batches that end before the row that would exceed `budget` tokens."""
    batch: list[int] = []
    left = budget
    for start in range(0, len(data), ahead):
        rows = range(start, min(start + ahead, len(data)))
        for row, length in zip(rows, data.tokens_of(rows), strict=True):
            if batch and length > left:
                yield batch
                batch, left = [], budget
            batch.append(row)
            left -= length
    if batch:
        yield batch
