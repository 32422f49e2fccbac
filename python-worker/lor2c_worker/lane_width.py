"""How many lanes go through the model before a backward, so that memory holds their activations."""

from __future__ import annotations

from collections.abc import Callable

import torch

#: More lanes at a time would not make a step on a large device shorter.
CUDA_LANES = 32
#: Of the memory that is free before training; the rest is for evaluation, forks and whoever else is there.
SHARE = 0.8


def choose_width(device: torch.device, lanes: int, try_step: Callable[[], None]) -> int:
    """Lanes at a time for a tree that may grow to `lanes`. At least 1.

    One on the CPU: more gain nothing there (engine/lane_groups.py), and need their memory at once. On CUDA what
    `try_step`, one lane's largest step, takes is measured.
    """
    if device.type != "cuda":
        return 1
    free = int(torch.cuda.mem_get_info(device)[0])
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    try_step()
    each = max(1, torch.cuda.max_memory_allocated(device) - before)
    return max(1, min(lanes, CUDA_LANES, int(SHARE * free / each)))
