"""Runs programs that a model wrote: each in a process of its own that can reach nothing and lasts a few seconds.

Linux only: namespaces take away files, network and other processes, a system call filter takes away new processes and
sockets, limits take away memory and time. Where any of it is not to be had, nothing runs, and `refusal` says why.
docs/evaluation.md says what the fence does and what it does not do.
"""

from __future__ import annotations

import json
import os
import platform
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...errors import PlainError
from .syscalls import MACHINES

#: Seconds for what comes before the program starts and after it is killed, on a machine that is busy.
_AROUND = 60.0
#: Characters of what a program says that are kept.
_DETAIL = 200
#: The folder from which the launcher's interpreter imports this package, and nothing else of it.
_ROOT = Path(__file__).parents[3]
_LAUNCH = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from {__package__}.launcher import main; main()"
#: What an interpreter may need to start; the program itself sees no variable.
_VARIABLES = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}

#: Tries all walls from inside. Each line must fail or hold; a program that passes has been behind them.
_PROBE = """
import os, socket
def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise AssertionError(f"{action.__name__} is allowed inside of the fence")
with open("/tmp/file", "w") as file:
    file.write("own folder")
refused(open, "/file", "w")
refused(os.listdir, "/proc")
refused(open, SEEN_OUTSIDE)
refused(os.fork)
refused(os.execv, "/usr/bin/env", ["env"])
refused(socket.socket)
assert os.getpid() == 1 and os.getppid() == 0, "other processes are visible inside of the fence"
"""


class FenceError(PlainError):
    """Programs can't be fenced here, or the fence itself failed. No program's fault."""


@dataclass(frozen=True)
class Ran:
    """What became of a program."""

    passed: bool
    timed_out: bool
    #: The exception that ended it, or how it was ended; its own words where it has any, made printable.
    detail: str


@cache
def refusal() -> str | None:
    """Why no program can be fenced on this machine; None where the walls hold. Tried once in a process."""
    if sys.platform != "linux":
        return f"programs are fenced by namespaces and system call filters of Linux, and this is {sys.platform}"
    if platform.machine() not in MACHINES:
        return f"the filter of system calls is known for {', '.join(MACHINES)}, and this is {platform.machine()}"
    with tempfile.NamedTemporaryFile(prefix="lor2c-fence-") as outside:
        try:
            tried = run(f"SEEN_OUTSIDE = {outside.name!r}\n{_PROBE}", seconds=30)
        except FenceError as error:
            return str(error)
    return None if tried.passed else f"the fence does not hold here: {tried.detail}"


def run(program: str, seconds: float = 3.0) -> Ran:
    """Run the text of a Python program, which passes when it ends without any exception within `seconds`.

    It sees the standard library and an empty folder of its own, which go with it. May be called from several threads.
    Raises FenceError where the fence can't be set up.
    """
    with tempfile.TemporaryDirectory(prefix="lor2c-fence-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_VARIABLES,
            start_new_session=True,
        )
        try:
            said = _talk(process, json.dumps({"program": program, "seconds": seconds}), seconds + _AROUND)
        finally:
            _end(process)
    return _ran(said)


def _talk(process: subprocess.Popen[bytes], request: str, seconds: float) -> bytes:
    """Send the request and read all of the answer. The launcher's input stays open: its end would mean that we died."""
    assert process.stdin is not None
    assert process.stdout is not None
    deadline, said = time.monotonic() + seconds, b""
    with suppress(OSError):  # it ended before it read all; what it says tells why
        process.stdin.write(request.encode() + b"\n")
        process.stdin.flush()
    while (left := deadline - time.monotonic()) > 0:
        if select.select([process.stdout], [], [], left)[0]:
            more = os.read(process.stdout.fileno(), 65536)
            if not more:
                return said
            said += more
    raise FenceError(f"a fenced program was not ended within {seconds:.0f} s; its processes were killed")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the launcher, with which the program dies too, and leave nothing open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):  # a request that was never read
            if pipe is not None:
                pipe.close()


def _ran(said: bytes) -> Ran:
    lines = said.decode(errors="replace").strip().splitlines() or ["the launcher said nothing"]
    try:
        answer: Any = json.loads(lines[-1])
    except ValueError:
        raise FenceError(f"the fence could not be set up: {_shown(lines[-1])}") from None
    if "refused" in answer:
        raise FenceError(f"programs can't be fenced here: {answer['refused']}")
    return Ran(bool(answer["passed"]), bool(answer["timed_out"]), _shown(answer["detail"]))


def _shown(text: str) -> str:
    """On one line, without control characters, and not too long."""
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return printable if len(printable) <= _DETAIL else f"{printable[: _DETAIL - 3]}..."
