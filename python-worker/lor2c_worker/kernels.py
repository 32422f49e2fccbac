"""Kernels of Triton where they can be had. Elsewhere torch's operations do the same."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")


def tried(load: Callable[[], T], what: str) -> T | None:
    """What `load` returns, which imports a kernel and tries it; None, with a line on stderr, when it raises. Lack of
    memory is raised."""
    try:
        return load()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # Triton needs a compiler, a driver and a kind of GPU that it knows
        print(
            f"{what} by torch's operations, which is slower, not by kernels: {type(error).__name__}: {error}",
            file=sys.stderr,
        )
        return None
