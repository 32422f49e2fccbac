"""One forward of a bank, or of some lanes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ..backbones.backbone import Projection
from ..keyed.dropout import StepMasks, exact
from .bank_routes import Numbers, Order, Part, Routes, Some
from .formula import add_low_rank
from .injection import Injection

#: A, and B or B transposed.
Tensors = tuple[torch.Tensor, torch.Tensor]


class BankPass:
    """Implements `Adapters`. All lanes compute on a layer together, at most one module each."""

    def __init__(
        self,
        numbers: Numbers,
        routes: Routes,
        masks: StepMasks | None,
        injection: Injection,
        residual: Tensors | None,
        injected: Mapping[Projection, Tensors],
    ) -> None:
        """`residual` and `injected`: A [K, L, r, d_in] (or [K, r, d] for all layers) and B [K, L, d_out, r].
        `numbers`: of one of the lanes, which agree in their dropout."""
        self._numbers, self._routes, self._masks, self._injection = numbers, routes, masks, injection
        self.frozen_layers = routes.frozen_layers
        self._entered: torch.Tensor | None = None
        #: The input of the longer module that is open in each lane, after its dropout if the start is its key.
        self._held: torch.Tensor | None = None
        self._spans = {} if residual is None else _by_layer(*residual, routes.spans)
        self._injected = {name: _by_layer(*pair, routes.injected) for name, pair in injected.items()}

    def enter(self, layer: int, h: torch.Tensor) -> None:
        self._entered = h
        begin = self._routes.begins.get(layer)
        if begin is not None:
            x = self._drop(h, layer, begin.drops)
            # Until a lane holds something, any input will do: nothing ends there.
            self._held = x if self._held is None else _pick(begin.holds, x, self._held)

    def leave(self, layer: int, h: torch.Tensor, at: torch.Tensor | None = None) -> torch.Tensor:
        end = self._routes.ends.get(layer)
        if end is None:
            return h
        if end.short is True or end.short is False:
            x = self._drop(_rows(self._entered if end.short else self._held, at), layer, end.drops)
        elif end.drops is end.short:
            x = _pick(end.short, self._drop(_rows(self._entered, at), layer, True), _rows(self._held, at))
        else:
            x = _pick(end.short, _rows(self._entered, at), _rows(self._held, at))
            x = self._drop(x, layer, end.drops)
        a, bt = self._spans[layer]
        return add_low_rank(h, x, a, bt)

    def project(self, layer: int, name: Projection, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        found = self._injected.get(name, {}).get(layer)
        if found is None:
            return y
        a, bt = found
        mask = self._mask(self._injection.site(layer, name), a.shape[-1], self._numbers.injected_dropout)
        return add_low_rank(y, x, a, bt, mask=mask)

    def _drop(self, x: torch.Tensor, layer: int, lanes: Some) -> torch.Tensor:
        """Dropout keyed by this layer, of these lanes."""
        mask = None if lanes is False else self._mask(f"lor2c.{layer}", x.shape[-1], self._numbers.dropout)
        return x if mask is None else _pick(lanes, x * exact(mask, x), x)

    def _mask(self, site: str, width: int, p: float) -> torch.Tensor | None:
        return None if self._masks is None or p == 0.0 else self._masks.tokens(site, width, p)


def _pick(some: Some, yes: torch.Tensor, no: torch.Tensor) -> torch.Tensor:
    """`yes` for some lanes, `no` for the others."""
    if isinstance(some, Part):
        return _Where.apply(some, yes, no)
    return yes if some else no


class _Where(torch.autograd.Function):
    """`torch.where`, whose own backward makes two tensors of one zero each time."""

    @staticmethod
    def forward(ctx: Any, some: Part, yes: torch.Tensor, no: torch.Tensor) -> torch.Tensor:
        ctx.some = some
        return torch.where(some.lanes, yes, no)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[None, torch.Tensor | None, torch.Tensor | None]:
        _, for_yes, for_no = ctx.needs_input_grad
        return (
            None,
            grad.masked_fill(ctx.some.others, 0.0) if for_yes else None,
            grad.masked_fill(ctx.some.lanes, 0.0) if for_no else None,
        )


def _rows(x: torch.Tensor | None, at: torch.Tensor | None) -> torch.Tensor:
    assert x is not None
    return x if at is None else x.index_select(1, at)


def _by_layer(a: torch.Tensor, b: torch.Tensor, order: Order) -> dict[int, Tensors]:
    """A [K, r, d_in] and B transposed [K, r, d_out] of each layer's modules, B multiplied by gate and scale."""
    if not order.layers:
        return {}
    count = len(order.layers)
    parts_a = [a] * count if a.ndim == 3 else _Gather.apply(a, order.index, count).unbind(0)
    parts_b: torch.Tensor = _Gather.apply(b, order.index, count) * order.factors
    return dict(zip(order.layers, zip(parts_a, parts_b.mT.contiguous().unbind(0), strict=True), strict=True))


class _Gather(torch.autograd.Function):
    """x [K, L, ...] -> the modules `index` of x [K * L, ...], as [count, K, ...], contiguous.

    Torch's own backward of a selection adds up, since an index may come twice there.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, index: torch.Tensor, count: int) -> torch.Tensor:
        ctx.index, ctx.shape = index, x.shape
        return x.flatten(0, 1).index_select(0, index).unflatten(0, (count, -1))

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        whole = grad.new_zeros(ctx.shape)
        whole.flatten(0, 1).index_copy_(0, ctx.index, grad.flatten(0, 1))
        return whole, None, None
