"""Which function draws a device's numbers: the kernel where it works, else torch's operations."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache

import torch

from .philox import agrees_with_numpy, row_numbers

#: As `philox.row_numbers`.
Numbers = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, int], torch.Tensor]


@cache
def numbers_on(device: torch.device) -> Numbers:
    """The kernel on CUDA, if its first numbers there are numpy's. The first call waits for the device."""
    if device.type != "cuda":
        return row_numbers
    return checked(_kernel, device)


def checked(load: Callable[[], Numbers], device: torch.device) -> Numbers:
    """What `load` gives, or `row_numbers` when it can't be loaded, can't run or disagrees with numpy, with a line on
    stderr. Lack of memory is raised."""
    try:
        numbers = load()
        if agrees_with_numpy(numbers, device):
            return numbers
        why = "it gives other numbers than numpy"
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # Triton needs a compiler, a driver and a kind of GPU that it knows
        why = f"{type(error).__name__}: {error}"
    print(f"dropout masks are drawn by torch's operations, which is slower, not by a kernel: {why}", file=sys.stderr)
    return row_numbers


def _kernel() -> Numbers:
    from . import philox_triton

    return philox_triton.row_numbers
