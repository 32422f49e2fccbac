"""Answers to `examine` and `survey`: what rows a run would train on, and what an unknown table has in it."""

from __future__ import annotations

from .columns import survey
from .examine import examine

__all__ = ["examine", "survey"]
