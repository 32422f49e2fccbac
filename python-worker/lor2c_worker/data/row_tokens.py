"""Estimated tokens of rows, from their words: on a large task a tokenizer would take too long for a forecast."""

from __future__ import annotations

import re

from .task import Split

#: An average is taken over about so many rows, spread evenly over the split.
SAMPLE = 2000
#: Tokens per word; and bytes per token where words are long or no spaces separate them.
PER_WORD, BYTES = 1.1, 5
#: Special tokens of a segment: [CLS] and [SEP]; of a second one [SEP], which some models write twice.
SPECIAL = 2

_WORD = re.compile(r"\w+|[^\w\s]")


def mean_tokens(split: Split, max_length: int) -> float:
    """Mean tokens of a row, cut to `max_length`."""
    rows = range(0, len(split), max(1, len(split) // SAMPLE))
    return sum(min(max_length, _tokens(split, row)) for row in rows) / max(1, len(rows))


def longest_tokens(split: Split, max_length: int) -> int:
    """Tokens of the row with the most characters, cut to `max_length`."""
    lengths = map(len, split.text) if split.pair is None else map(_characters, split.text, split.pair)
    longest = max(enumerate(lengths), key=lambda row: row[1], default=None)
    return 0 if longest is None else round(min(max_length, _tokens(split, longest[0])))


def _characters(text: str, pair: str) -> int:
    return len(text) + len(pair)


def _segments(split: Split, row: int) -> tuple[str, ...]:
    return (split.text[row],) if split.pair is None else (split.text[row], split.pair[row])


def _tokens(split: Split, row: int) -> float:
    return sum(
        SPECIAL + max(PER_WORD * len(_WORD.findall(text)), len(text.encode(errors="replace")) / BYTES)
        for text in _segments(split, row)
    )
