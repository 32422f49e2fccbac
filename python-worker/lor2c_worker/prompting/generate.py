"""Continues one text and tells it as it grows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

from .. import messages
from ..data.prompt_template import check_template, written
from ..generation.pieces import Pieces
from ..generation.rules import Rules, ends_of
from ..generation.together import Prompt, continue_together
from ..models import generation_config
from ..settings import SettingsError
from .subject import Speaker, Subject

Reason = Literal["stop", "length", "stopped"]


def generate(command: messages.Generate, send: Callable[..., None], stopped: Callable[[], bool]) -> None:
    """Send `generated` piece by piece; the last one says why the text ends. Raises SettingsError."""
    subject = Subject.of(command.folder, command.settings)
    ids = prompt_ids(subject.tokenizer(), command.prompt, command.template)
    rules = _rules(subject, command)
    speaker = subject.load()
    most = _most(speaker, len(ids), command.max_new_tokens)

    def tell(text: str, end: messages.GeneratedEnd | None = None) -> None:
        if text or end:
            send(messages.Generated, request=command.request, text=text, end=end)

    began, pieces, count = time.perf_counter(), Pieces(speaker.tokenizer), 0
    reason: Reason = "stopped"
    with speaker.computing():
        for [text] in continue_together(speaker.decoder, [Prompt("prompt", ids, most)], rules, speaker.device):
            count = len(text.new)
            if text.end is not None:
                reason = "length" if text.end == "length" else "stop"
            piece = "" if text.end == "eos" else pieces.add(text.new[-1])
            if text.end is None and stopped():
                tell(piece)
                break
            tell(piece)
    seconds = time.perf_counter() - began
    end = messages.GeneratedEnd(reason=reason, prompt_tokens=len(ids), new_tokens=count, seconds=seconds)
    tell(pieces.rest(), end)


def prompt_ids(tokenizer: Any, prompt: str, template: str) -> tuple[int, ...]:
    """The prompt as tokens, within its template, whose place for an input stays empty.

    Raises SettingsError for a text that is no template, and when there is no token to begin with.
    """
    check_template(template)
    if template == "chat":
        if not tokenizer.chat_template:
            raise SettingsError(
                "the model's tokenizer has no chat template, so the model was not made for a chat: leave out --chat"
            )
        turns = [{"role": "user", "content": prompt}]
        # As text first: the template has the special tokens that the tokenizer would otherwise add once more.
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    else:
        ids = tokenizer(written(template, prompt, ""))["input_ids"]
    if not ids:
        raise SettingsError("the prompt has no tokens, and the tokenizer adds none: give at least one character")
    return tuple(ids)


def _rules(subject: Subject, command: messages.Generate) -> Rules:
    """The ends are the model's; the rest is what the command says."""
    ends = ends_of(generation_config(subject.settings.model)[0])
    if command.temperature == 0:
        return Rules(ends)
    top_p = 1.0 if command.top_p is None else command.top_p
    if not 0 < top_p <= 1:
        raise SettingsError(f"top_p {top_p:g}: give a share above 0 and up to 1")
    return Rules(ends, temperature=command.temperature, top_p=top_p, seed=command.seed)


def _most(speaker: Speaker, tokens: int, wanted: int) -> int:
    """New tokens within the positions that the model was made for."""
    if speaker.positions is None or tokens + wanted <= speaker.positions:
        return wanted
    if tokens >= speaker.positions:
        raise SettingsError(
            f"the prompt has {tokens:,} tokens, and the model was made for {speaker.positions:,} in all: shorten it"
        )
    return speaker.positions - tokens
