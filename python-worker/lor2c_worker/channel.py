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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from . import messages
from .lifeline import Deadline


def claim_stdout() -> BinaryIO:
    """Copy fd 1 for the protocol and point fd 1 itself at stderr, so that stray prints get into the log.

    Returns a buffered binary writer on the copy, which child processes do not inherit.
    """
    kept = os.dup(1)
    os.set_inheritable(kept, False)
    sys.stdout.flush()
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(kept, "wb")


def finite(value: float | None) -> float | None:
    """`value`, or None for NaN and infinity, which have no JSON form."""
    return value if value is not None and math.isfinite(value) else None


def split_finite(values: Mapping[str, float]) -> tuple[dict[str, float | None], list[str]]:
    """`values` with None for NaN and infinity, and the names of those values."""
    wire = {name: finite(value) for name, value in values.items()}
    return wire, [name for name, value in wire.items() if value is None]


def to_line(value: Any) -> bytes:
    """One line of JSON in UTF-8. Text of data may contain half a surrogate pair, which has no UTF-8 form; it becomes
    the replacement character. Raises ValueError for NaN and infinity."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


@dataclass(frozen=True)
class NoCommand:
    """A line that is no command. `request`: the id in it, if any; the runner waits for the `done` of that request."""

    problem: str
    request: str | None


class Channel:
    """Thread-safe sender of events, and a reader thread that fills a queue of commands.

    A `stop` of everything sets `stop_requested`, and so does the end of stdin (the runner has ended). The training loop
    reads it at each step, and also `stopping`, the cells that stop while the others go on. After the end of stdin
    `next_command` returns None, and the `deadline` runs.
    """

    def __init__(self, out: BinaryIO, source: BinaryIO, deadline: Deadline | None = None) -> None:
        self._out = out
        self._source = source
        self._deadline = deadline
        self._stopping: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._seq = 0
        self._commands: queue.Queue[messages.Command | NoCommand | None] = queue.Queue()
        self.stop_requested = threading.Event()
        self.closed = threading.Event()
        self._reader = threading.Thread(target=self._read, name="stdin", daemon=True)

    def start(self) -> None:
        self._reader.start()

    def _read(self) -> None:
        try:
            for line in iter(self._source.readline, b""):
                if line.strip():
                    self._take(line)
        except OSError as error:
            print(f"stdin cannot be read: {error}", file=sys.stderr)
        finally:  # whatever ended the reader: a worker that can't be told anything would stay for ever
            self.closed.set()
            self.stop_requested.set()
            if self._deadline is not None:
                self._deadline.start()
            self._commands.put(None)

    def _take(self, line: bytes) -> None:
        value: Any = None
        try:
            value = json.loads(line)
            command = messages.decode_command(value)
        except Exception as error:  # any: the reader must outlive every line, or nothing can stop this worker
            request = value.get("request") if isinstance(value, dict) else None
            shown = "a line with a token" if b"token" in line.lower() else repr(line[:120])  # it gets into the log
            self._commands.put(NoCommand(f"{error} in {shown}", request if isinstance(request, str) else None))
            return
        if isinstance(command, messages.Stop):
            self._stop(command.cells)
        else:
            self._commands.put(command)

    def _stop(self, cells: list[str] | None) -> None:
        if cells is None:
            self.stop_requested.set()
        else:
            with self._lock:
                self._stopping |= frozenset(cells)

    def forget_stops(self, cells: Iterable[str]) -> None:
        """These cells are over: a later command may train them anew."""
        with self._lock:
            self._stopping -= frozenset(cells)

    @property
    def stopping(self) -> frozenset[str]:
        """Cells that were asked to stop while the others go on."""
        return self._stopping

    def next_command(self) -> messages.Command | NoCommand | None:
        """Wait for the next command, or line that is none. Returns None at the end of stdin."""
        return self._commands.get()

    def send(self, event_type: type[Any], **fields: Any) -> None:
        """Send one event. `seq` is added under the lock, so that numbers and lines have the same order."""
        with self._lock:
            line = to_line(messages.encode(event_type(seq=self._seq + 1, **fields)))
            self._seq += 1  # only now: an event that is no JSON must leave no gap, which the runner takes for a loss
            self._write(line)

    def send_counted(self, event_type: type[Any], **fields: Any) -> None:
        """Send an event with the number of all events so far, itself included."""
        with self._lock:
            number = self._seq + 1
            line = to_line(messages.encode(event_type(seq=number, events=number, **fields)))
            self._seq = number
            self._write(line)

    def _write(self, line: bytes) -> None:
        try:
            self._out.write(line)
            self._out.flush()
        except BrokenPipeError:
            # The runner has ended and no outcome can be read any more: stop after the current step.
            self.closed.set()
            self.stop_requested.set()

    def log(self, level: str, message: str, cells: list[str] | None = None) -> None:
        self.send(messages.Log, cells=cells or [], level=level, message=message)


class Throttle:
    """`ready` is true at most once per `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = -math.inf

    def ready(self) -> bool:
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
