"""What one command takes of this process: CPU time and the highest memory. A worker may have carried out others before.

On CUDA the device's allocator counts memory, and is set back where a tree begins.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import sys
import time
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_began = 0.0


def begin_command() -> None:
    """Count from here on."""
    global _began
    gc.collect()  # what the command before left behind is not this one's
    _began = time.process_time()
    # Sets the highest resident set back to the present one; where no kernel can, it stays that of the whole process.
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")


def cpu_seconds() -> float:
    return time.process_time() - _began


def peak_resident_bytes() -> int:
    """The highest resident set since the command began, where the kernel can say so."""
    try:
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def log_to(path: str) -> None:
    """stderr, and the stdout of libraries, go to the end of this file from now on."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    sys.stderr.flush()
    os.dup2(file, 2)
    os.dup2(file, 1)
    os.close(file)
