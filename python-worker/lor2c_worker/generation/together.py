"""Texts that a decoder continues together, token by token. Those that are finished leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch

from ..backbones.decoder import Cache, Decoder
from .rules import Rules
from .tokens import token_batch

End = Literal["eos", "length", "stop"]


@dataclass(frozen=True)
class Prompt:
    """A text to continue. `id` is unique among those of one evaluation, and keys what is drawn for it."""

    id: str
    ids: tuple[int, ...]
    max_new_tokens: int
    #: Whether the new tokens end the text, asked after each; None: only an end-of-text token or the length does.
    stops: Callable[[list[int]], bool] | None = None

    @property
    def most(self) -> int:
        """Tokens that it can have in the end."""
        return len(self.ids) + self.max_new_tokens


@dataclass
class Growing:
    """A text so far; `end` is set when it is complete. An end-of-text token is the last of `new`."""

    prompt: Prompt
    new: list[int] = field(default_factory=list)
    end: End | None = None

    @property
    def id(self) -> str:
        return self.prompt.id

    @property
    def seen(self) -> list[int]:
        return [*self.prompt.ids, *self.new]

    @property
    def count(self) -> int:
        return len(self.new)

    def add(self, token: int, eos: frozenset[int]) -> None:
        self.new.append(token)
        if token in eos:
            self.end = "eos"
        elif self.prompt.stops is not None and self.prompt.stops(self.new):
            self.end = "stop"
        elif len(self.new) >= self.prompt.max_new_tokens:
            self.end = "length"


@dataclass(frozen=True)
class Beginning:
    """What several prompts begin with: one row of a cache that has seen the first `length` tokens of each."""

    cache: Cache
    length: int

    @staticmethod
    def of(decoder: Decoder, ids: Sequence[int], device: torch.device) -> Beginning:
        cache = decoder.new_cache(1)
        decoder.next_logits(token_batch([ids], device), cache)
        return Beginning(cache, len(ids))


def continue_together(
    decoder: Decoder,
    prompts: Sequence[Prompt],
    rules: Rules,
    device: torch.device,
    beginning: Beginning | None = None,
) -> Iterator[list[Growing]]:
    """After each token of all: the texts that got one. The last list is that in which the last text ends.

    `beginning`: each prompt has more tokens than it, and begins with them.
    """
    going = [Growing(prompt) for prompt in prompts]
    start = 0 if beginning is None else beginning.length
    cache = decoder.new_cache(len(prompts)) if beginning is None else beginning.cache.copy([0] * len(prompts))
    logits = decoder.next_logits(token_batch([prompt.ids[start:] for prompt in prompts], device), cache)
    while True:
        for text, token in zip(going, rules.choose(logits, going), strict=True):
            text.add(token, rules.eos)
        yield going
        left = [row for row, text in enumerate(going) if text.end is None]
        if not left:
            return
        if len(left) < len(going):
            cache.keep(left)
            going = [going[row] for row in left]
        logits = decoder.next_logits(token_batch([text.new[-1:] for text in going], device), cache)
