"""Which columns of a table of instructions are prompt, input, response, or a whole conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..settings import SettingsError
from .task import DataError

#: Names that are taken without being asked for, the first one that is there.
OBVIOUS: dict[str, tuple[str, ...]] = {
    "messages": ("messages", "conversation", "conversations"),
    "prompt": ("instruction", "prompt", "question"),
    "input": ("input", "context"),
    "response": ("output", "response", "completion", "answer"),
}


@dataclass(frozen=True)
class InstructColumns:
    """Either `messages`, or `prompt` and `response` with or without `input`."""

    prompt: str = ""
    response: str = ""
    input: str | None = None
    messages: str | None = None

    def used(self, found: Sequence[str]) -> tuple[tuple[str, str | None], ...]:
        """Each of the columns `found` with what it is used as."""
        uses = {
            self.messages: "messages",
            self.input: "input",
            self.prompt: "prompt",
            self.response: "response",
        }
        return tuple((name, uses.get(name)) for name in found)


def instruct_columns(given: Mapping[str, Any] | None, found: Sequence[str], where: str) -> InstructColumns:
    """The columns that the spec names; the obvious ones of `found` for what it does not name.

    Raises SettingsError or DataError that lists the columns and says what to write.
    """
    asked = {key: name for key, name in (given or {}).items() if name is not None and key != "separator"}
    odd = [key for key in asked if key not in OBVIOUS]
    if odd:
        raise SettingsError(
            f"data.columns.{odd[0]}: a task of instructions has the columns {', '.join(OBVIOUS)} and none of that kind"
        )
    here = f"{where} has the columns {', '.join(map(str, found))}"
    for name in asked.values():
        if name not in found:
            raise DataError(f"{here}; there is no {name!r} (data.columns)")
    guessed = {key: next((name for name in names if name in found), None) for key, names in OBVIOUS.items()}
    others = [key for key in asked if key != "messages"]
    if "messages" in asked and others:
        raise SettingsError(
            f"data.columns: messages and {others[0]} exclude each other: a row is a conversation, or a prompt with a "
            "response"
        )
    if not others and (messages := asked.get("messages") or guessed["messages"]):
        return InstructColumns(messages=messages)
    chosen = {**guessed, **asked}
    for key in ("prompt", "response"):
        if chosen[key] is None:
            raise DataError(
                f"{here}: no column with an obvious name for the {key}. Name it with data.columns: {{{key}: ...}}, or "
                "a column of conversations with data.columns: {messages: ...}"
            )
    if chosen["prompt"] == chosen["response"] or chosen["input"] in (chosen["prompt"], chosen["response"]):
        raise DataError(f"{here}: a column is used twice (data.columns)")
    return InstructColumns(chosen["prompt"] or "", chosen["response"] or "", chosen["input"])
