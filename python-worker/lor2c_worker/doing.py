"""What takes long before an answer, such as a download, told to whoever waits for the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

#: As `doing` in the protocol.
What = Literal["config", "rows", "tokens", "weights", "download", "hub", "convert", "unpack", "upload", "wait"]

_listener: Callable[[What, str], None] | None = None
_within: list[tuple[What, str]] = []


@contextmanager
def telling(listener: Callable[[What, str], None]) -> Iterator[None]:
    """`listener` hears of everything that is done within."""
    global _listener
    _listener = listener
    try:
        yield
    finally:
        _listener = None
        _within.clear()


@contextmanager
def doing(what: What, of: str) -> Iterator[None]:
    """Wraps what may take more than a moment. Once it is over, what it was a part of is told again."""
    _within.append((what, of))
    _tell()
    try:
        yield
    finally:
        if _within:
            _within.pop()
        _tell()


def _tell() -> None:
    if _listener is not None and _within:
        _listener(*_within[-1])
