"""The process between the worker and a fenced program: sets the fence up, waits, and kills. Standard library only.

It reads one line with the request and writes one line with the outcome. It stays outside of the program's namespaces of
processes, so the program can neither see nor stop it, and it dies with the worker.
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import sys
import time
from typing import Any

from . import call_filter, walls
from .program import READY, run

#: Seconds that the set-up may take on a busy machine.
_SET_UP = 30.0
#: Most bytes that are read from a program.
_MOST = 2**16

#: What to do about a refusal, by what failed.
_ADVICE = {
    "unshare": "a container must allow user namespaces; on a machine of your own, see user.max_user_namespaces",
    "mount of": "user namespaces have no rights here; see kernel.apparmor_restrict_unprivileged_userns",
}


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    try:
        outcome = _fenced(request["program"], float(request["seconds"]))
    except OSError as error:
        outcome = {"refused": _reason(error)}
    print(json.dumps(outcome), flush=True)


def _reason(error: OSError) -> str:
    said = error.strerror or str(error)
    advice = next((text for part, text in _ADVICE.items() if part in said), None)
    return f"{said} ({advice})" if advice and error.errno in (errno.EPERM, errno.EACCES, errno.ENOSPC) else said


def _fenced(program: str, seconds: float) -> dict[str, Any]:
    folder, token = os.getcwd(), os.urandom(16).hex()  # noqa: PTH109
    walls.enter_namespaces()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _inside(folder, program, seconds, token, theirs)
    os.close(theirs)
    try:
        return _watched(ours, seconds, token)
    finally:
        # It is process 1 of its namespace: whatever it has started dies with it.
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _inside(folder: str, program: str, seconds: float, token: str, channel: int) -> None:
    """In the child: never returns."""
    try:
        os.setsid()  # so that signals to its own process group don't reach this launcher's
        null = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(null, standard)
        os.closerange(3, channel)
        os.closerange(channel + 1, os.sysconf("SC_OPEN_MAX"))
        walls.build_root(folder)
        walls.limit(seconds)
        walls.drop_privileges()
        call_filter.install()
    except OSError as error:
        os.write(channel, f"{json.dumps({'refused': _reason(error)})}\n".encode())
        os._exit(1)
    run(program, token, channel)


def _watched(channel: int, seconds: float, token: str) -> dict[str, Any]:
    """What the child says until it ends, its time is over, or the worker is gone."""
    said, ready = b"", False
    deadline = time.monotonic() + _SET_UP
    while True:
        left = deadline - time.monotonic()
        readable = select.select([channel, sys.stdin], [], [], max(left, 0))[0] if left > 0 else []
        if sys.stdin in readable:  # its end: nobody waits for the outcome any more
            return {"refused": "the worker ended"}
        if not readable:
            if not ready:
                return {"refused": f"the fence was not set up within {_SET_UP:.0f} s"}
            return {"passed": False, "timed_out": True, "detail": f"timed out after {seconds:g} s"}
        more = os.read(channel, _MOST)
        said += more
        if not ready and said.startswith(READY):
            said, ready, deadline = said.removeprefix(READY), True, time.monotonic() + seconds
        elif not ready and (not more or b"\n" in said):
            return _refused(said)
        line, ended, _ = said.partition(b"\n")
        if ready and (ended or not more or len(said) > _MOST):
            passed = bool(ended) and line == token.encode()
            # Words without the token are the program's own, whatever they claim.
            detail = "passed" if passed else line.decode(errors="replace") or "ended without reaching its end"
            return {"passed": passed, "timed_out": False, "detail": detail}


def _refused(said: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        return {"refused": "the fenced process ended while it was set up"}
    return answer
