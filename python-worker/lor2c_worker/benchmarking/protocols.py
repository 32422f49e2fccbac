"""The protocols by name: one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..prompting.subject import Subject
from . import harness, instruct
from .asked import Asked, Evaluation

_ASK: dict[str, Callable[[Subject, Evaluation, str, Any], Asked]] = {
    "instructeval": instruct.ask,
    "lm-eval": harness.ask,
}


def ask(subject: Subject, evaluation: Evaluation, name: str, tokenizer: Any) -> Asked:
    """The benchmark `name` as the subject is asked it. Raises DataError or SettingsError with what to do."""
    return _ASK[evaluation.protocol](subject, evaluation, name, tokenizer)
