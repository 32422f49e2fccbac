"""A worker doesn't outlive the process that started it: not while it imports torch, and not while a step hangs.

Standard library only, and used before anything heavy is imported.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import threading

#: From the end of stdin until the process ends, whatever it is at: time for a step and its checkpoint.
GRACE_SECONDS = 1.5
#: After which the C library ends it, where a native call doesn't let go of Python's lock.
LAST_SECONDS = 1.8
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """The kernel kills this process when its parent dies: for the time in which it has nothing to save. Linux only.

    Loading a large library holds Python's lock: no thread of ours can see the end of stdin until it is loaded.
    """
    parent = os.getppid()
    _parent_death_signal(signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel knew
        os._exit(1)


def outlive_parent() -> None:
    """From now on the end of stdin says that the parent is gone: training may still write its checkpoint."""
    _parent_death_signal(0)


def _parent_death_signal(number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


class Deadline:
    """Ends the process and the group that it leads a while after `start`, unless it has ended by itself."""

    def __init__(self, seconds: float = GRACE_SECONDS, last: float = LAST_SECONDS) -> None:
        self._seconds, self._last = seconds, last

    def start(self) -> None:
        # Written in C, in a thread that needs no lock of Python's; what hangs is then to be read in the log.
        faulthandler.dump_traceback_later(self._last, exit=True)
        timer = threading.Timer(self._seconds, end_group)
        timer.daemon = True
        timer.start()


def end_group() -> None:
    """SIGKILL to this process, and to its children where it leads a group."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
