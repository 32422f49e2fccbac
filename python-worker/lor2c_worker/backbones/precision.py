"""Products in bfloat16 in a step of mixed precision; everything else keeps its format.

The loop opens `device.autocast` around a learner's forward. Code that makes its own products asks here whether it runs
inside, and casts by itself: torch's autocast would also round adapters and heads, and cast frozen weights at each call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.nn import functional as F

from ..frozen import FrozenLinear, HalfOutput


def low_dtype(device: torch.device) -> torch.dtype | None:
    """Number format of matrix products in this context; None: that of their operands."""
    return torch.get_autocast_dtype(device.type) if torch.is_autocast_enabled(device.type) else None


@contextmanager
def as_given(device: torch.device) -> Iterator[None]:
    """A context in which operations compute in the number formats of their operands."""
    if low_dtype(device) is None:
        yield
    else:
        with torch.autocast(device.type, enabled=False):
            yield


def widen_stream(first: nn.Module) -> Any:
    """Let the residual stream enter the first layer at least in fp32: some models project their embeddings, which in
    mixed precision gives bfloat16. Returns the hook's handle."""

    def hook(
        module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        x = args[0] if args else kwargs["hidden_states"]
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        return ((wide, *args[1:]), kwargs) if args else (args, kwargs | {"hidden_states": wide})

    return first.register_forward_pre_hook(hook, with_kwargs=True, prepend=True)


class Products:
    """Calls the linear layers of one model in either precision. Keeps a cast copy of each frozen weight it used."""

    def __init__(self) -> None:
        self._copies: WeakKeyDictionary[nn.Module, tuple[Any, torch.Tensor, torch.Tensor | None]] = WeakKeyDictionary()

    def __call__(self, linear: nn.Module, x: torch.Tensor, low: torch.dtype | None) -> torch.Tensor:
        """`linear` of `x`; with `low`, in that format and returned in it (a layer of another kind decides by itself).

        `x` may be given in either format. Without `low` the product of a frozen layer is at least fp32, in whatever
        format its weights are held.
        """
        if isinstance(linear, FrozenLinear) and not _hooked(linear):
            return linear.product(x, low)
        if low is None:
            return linear(x)
        if type(linear) is not nn.Linear or linear.weight.requires_grad or _hooked(linear):
            with torch.autocast(x.device.type, dtype=low):
                return linear(x)
        weight, bias = self._copy(linear, low)
        return F.linear(x.to(low), weight, bias)

    def operands(self, linear: nn.Linear, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Weight and bias in this format: the layer's own where they have it or train, so that gradients reach them,
        else a copy, which is kept unless the layer holds its weight in bfloat16 to save memory."""
        weight, bias = linear.weight, linear.bias
        if weight.dtype == dtype:
            return weight, bias
        if weight.requires_grad or isinstance(linear, HalfOutput):
            return weight.to(dtype), None if bias is None else bias.to(dtype)
        return self._copy(linear, dtype)

    def _copy(self, linear: nn.Linear, low: torch.dtype) -> tuple[torch.Tensor, torch.Tensor | None]:
        weight = linear.weight
        state = (low, weight.data_ptr(), weight._version)  # replaced or changed weights are cast again
        kept = self._copies.get(linear)
        if kept is None or kept[0] != state:
            bias = None if linear.bias is None else linear.bias.detach().to(low)
            kept = (state, weight.detach().to(low), bias)
            self._copies[linear] = kept
        return kept[1], kept[2]


def _hooked(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)
