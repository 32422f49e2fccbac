"""Ends the worker when the process that started it ends, also while it imports torch or a step hangs.

Standard library only, and used before anything heavy is imported.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import threading

#: From the end of stdin until the process ends, whatever it does: time for a step and its checkpoint.
GRACE_SECONDS = 1.5
#: Until C code ends the process, if a native call does not release Python's lock.
LAST_SECONDS = 1.8
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies. For the time before there is anything to save; Linux only.

    The import of a large library keeps Python's lock, so no thread of ours can notice the end of stdin meanwhile.
    """
    parent = os.getppid()
    _parent_death_signal(signal.SIGKILL)
    if os.getppid() != parent:  # the parent died before the call
        os._exit(1)


def outlive_parent() -> None:
    """Undo `die_with_parent`. The end of stdin now starts the `Deadline`, so that training can write a checkpoint."""
    _parent_death_signal(0)


def _parent_death_signal(number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


class Deadline:
    """Ends the process, and the group that it leads, a while after `start`."""

    def __init__(self, seconds: float = GRACE_SECONDS, last: float = LAST_SECONDS) -> None:
        self._seconds, self._last = seconds, last

    def start(self) -> None:
        # C code in a thread that does not need Python's lock. It also writes to the log what hangs.
        faulthandler.dump_traceback_later(self._last, exit=True)
        timer = threading.Timer(self._seconds, end_group)
        timer.daemon = True
        timer.start()


def end_group() -> None:
    """Send SIGKILL to this process, and to its children if it leads a group."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
