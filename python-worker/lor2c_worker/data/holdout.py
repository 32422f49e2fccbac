"""Rows taken out of training to choose the best epoch (`train.holdout`), so that the evaluation rows choose nothing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from ..keyed.seeding import permutation
from .task import DataError, Kind, Split


def hold_out(train: Split, holdout: float | int, seed: int, kind: Kind) -> tuple[Split, Split]:
    """(rows left to train on, held-out rows), both in their original order; a function of the rows and the seed.

    `holdout`: a share of the rows (below 1, rounded) or their number. Classes keep their proportions to the nearest
    row, by the largest remainder. Raises DataError when too few rows would be left to train on or to choose with.
    """
    count = round(holdout * len(train)) if holdout < 1 else int(holdout)
    asked = f"train.holdout {holdout:g}"
    if count >= len(train):
        raise DataError(f"{asked}: there are only {len(train):,} training rows, and some must be left to train on")
    order = [int(i) for i in permutation(len(train), seed, "holdout")]
    held = sorted(order[:count] if kind == "regress" else _stratified(train.labels, order, count))
    if len({train.labels[i] for i in held}) < 2:
        raise DataError(
            f"{asked} of {len(train):,} training rows holds out {count:,} row{'' if count == 1 else 's'} with fewer "
            "than two different labels, which cannot tell one epoch from another: hold out more"
        )
    out = set(held)
    return train.take([i for i in range(len(train)) if i not in out]), train.take(held)


def _stratified(labels: Sequence[int | float], order: list[int], count: int) -> list[int]:
    """`count` rows of `order`: of each class the first ones, as many as its share asks for."""
    rows: dict[int | float, list[int]] = defaultdict(list)
    for row in order:
        rows[labels[row]].append(row)
    shares = {label: count * len(members) / len(order) for label, members in rows.items()}
    quota = {label: math.floor(share) for label, share in shares.items()}
    # The label breaks ties, not the order of the rows.
    rest = sorted(shares, key=lambda label: (quota[label] - shares[label], label))
    for label in rest[: count - sum(quota.values())]:
        quota[label] += 1
    return [row for label, members in rows.items() for row in members[: quota[label]]]


def holdout_note(kept: Split, held: Split, holdout: float | int, seed: int, kind: Kind) -> str:
    stratified = "" if kind == "regress" else ", in the proportions of the classes"
    return (
        f"holdout: {len(held):,} of {len(kept) + len(held):,} training rows are not trained on and choose the epoch; "
        f"the evaluation rows are only reported (train.holdout {holdout:g}, data.split_seed {seed}{stratified})"
    )
