"""Whether any tokens of texts count, and how many rows have none: long prompts fill them, or responses are empty."""

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
            _check_some(name, rows, settings)
            notes += _notes(name, rows, settings)
    return notes


def sampled_label_notes(splits: Mapping[str, Split], tokenizer: Any, settings: Settings) -> list[str]:
    """The same of a sample of each split, for a plan; all rows are tokenised only where a sample has no label."""
    notes = []
    for name, split in splits.items():
        chosen = range(0, len(split), max(1, len(split) // SAMPLE))
        sample = _encoded(split.take(chosen), tokenizer, settings)
        if not sample.counted().any():
            _check_some(name, _encoded(split, tokenizer, settings), settings)
        notes += _notes(name, sample, settings, "" if len(sample) == len(split) else "a sample of ")
    return notes


def _encoded(split: Split, tokenizer: Any, settings: Settings) -> EncodedTexts:
    return EncodedTexts(split, tokenizer, settings.train.max_length, train_on=settings.data.train_on)


def _notes(name: str, rows: EncodedTexts, settings: Settings, sample: str = "") -> list[str]:
    cut, empty = _without(rows, settings)
    return [
        f"{name}: {count:,} of {sample}{len(rows):,} rows have no token that counts: {why}"
        for count, why in ((cut, _filled(settings)), (empty, _empty(settings)))
        if count
    ]


def _check_some(name: str, rows: EncodedTexts, settings: Settings) -> None:
    """Raises DataError when no token counts."""
    if rows.counted().any():
        return
    cut, _ = _without(rows, settings)
    why, advice = _empty(settings), "`lor2c data SPEC` shows them"
    if cut:
        why, advice = _filled(settings), "Raise it, or let prompts count too with data.train_on: all"
    raise DataError(f"no token of the {name} rows counts: {why}. {advice}")


def _without(rows: EncodedTexts, settings: Settings) -> tuple[int, int]:
    """How many rows without any token that counts were cut, and how many were not."""
    found = np.flatnonzero(rows.counted() == 0)
    cut = sum(tokens >= settings.train.max_length for tokens in rows.tokens_of(found))
    return cut, len(found) - cut


def _filled(settings: Settings) -> str:
    return f"their prompts fill train.max_length {settings.train.max_length}"


def _empty(settings: Settings) -> str:
    return "their responses are empty" if settings.data.train_on == "response" else "they have no second token"
