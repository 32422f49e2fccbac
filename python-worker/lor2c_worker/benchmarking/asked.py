"""A benchmark as a certain model is asked it under a protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .. import messages
from ..evaluation.instructeval.scores import Score
from ..generation.batches import Room
from ..generation.generator import Pace
from ..prompting.subject import Speaker
from .progress import Left
from .samples import Sample

Evaluation = messages.PlanEvaluationEvaluation | messages.EvaluateEvaluation


@dataclass(frozen=True)
class Asking:
    """With what rows are scored. `after_token` may raise to stop."""

    speaker: Speaker
    room: Room
    pace: Pace
    after_token: Callable[[], None]


class Asked(Protocol):
    """One benchmark under one protocol."""

    @property
    def name(self) -> str:
        """Of the benchmark."""

    @property
    def rows(self) -> Sequence[str]:
        """Names of the rows to score, in the benchmark's order."""

    @property
    def data_hash(self) -> str:
        """Names the content of all available rows and shots."""

    @property
    def settings_hash(self) -> str:
        """Names all besides model, adapter and data that can change a verdict."""

    def described(self) -> dict[str, Any]:
        """Fields that both `evaluation_planned` and `evaluated` have."""

    def prompt_tokens(self) -> int:
        """Of all prompts."""

    def left(self, rows: Sequence[str]) -> Left:
        """What scoring these rows takes."""

    def score_rows(self, rows: Sequence[str], asking: Asking) -> Iterator[list[Sample]]:
        """Every one of these rows once, batch by batch, in an order of its own; seconds are not set yet."""

    def score(self, values: Mapping[str, float]) -> Score:
        """From the value of every row, from 0 to 1."""


def hash_of_prompt(prompt: str) -> str:
    return hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()
