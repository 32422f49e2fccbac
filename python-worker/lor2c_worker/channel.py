"""The worker's end of the protocol: commands in on stdin, events out on what was file descriptor 1.

Standard library only. `claim_stdout` must run before anything heavy is imported: a library that prints, or a child
process that inherits fd 1, would otherwise write into the middle of an event.
"""

from __future__ import annotations

import json
import math
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, BinaryIO

from . import messages


def claim_stdout() -> BinaryIO:
    """Keep fd 1 for the protocol and point fd 1 at stderr, so that stray prints land in the log.

    Returns a buffered binary writer on the kept descriptor (not inherited by child processes).
    """
    kept = os.dup(1)
    os.set_inheritable(kept, False)
    sys.stdout.flush()
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(kept, "wb")


def finite(value: float | None) -> float | None:
    """NaN and infinity have no JSON form: they travel as null."""
    return value if value is not None and math.isfinite(value) else None


def split_finite(values: Mapping[str, float]) -> tuple[dict[str, float | None], list[str]]:
    """Values fit for the wire, and the names of those that were NaN or infinite."""
    wire = {name: finite(value) for name, value in values.items()}
    return wire, [name for name, value in wire.items() if value is None]


class Channel:
    """Thread-safe sender of events, and a reader thread that fills a queue of commands.

    `stop_requested` is set by a `stop` command and by the end of stdin (the runner is gone); the training loop looks
    at it after each step. After the end of stdin `next_command` returns None.
    """

    def __init__(self, out: BinaryIO, source: BinaryIO) -> None:
        self._out = out
        self._source = source
        self._lock = threading.Lock()
        self._seq = 0
        self._commands: queue.Queue[messages.Command | messages.DecodeError | None] = queue.Queue()
        self.stop_requested = threading.Event()
        self.closed = threading.Event()
        self._reader = threading.Thread(target=self._read, name="stdin", daemon=True)

    def start(self) -> None:
        self._reader.start()

    def _read(self) -> None:
        for line in iter(self._source.readline, b""):
            if not line.strip():
                continue
            try:
                command = messages.decode_command(json.loads(line))
            except (ValueError, messages.DecodeError) as error:
                self._commands.put(messages.DecodeError(f"{error} in {line[:120]!r}"))
                continue
            if isinstance(command, messages.Stop):
                self.stop_requested.set()
            else:
                self._commands.put(command)
        self.closed.set()
        self.stop_requested.set()
        self._commands.put(None)

    def next_command(self) -> messages.Command | messages.DecodeError | None:
        """Block until a command (or a line that is none) arrives; None at the end of stdin."""
        return self._commands.get()

    def send(self, event_type: type[Any], **fields: Any) -> None:
        """Send one event; `seq` is added here, so that numbers and lines have the same order."""
        with self._lock:
            self._seq += 1
            event = messages.encode(event_type(seq=self._seq, **fields))
            line = json.dumps(event, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
            try:
                self._out.write(line.encode() + b"\n")
                self._out.flush()
            except (BrokenPipeError, ValueError):
                # The runner is gone. Nobody can read an outcome any more: stop after the current step.
                self.closed.set()
                self.stop_requested.set()

    def log(self, level: str, message: str, cells: list[str] | None = None) -> None:
        self.send(messages.Log, cells=cells or [], level=level, message=message)


class Throttle:
    """True at most once per `seconds`; for progress, which nobody reads faster than the eye."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = -math.inf

    def ready(self) -> bool:
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
