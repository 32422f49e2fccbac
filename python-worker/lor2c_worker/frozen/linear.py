"""What all of them have in common: a product whose weight exists only while it is computed."""

from __future__ import annotations

from typing import Any
from weakref import ref

import torch
from torch import nn
from torch.nn import functional as F


class FrozenLinear(nn.Linear):
    """A linear map that never trains. Subclasses say how its weight is held (`store`, `dense`).

    It is an `nn.Linear` to those that ask, such as peft, which wraps it. `weight` is the fp32 tensor that the held
    numbers stand for, made anew each time: changes of it go nowhere.
    """

    bias: Any

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """weight: [d_out, d_in], in any format. bias: [d_out], kept in fp32."""
        nn.Module.__init__(self)  # nn.Linear's own would make a weight
        self.out_features, self.in_features = weight.shape
        self.bias = None if bias is None else nn.Parameter(bias.detach().float(), requires_grad=False)
        with torch.no_grad():
            self.store(weight.detach())

    def store(self, weight: torch.Tensor) -> None:
        """Register buffers that hold `weight` [d_out, d_in], on its device."""
        raise NotImplementedError

    def dense(self, dtype: torch.dtype) -> torch.Tensor:
        """What the buffers stand for, [d_out, d_in]."""
        raise NotImplementedError

    @property
    def weight(self) -> torch.Tensor:
        return self.dense(torch.float32)

    @weight.setter
    def weight(self, value: torch.Tensor) -> None:
        raise AttributeError("the weight of a frozen layer cannot be replaced")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kind = x.device.type
        return self.product(x, torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else None)

    def product(self, x: torch.Tensor, dtype: torch.dtype | None) -> torch.Tensor:
        """[..., d_in] -> [..., d_out], computed and returned in `dtype`; None: in that of `x`, at least fp32."""
        out: torch.Tensor = _Product.apply(x, self, dtype or torch.promote_types(x.dtype, torch.float32))
        return out


class _Product(torch.autograd.Function):
    """Makes the weight anew for the backward pass. Autograd would keep that of every layer until then."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, linear: FrozenLinear, dtype: torch.dtype) -> torch.Tensor:
        ctx.given = linear, dtype, x.dtype
        with torch.autocast(x.device.type, enabled=False):
            bias = None if linear.bias is None else linear.bias.to(dtype)
            out = F.linear(_last(x, dtype), linear.dense(dtype), bias)
            # torch forbids to change a view from within a Function in place, as some layers of peft do.
            return torch.ops.aten._unsafe_view(out, out.shape) if out._is_view() else out

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, None, None]:
        linear, dtype, given = ctx.given
        with torch.autocast(grad.device.type, enabled=False):
            return grad.to(dtype).matmul(linear.dense(dtype)).to(given), None, None


class _LastCast:
    """Layers that follow each other often read one input, such as query, key and value. Its copy in the format of the
    products is kept as long as it lives, or until another is cast."""

    def __init__(self) -> None:
        self._given: ref[torch.Tensor] | None = None
        self._version = 0
        self._made: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        if x.dtype == dtype or x.is_inference():
            return x.to(dtype)
        made = self._made
        own = self._given is not None and self._given() is x and self._version == x._version
        if made is not None and own and made.dtype == dtype:
            return made
        self._made = made = x.to(dtype)
        self._given, self._version = ref(x, self._forget), x._version
        return made

    def _forget(self, gone: ref[torch.Tensor]) -> None:
        if self._given is gone:
            self._given = self._made = None


_last = _LastCast()
