"""Rows taken out of training to choose the best epoch (`train.holdout`), so that the evaluation rows choose nothing."""

from __future__ import annotations

import math

import numpy as np

from ..keyed.seeding import permutation
from .task import DataError, Kind, Split


def hold_out(train: Split, holdout: float | int, seed: int, kind: Kind) -> tuple[Split, Split]:
    """(rows left to train on, held-out rows), both in their original order; a function of the rows and the seed.

    `holdout`: a share of the rows (below 1, rounded) or their number. Classes keep their proportions to the nearest
    row, by the largest remainder. Raises DataError when too few rows would be left to train on or to choose with.
    """
    return _part(train, holdout, seed, kind, "holdout", f"train.holdout {holdout:g}", "holds out")


def split_off(rows: Split, dev_rows: float | int, seed: int, kind: Kind) -> tuple[Split, Split]:
    """(training rows, evaluation rows) of the only set of rows there is: as `hold_out`, with a draw of its own."""
    return _part(rows, dev_rows, seed, kind, "dev_rows", f"data.dev_rows {dev_rows:g}", "splits off")


def _part(
    train: Split, share: float | int, seed: int, kind: Kind, purpose: str, asked: str, does: str
) -> tuple[Split, Split]:
    count = round(share * len(train)) if share < 1 else int(share)
    if count >= len(train):
        raise DataError(f"{asked}: there are only {len(train):,} training rows, and some must be left to train on")
    order = permutation(len(train), seed, purpose).numpy()
    held = np.sort(_stratified(np.asarray(train.labels), order, count) if kind == "classify" else order[:count])
    if kind == "language_model":
        if count == 0:
            raise DataError(f"{asked} of {len(train):,} training rows {does} none, and there must be some: take more")
        return train.take(np.delete(np.arange(len(train)), held)), train.take(held)
    if len(set(train.labels)) < 2:
        raise DataError(
            f"{asked}: all {len(train):,} rows have the same label, so that there is nothing to learn or to choose by. "
            "Is the column of the labels the right one?"
        )
    if len({train.labels[i] for i in held}) < 2:
        raise DataError(
            f"{asked} of {len(train):,} training rows {does} {count:,} row{'' if count == 1 else 's'} with fewer "
            "than two different labels, which cannot tell one epoch from another: take more"
        )
    return train.take(np.delete(np.arange(len(train)), held)), train.take(held)


def _stratified(labels: np.ndarray, order: np.ndarray, count: int) -> np.ndarray:
    """`count` rows of `order`: of each class the first ones, as many as its share asks for."""
    drawn = labels[order]
    rows = {label: order[drawn == label] for label in np.unique(labels).tolist()}
    shares = {label: count * len(members) / len(order) for label, members in rows.items()}
    quota = {label: math.floor(share) for label, share in shares.items()}
    # The label breaks ties, not the order of the rows.
    rest = sorted(shares, key=lambda label: (quota[label] - shares[label], label))
    for label in rest[: count - sum(quota.values())]:
        quota[label] += 1
    return np.concatenate([members[: quota[label]] for label, members in rows.items()])


def holdout_note(kept: Split, held: Split, holdout: float | int, seed: int, kind: Kind) -> str:
    return (
        f"holdout: {len(held):,} of {len(kept) + len(held):,} training rows are not trained on and choose the epoch; "
        f"the evaluation rows are only reported (train.holdout {holdout:g}, data.split_seed {seed}{_how(kind)})"
    )


def dev_note(train: Split, dev: Split, dev_rows: float | int, seed: int, kind: Kind) -> str:
    return (
        f"eval: {len(dev):,} of {len(train) + len(dev):,} rows are split off and not trained on "
        f"(data.dev_rows {dev_rows:g}, data.split_seed {seed}{_how(kind)})"
    )


def _how(kind: Kind) -> str:
    drawn = {"classify": "in the proportions of the classes", "multi_label": "at random: lists of labels have none"}
    return f", {drawn[kind]}" if kind in drawn else ""
