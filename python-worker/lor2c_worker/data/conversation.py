"""Conversations: checked when they are read, written as a model's own chat template writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..settings import SettingsError
from .cells import shown, text_of
from .task import DataError

Message = Mapping[str, str]
#: Roles that chat templates know. What the last one writes is what a model learns.
ROLES, LEARNT = ("system", "user", "assistant", "tool"), "assistant"


def messages_of(value: Any, column: str, where: str) -> list[dict[str, str]]:
    """The messages of a cell: a list of objects with role and content, or a text with such a list in JSON.

    Raises DataError for anything else, and for a conversation without an answer.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise DataError(f"{where}: {column!r} is no list of messages: {shown(value)}") from None
    if not isinstance(value, (list, tuple)) or not value:
        raise DataError(f"{where}: {column!r} is no list of messages: {shown(value)}")
    found = [_message(each, f"{where}: message {number}") for number, each in enumerate(value, start=1)]
    if all(message["role"] != LEARNT for message in found):
        raise DataError(f"{where}: {column!r} has no message of the role {LEARNT}, so that there is nothing to learn")
    return found


def _message(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not {"role", "content"} <= value.keys():
        raise DataError(f"{where} is no object with role and content: {shown(value)}")
    if value["role"] not in ROLES:
        raise DataError(f"{where} has the role {shown(value['role'])}; known are {', '.join(ROLES)}")
    for key in ("tool_calls", "function_call"):
        if value.get(key):
            raise DataError(
                f"{where} has {key}, of which nothing would be learnt: write the call as the message's content, or "
                "leave the row out"
            )
    return {"role": value["role"], "content": text_of(value["content"], "content", where)}


def stored(messages: Sequence[Message]) -> str:
    """The form in which a split keeps a conversation."""
    return json.dumps(list(messages), ensure_ascii=False)


def rendered(text: str, tokenizer: Any, where: str, *, spans: bool = True) -> tuple[str, list[tuple[int, int]]]:
    """(a stored conversation as the tokenizer's template writes it, begin and end of each answer in it, if `spans`).

    An answer begins where the template asks for one, and ends with what it writes after it. Raises DataError that names
    the row when the template refuses it.
    """
    messages: list[dict[str, str]] = json.loads(text)

    def write(count: int, *, asks: bool = False) -> str:
        return str(tokenizer.apply_chat_template(messages[:count], tokenize=False, add_generation_prompt=asks))

    try:
        whole = write(len(messages))
        if not whole:
            raise DataError(f"{where}: the tokenizer's chat template writes nothing of the conversation")
        found = []
        for place, message in enumerate(messages):
            if spans and message["role"] == LEARNT:
                before, after = write(place, asks=True) if place else "", write(place + 1)
                _check_place(before, after, whole, f"{where}: the tokenizer's chat template", place + 1)
                found.append((len(before), len(after)))
    except DataError:
        raise
    except Exception as error:  # a template raises whatever its author chose
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(f"{where}: the tokenizer's chat template refuses the conversation: {first}") from error
    return whole, found


def _check_place(before: str, after: str, whole: str, template: str, number: int) -> None:
    """Raises DataError unless the text up to an answer, that with it, and the whole begin alike."""
    how = None
    if not whole.startswith(after):
        how = f"writes message {number} differently when others follow it"
    elif not after.startswith(before):
        how = f"begins message {number} in another way than it asks for an answer"
    if how is not None:
        raise DataError(f"{template} {how}, so that its place in the conversation is unknown: use data.train_on: all")


def check_chat(tokenizer: Any) -> None:
    """Raises SettingsError when the tokenizer has no chat template."""
    if not getattr(tokenizer, "chat_template", None):
        raise SettingsError(
            "the model's tokenizer has no chat template, which conversations need: name an instruction-tuned model, or "
            "give rows with prompt and response and data.template: alpaca"
        )
