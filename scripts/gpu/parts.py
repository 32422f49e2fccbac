"""Runs parts one after another, each in a process of its own with its own share of the time.

A part that fails, hangs, or leaves the GPU unusable costs only itself: what it has said so far is in the report, which
is written after every word of a part.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

#: Adds to the part's result: (name, value that JSON has). Values of one name replace each other.
Put = Callable[[str, Any], None]


@dataclass(frozen=True)
class Part:
    """`seconds` is its share of the time; `text` says what it is. `module` is imported when parts run, and its function
    `function(small, put)` measures."""

    name: str
    seconds: float
    text: str
    module: str
    function: str

    def load(self) -> Callable[[bool, Put], None]:
        return getattr(importlib.import_module(self.module), self.function)


class Report:
    """The JSON file. It is replaced as a whole, so that a reader never sees half of it."""

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path, self.values = path, head
        self.values["parts"] = {}
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self) -> None:
        temporary = self.path.with_name(self.path.name + ".tmp")
        temporary.write_text(json.dumps(self.values, indent=1) + "\n", encoding="utf-8")
        temporary.replace(self.path)

    def result(self, part: str) -> dict[str, Any]:
        """What a part has found so far; empty if it has not run."""
        return self.values["parts"].get(part, {}).get("result", {})


def run_parts(
    parts: Sequence[Part], report: Report, seconds: float, *, small: bool, start: Literal["fork", "spawn"] = "fork"
) -> None:
    """Run the parts within `seconds` in all. `start`: how their processes start. A fork has this process's imports, and
    can use a GPU only if none of them has opened one; a spawned process imports all again."""
    began = time.monotonic()
    for part in parts:
        part.load()  # here, so that forks need not import it all again
    for part in parts:
        left = seconds - (time.monotonic() - began)
        entry: dict[str, Any] = {"state": "running", "text": part.text, "result": {}}
        report.values["parts"][part.name] = entry
        if left < 1:
            entry["state"] = "no time left"
        else:
            print(f"{part.name}: {part.text}", flush=True)
            _run(part, report, entry, min(part.seconds, left), small, start)
        report.write()


def _run(part: Part, report: Report, entry: dict[str, Any], seconds: float, small: bool, start: str) -> None:
    context: Any = multiprocessing.get_context(start)
    ours, theirs = context.Pipe(duplex=False)
    alive, held = context.Pipe(duplex=False)
    began = time.monotonic()
    process = context.Process(target=_child, args=(part, small, theirs, ours, alive, held))
    process.start()
    theirs.close()
    alive.close()
    try:
        entry["state"] = _listen(ours, report, entry, began + seconds)
    finally:
        _end(process, patience=0 if entry["state"] == "out of time" else 5)
        held.close()
        ours.close()
        entry["seconds"] = round(time.monotonic() - began, 2)
    if entry["state"] != "done":
        said = entry.get("error", "").strip().splitlines()
        print(f"  {entry['state']}{': ' + said[-1] if said else ''}", flush=True)


def _listen(ours: Connection, report: Report, entry: dict[str, Any], until: float) -> str:
    while True:
        left = until - time.monotonic()
        if left <= 0 or not ours.poll(left):
            return "out of time"
        try:
            kind, name, value = ours.recv()
        except EOFError:
            entry["error"] = "the process ended without a word"
            return "failed"
        if kind == "put":
            entry["result"][name] = value
            report.write()
        elif kind == "failed":
            entry["error"] = value
            return "failed"
        else:
            return "done"


def _child(part: Part, small: bool, send: Connection, *others: Connection) -> None:
    ours, alive, held = others
    os.setsid()
    ours.close()
    held.close()
    threading.Thread(target=_die_with_parent, args=(alive,), daemon=True).start()
    try:
        part.load()(small, lambda name, value: send.send(("put", name, value)))
        send.send(("done", "", None))
    except BaseException:
        send.send(("failed", "", traceback.format_exc()))
    sys.stdout.flush()


def _die_with_parent(alive: Connection) -> None:
    """The parent never writes; its end closes when it dies."""
    alive.poll(None)
    os.killpg(0, signal.SIGKILL)


def _end(process: multiprocessing.process.BaseProcess, patience: float) -> None:
    """Let a part exit for some seconds; then end it, and all that it started."""
    process.join(patience)
    if process.pid is not None and process.is_alive():
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.kill()
    process.join()
