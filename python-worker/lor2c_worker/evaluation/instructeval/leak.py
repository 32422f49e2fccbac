"""The check that no scored row occurs in its own prompt, made of every row that is asked."""

from __future__ import annotations

from ...data.task import DataError
from .example import Example


def check(row: Example, prompt: str) -> None:
    """`prompt`: all of it, which ends in the row's own block. Raises DataError with the row's name."""
    if not prompt.endswith(row.question):
        raise DataError(f"{row.id}: its prompt does not end in the row itself")
    before = prompt[: len(prompt) - len(row.question)]
    # Blocks stand after an empty line; the first one of a prompt without a head has none before it.
    if f"\n\n{row.own}" in f"\n\n{before}" or (row.secret and row.secret in prompt):
        raise DataError(f"{row.id} occurs in its own prompt: its answer would be given away, so it can't be scored")
