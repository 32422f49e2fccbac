"""Gradient checkpointing: a layer keeps its input only, and the backward computes it again.

Masks are keyed and nothing draws from a global generator, so the second time gives the bits of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from weakref import WeakMethod, ref

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

#: Called while a layer computes for the first time; gives the context in which the backward computes it again. It
#: brings back what the layer reads besides its inputs.
Again = Callable[[], AbstractContextManager[Any]]


def computed_again(layer: Callable[..., Any], again: Again, *args: Any, **kwargs: Any) -> Any:
    """What `layer` returns for these inputs. Of what it computes, nothing is kept for the backward."""
    if not torch.is_grad_enabled():
        return layer(*args, **kwargs)
    return checkpoint(
        layer,
        *args,
        use_reentrant=False,
        preserve_rng_state=False,
        context_fn=lambda: (nullcontext(), again()),
        **kwargs,
    )


def checkpoint_modules(layers: Sequence[nn.Module], again: Again) -> None:
    """Make these modules compute again in the backward, for good. Their hooks stay outside and run once."""
    for layer in layers:
        layer.forward = _forward(ref(layer), type(layer).forward, again)  # a reference would make a cycle


def weakly(method: Again) -> Again:
    """A bound method without a reference to its object, which owns what will call it: that would be a cycle. Once the
    object is gone there is nothing to bring back."""
    found = WeakMethod(method)

    def again() -> AbstractContextManager[Any]:
        alive = found()
        return nullcontext() if alive is None else alive()

    return again


def _forward(layer: ref[nn.Module], plain: Callable[..., Any], again: Again) -> Callable[..., Any]:
    def forward(*args: Any, **kwargs: Any) -> Any:
        return computed_again(plain, again, layer(), *args, **kwargs)

    return forward
