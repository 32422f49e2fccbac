"""Whether any tokens of texts count, and how many rows have none: long prompts fill them, or responses are empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.encode import Encoded
from ..data.encode_text import EncodedTexts
from ..data.task import DataError, Split
from ..settings import Settings

#: Rows of a split that a plan tokenises, spread evenly.
SAMPLE = 500


def label_notes(splits: Mapping[str, Encoded | None], settings: Settings) -> list[str]:
    """Notes about rows without any token that counts; none for rows with labels of their own. Tokenises all rows.

    Raises DataError when no row of a split has one: nothing would be trained, or nothing scored.
    """
    notes = []
    for name, rows in splits.items():
        if isinstance(rows, EncodedTexts):
            without = _without(rows, settings)
            if without.all_rows:
                raise _none_counts(name, without, settings)
            notes += _notes(name, without, settings)
    return notes


def sampled_label_notes(splits: Mapping[str, Split], tokenizer: Any, settings: Settings) -> list[str]:
    """The same of a sample of each split, for a plan; all rows are tokenised only where a sample has no label."""
    notes = []
    for name, split in splits.items():
        chosen = range(0, len(split), max(1, len(split) // SAMPLE))
        sample = _without(_encoded(split.take(chosen), tokenizer, settings), settings)
        if sample.all_rows:
            whole = _without(_encoded(split, tokenizer, settings), settings)
            if whole.all_rows:
                raise _none_counts(name, whole, settings)
        notes += _notes(name, sample, settings, "" if sample.rows == len(split) else "a sample of ")
    return notes


def _encoded(split: Split, tokenizer: Any, settings: Settings) -> EncodedTexts:
    return EncodedTexts(split, tokenizer, settings.train.max_length, train_on=settings.data.train_on)


@dataclass(frozen=True)
class _Without:
    """How many of `rows` have no token that counts: those that were cut, and those that were not."""

    rows: int
    cut: int
    empty: int

    @property
    def all_rows(self) -> bool:
        return self.cut + self.empty == self.rows


def _without(rows: EncodedTexts, settings: Settings) -> _Without:
    found = np.flatnonzero(rows.counted() == 0)
    cut = sum(tokens >= settings.train.max_length for tokens in rows.tokens_of(found))
    return _Without(len(rows), cut, len(found) - cut)


def _notes(name: str, without: _Without, settings: Settings, sample: str = "") -> list[str]:
    return [
        f"{name}: {count:,} of {sample}{without.rows:,} rows have no token that counts: {why}"
        for count, why in ((without.cut, _filled(settings)), (without.empty, _empty(settings)))
        if count
    ]


def _none_counts(name: str, without: _Without, settings: Settings) -> DataError:
    why, advice = _empty(settings), "`lor2c data SPEC` shows them"
    if without.cut:
        why, advice = _filled(settings), "Raise it, or let prompts count too with data.train_on: all"
    return DataError(f"no token of the {name} rows counts: {why}. {advice}")


def _filled(settings: Settings) -> str:
    return f"their prompts fill train.max_length {settings.train.max_length}"


def _empty(settings: Settings) -> str:
    return "their responses are empty" if settings.data.train_on == "response" else "they have no second token"
