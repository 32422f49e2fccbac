"""What a fenced process does once the walls stand: runs the program and says how it ended. Standard library only."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, NoReturn

#: Said before the program starts; the time counts from here.
READY = b"ready\n"


class _NoInput(io.StringIO):
    """No input can be read, and nothing that is written is kept."""

    def read(self, *arguments: Any) -> str:
        raise OSError("a fenced program has no input")

    readline = read  # type: ignore[assignment]
    readlines = read  # type: ignore[assignment]

    def readable(self) -> bool:
        return False

    def write(self, text: str) -> int:
        return len(text)


def run(program: str, token: str, channel: int) -> NoReturn:
    """Run the program. It passes when it ends without any exception: only then the token is said.

    Other words for failures have no token, so a program gains nothing by changing what is called here. A program that
    searches the interpreter's frames for the token can still pretend; docs/evaluation.md says so.
    """
    write, leave = os.write, os._exit  # the program may replace the names
    os.environ.clear()
    sys.stdin, sys.stdout, sys.stderr = _NoInput(), _NoInput(), _NoInput()
    write(channel, READY)
    try:
        # The program must not inherit this file's own `from __future__ import annotations`.
        exec(compile(program, "<program>", "exec", dont_inherit=True), {})
    except BaseException as error:
        try:
            words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            write(channel, words.replace("\n", " ")[:500].encode(errors="replace") + b"\n")
        finally:
            leave(1)
    write(channel, f"{token}\n".encode())
    leave(0)
