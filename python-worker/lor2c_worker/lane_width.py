"""How many lanes go through the model at once."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path

import torch

#: On CPU more lanes at a time gain nothing once the frozen weights are read once for several of them.
CPU_LANES = 4
#: On CUDA small batches leave the device idle: more lanes fill it.
CUDA_LANES = 32
#: Of the memory that is free before training; the rest is for evaluation, forks and whoever else is there.
SHARE = {"cpu": 0.4, "cuda": 0.8}


def choose_width(device: torch.device, lanes: int, try_step: Callable[[], None]) -> int:
    """Lanes at a time for a tree that may grow to `lanes`. `try_step` computes one lane's largest step; what that takes
    is measured. At least 1."""
    most = min(lanes, CPU_LANES if device.type == "cpu" else CUDA_LANES)
    if most <= 1:
        return 1
    free = free_memory(device)
    before = _reset_peak(device)
    try_step()
    each = max(1, _peak(device) - before)
    return max(1, min(most, int(SHARE[device.type] * free / each)))


def free_memory(device: torch.device) -> int:
    """Bytes that this process could still take."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    info = Path("/proc/meminfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 4 * 1024**3


def _reset_peak(device: torch.device) -> int:
    """Memory in use before the trial."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return int(torch.cuda.memory_allocated(device))
    return _peak(device)


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
