"""Continues any number of prompts in batches that fit into memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from ..backbones.decoder import Decoder
from ..device import is_out_of_memory
from .batches import Family, Room, batches, families
from .rules import Rules
from .together import Beginning, Growing, Prompt, continue_together


@dataclass
class Pace:
    """What was computed so far, and how long it took."""

    prompt_tokens: int = 0
    prompt_seconds: float = 0.0
    new_tokens: int = 0
    new_seconds: float = 0.0

    def seconds(self, prompt_tokens: float, new_tokens: float) -> float | None:
        """How long so many more will take; None before anything is known."""
        if self.prompt_tokens == 0:
            return None
        later = self.new_seconds / self.new_tokens * new_tokens if self.new_tokens else 0.0
        return self.prompt_seconds / self.prompt_tokens * prompt_tokens + later


def _nothing() -> None:
    """Goes on."""


@dataclass
class Generator:
    """`room` is that of one batch; it becomes smaller when memory runs out. `after_token` is called after each token of
    a batch, and may raise to stop."""

    decoder: Decoder
    rules: Rules
    device: torch.device
    room: Room
    after_token: Callable[[], None] = _nothing
    pace: Pace = field(default_factory=Pace)

    def generate(self, prompts: Sequence[Prompt]) -> Iterator[list[Growing]]:
        """Every prompt's text, batch by batch, in an order of its own; a text does not depend on its batch.

        Raises the device's error when memory does not even suffice for a single row, and ValueError for a prompt
        without tokens.
        """
        for prompt in prompts:
            if not prompt.ids or prompt.max_new_tokens < 1:
                raise ValueError(f"{prompt.id}: a prompt has at least one token, and at least one is to come")
        for family in families(prompts, self.decoder.shares_within):
            beginning = self._begin(family)
            for rows in batches(family.rows, lambda: self.room):
                yield from self._fitting(rows, beginning)

    def _begin(self, family: Family[Prompt]) -> Beginning | None:
        if family.shared == 0:
            return None
        began = time.perf_counter()
        beginning = Beginning.of(self.decoder, family.rows[0].ids[: family.shared], self.device)
        self._count_prompts(family.shared, began)
        return beginning

    def _fitting(self, rows: list[Prompt], beginning: Beginning | None) -> Iterator[list[Growing]]:
        """The texts of `rows`, at once or in halves."""
        try:
            texts = self._together(rows, beginning)
        except Exception as error:
            if len(rows) == 1 or not is_out_of_memory(error):
                raise
            texts = None
        if texts is not None:
            yield texts
            return
        self.room = Room(sum(row.most for row in rows), len(rows)).half()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        middle = (len(rows) + 1) // 2
        for half in rows[:middle], rows[middle:]:
            yield from self._fitting(half, beginning)

    def _together(self, rows: list[Prompt], beginning: Beginning | None) -> list[Growing]:
        began, first = time.perf_counter(), True
        texts: list[Growing] = []
        for going in continue_together(self.decoder, rows, self.rules, self.device, beginning):
            if first:
                texts, first = going, False
                shared = 0 if beginning is None else beginning.length
                began = self._count_prompts(sum(len(row.ids) - shared for row in rows), began)
            else:
                self.pace.new_tokens += len(going)
            self.after_token()
        self.pace.new_seconds += time.perf_counter() - began
        return texts

    def _count_prompts(self, tokens: int, began: float) -> float:
        now = time.perf_counter()
        self.pace.prompt_tokens += tokens
        self.pace.prompt_seconds += now - began
        return now
