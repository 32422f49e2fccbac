"""Prompts within the input limit: shots go from the end until the prompt fits, and nothing is ever cut."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from . import leak
from .example import Example, TaskRows

#: Most tokens of a prompt, those that the tokenizer adds itself included.
INPUT_LIMIT = 2048
#: The same for models whose path has "65b" in it, which the published code cuts shorter to fit its memory.
SHORT_INPUT_LIMIT = 1024

#: Texts -> the token ids of each, with what the tokenizer itself puts around them.
Encode = Callable[[list[str]], Sequence[Sequence[int]]]

#: Prompts that are encoded at once.
_CHUNK = 512


@dataclass(frozen=True)
class Row:
    """One row as the model is asked it."""

    id: str
    task: str
    #: Counted from 0 in its file.
    row: int
    prompt: str
    #: Token ids of the prompt, [T] int32. More than the limit only where the row alone is too long.
    ids: array[int]
    #: What a right output begins with; None where a program's run decides.
    gold: str | None
    #: Shots that are left in the prompt.
    shots: int


def input_limit(model: str) -> int:
    """The protocol's limit for a model, which it takes from the name: 1,024 tokens for 65B models, else 2,048."""
    return SHORT_INPUT_LIMIT if "65b" in model else INPUT_LIMIT


def encoder(tokenizer: Any) -> Encode:
    """`Encode` of a Hugging Face tokenizer."""

    def encode(texts: list[str]) -> Sequence[Sequence[int]]:
        ids: Sequence[Sequence[int]] = tokenizer(texts, return_attention_mask=False, verbose=False)["input_ids"]
        return ids

    return encode


def fitted(rows: Sequence[tuple[TaskRows, Example]], encode: Encode, limit: int) -> list[Row]:
    """The prompts of rows, in their order. Raises DataError for a row that occurs in its own prompt."""
    return [
        row for begin in range(0, len(rows), _CHUNK) for row in _fitted(rows[begin : begin + _CHUNK], encode, limit)
    ]


def _fitted(rows: Sequence[tuple[TaskRows, Example]], encode: Encode, limit: int) -> Iterator[Row]:
    shots = [len(task.shots) for task, _ in rows]
    prompts = [""] * len(rows)
    ids: list[Sequence[int]] = [()] * len(rows)
    asked = list(range(len(rows)))
    while asked:
        for i in asked:
            prompts[i] = rows[i][0].prompt(rows[i][1], shots[i])
        for i, found in zip(asked, encode([prompts[i] for i in asked]), strict=True):
            ids[i] = found
        asked = [i for i in asked if len(ids[i]) > limit and shots[i]]
        for i in asked:
            shots[i] -= 1
    for i, (_, row) in enumerate(rows):
        leak.check(row, prompts[i])
        yield Row(row.id, row.task, row.row, prompts[i], array("i", ids[i]), row.gold, shots[i])
