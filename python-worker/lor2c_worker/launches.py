"""Whether an operation goes over all lanes and tensors at once, or part after part.

On a GPU each call costs a launch, which takes as long as much arithmetic, so there everything goes at once. On a CPU a
part stays in a core's cache, and a lane whose products have the shapes that they have alone gets the bits that it gets
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

_forced = False


def at_once(device: torch.device) -> bool:
    """True on a GPU, and within `as_on_a_gpu`."""
    return _forced or device.type == "cuda"


@contextmanager
def as_on_a_gpu() -> Iterator[None]:
    """A context in which the CPU computes in the form for GPUs, so that its calls can be counted and its numbers
    compared without one."""
    global _forced
    before, _forced = _forced, True
    try:
        yield
    finally:
        _forced = before
