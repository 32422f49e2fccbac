"""How far an evaluation is, and how long it will still take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..generation.batches import families
from ..generation.generator import Pace
from ..generation.together import Prompt


@dataclass
class Left:
    """What is to be computed for one benchmark."""

    rows: int
    prompt_tokens: int
    #: Tokens that are computed for each token of the prompts: fewer than 1 where they have common beginnings.
    share: float
    max_new_tokens: int
    #: Of the rows that are done.
    done_rows: int = 0
    done_new_tokens: int = 0

    @staticmethod
    def of(prompts: Sequence[Prompt], max_new_tokens: int) -> Left:
        tokens = sum(len(prompt.ids) for prompt in prompts)
        saved = sum(family.shared * (len(family.rows) - 1) for family in families(prompts))
        return Left(len(prompts), tokens, 1 - saved / max(1, tokens), max_new_tokens)

    def finish(self, prompt_tokens: int, new_tokens: int) -> None:
        """One row is done."""
        self.rows -= 1
        self.prompt_tokens -= prompt_tokens
        self.done_rows += 1
        self.done_new_tokens += new_tokens

    @property
    def new_tokens(self) -> float:
        """Expected: as many a row as so far."""
        return self.rows * (self.done_new_tokens / self.done_rows if self.done_rows else self.max_new_tokens)


def seconds_left(pace: Pace, left: Sequence[Left]) -> float | None:
    """Of all benchmarks; None before anything is computed."""
    return pace.seconds(sum(one.prompt_tokens * one.share for one in left), sum(one.new_tokens for one in left))
