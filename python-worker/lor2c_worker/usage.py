"""CPU time and memory of one command. The worker may have carried out others before.

On CUDA the device's allocator measures memory; each tree resets its peak at the start.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import sys
import time
from pathlib import Path

_STATUS, _STATM, _CLEAR = (Path("/proc/self", name) for name in ("status", "statm", "clear_refs"))
_began = 0.0


def begin_command() -> None:
    """Reset CPU time and peak memory."""
    global _began
    gc.collect()  # memory of the previous command must not count
    _began = time.process_time()
    # Resets the peak of the resident set. Where the kernel cannot, the peak stays that of the whole process.
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")


def cpu_seconds() -> float:
    return time.process_time() - _began


def resident_bytes() -> int | None:
    """The resident set now; None where neither the kernel's files nor psutil, which need not be installed, tell."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        with contextlib.suppress(ImportError):
            import psutil

            return int(psutil.Process().memory_info().rss)
        return None


def peak_resident_bytes() -> int:
    """Highest resident set since the command began, or of the whole process if the kernel cannot reset it."""
    try:
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def log_to(path: str) -> None:
    """Append stderr, and the stdout of libraries, to this file from now on. Raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    sys.stderr.flush()
    os.dup2(file, 2)
    os.dup2(file, 1)
    os.close(file)
