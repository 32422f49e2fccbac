"""Entry point: `python -m lor2c_worker` speaks the protocol, `--catalog` prints what the worker offers.

Nothing heavy is imported before fd 1 is claimed.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback

from .channel import Channel, claim_stdout
from .errors import PlainError
from .lifeline import Deadline, die_with_parent, outlive_parent
from .variables import stored_variables


def main(arguments: list[str]) -> int:
    out = claim_stdout()
    if arguments == ["--catalog"]:
        from .catalog import catalog

        out.write(json.dumps(catalog(), indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        out.flush()
        return 0
    if arguments:
        print(f"lor2c_worker: unknown argument {arguments[0]!r}; it takes none, or --catalog", file=sys.stderr)
        return 2
    variables = stored_variables()  # of the user: importing torch adds some
    # For what this process starts: the runner has said it to this one with -P.
    os.environ["PYTHONSAFEPATH"] = "1"
    die_with_parent()
    channel = Channel(out, sys.stdin.buffer, Deadline())
    channel.start()

    # What imports make is no garbage. Looking for some takes a fifth of their time, and later again and again.
    gc.disable()
    from .serve import serve

    gc.freeze()
    gc.enable()
    outlive_parent()
    serve(channel, variables)
    return 0


def guarded(arguments: list[str]) -> int:
    """`main`, with an exception printed and exit code 1: a normal exit would wait for the blocked stdin reader."""
    try:
        return main(arguments)
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed for {sys.executable}, which runs the worker", file=sys.stderr)
    except PlainError as error:
        print(error, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    return 1


if __name__ == "__main__":
    code = guarded(sys.argv[1:])
    sys.stderr.flush()
    # The stdin reader may still be blocked in a read that never returns. A normal exit would wait for its lock.
    os._exit(code)
