"""Whether any tokens of texts count, and how many rows have none: their prompts fill what is left of them."""

from __future__ import annotations

from collections.abc import Mapping
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
            counts = rows.counted()
            if not counts.any():
                raise _none_counts(name, settings)
            if empty := int(np.sum(counts == 0)):
                notes.append(f"{name}: {empty:,} of {len(counts):,} rows {_reason(settings)}")
    return notes


def sampled_label_notes(splits: Mapping[str, Split], tokenizer: Any, settings: Settings) -> list[str]:
    """The same of a sample of each split, for a plan; all rows are tokenised only where a sample has no label."""
    notes = []
    for name, split in splits.items():
        chosen = range(0, len(split), max(1, len(split) // SAMPLE))
        counts = _encoded(split.take(chosen), tokenizer, settings).counted()
        if not counts.any() and not _encoded(split, tokenizer, settings).counted().any():
            raise _none_counts(name, settings)
        if empty := int(np.sum(counts == 0)):
            sample = "" if len(counts) == len(split) else "a sample of "
            notes.append(f"{name}: {empty:,} of {sample}{len(counts):,} rows {_reason(settings)}")
    return notes


def _encoded(split: Split, tokenizer: Any, settings: Settings) -> EncodedTexts:
    return EncodedTexts(split, tokenizer, settings.train.max_length, train_on=settings.data.train_on)


def _reason(settings: Settings) -> str:
    return f"have no token that counts: their prompts fill train.max_length {settings.train.max_length}"


def _none_counts(name: str, settings: Settings) -> DataError:
    return DataError(
        f"no token of the {name} rows counts: their prompts fill train.max_length {settings.train.max_length}. "
        "Raise it, or let prompts count too with data.train_on: all"
    )
