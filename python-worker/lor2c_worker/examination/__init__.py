"""Answers to `examine`: the rows that a run would train on and be scored on, before anything trains."""

from __future__ import annotations

from .examine import examine

__all__ = ["examine"]
