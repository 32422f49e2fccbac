"""What a trial has running, found by the variables that its processes inherit."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from place import MARK

#: What the runner gives every worker, and a worker all that it starts.
WORKER = b"LOR2C_WORKER_ID="


def environments(mark: str) -> dict[int, bytes]:
    """Process id and environment of everything that was started with this mark and is not a zombie."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if f"{MARK}={mark}".encode() in environment:
            found[int(folder.name)] = environment
    return found


def workers(mark: str) -> list[int]:
    return [pid for pid, environment in environments(mark).items() if WORKER in environment]


def send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def left_after(mark: str, seconds: float = 5) -> list[str]:
    """Command lines of what still runs after so long; it is killed."""
    end = time.monotonic() + seconds
    while (left := list(environments(mark))) and time.monotonic() < end:
        time.sleep(0.1)
    lines = []
    for pid in left:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        lines.append(f"process {pid} is left: {words}")
    send(left, signal.SIGKILL)
    return lines
