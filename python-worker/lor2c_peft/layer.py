"""The layers with which peft replaces a transformer layer and an injected projection."""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn

from .config import Lor2cConfig


class LowRank(BaseTunerLayer):
    """A (r, d_in) and B (d_out, r) of each adapter, with scale and dropout. Both layers below inherit it."""

    adapter_layer_names = ("lor2c_A", "lor2c_B")
    other_param_names: tuple[str, ...] = ("lor2c_scale", "lor2c_p")

    def _make_containers(self) -> None:
        self.lor2c_A = nn.ParameterDict()
        self.lor2c_B = nn.ParameterDict()
        self.lor2c_scale: dict[str, float] = {}
        self.lor2c_p: dict[str, float] = {}
        self._disable_adapters = False
        self.merged_adapters = []

    def _add(
        self,
        name: str,
        rank: int,
        d_in: int,
        d_out: int,
        scale: float,
        p: float,
        *,
        zero_b: bool,
        own_a: bool = True,
        count: int = 1,
    ) -> None:
        """Add an adapter, of `count` pairs A and B one below the other. With `zero_b` the output stays the same.
        Without `own_a` the tuner has the shared A."""
        if own_a:
            self.lor2c_A[name] = random_matrix(count * rank, d_in)
        rows = count * d_out
        self.lor2c_B[name] = nn.Parameter(torch.zeros(rows, rank)) if zero_b else random_matrix(rows, rank)
        self.lor2c_scale[name], self.lor2c_p[name] = scale, p

    def _apply_to(self, name: str, y: torch.Tensor, x: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """y + scale * B A drop(x), [..., d], computed in the adapter's precision and returned in that of y."""
        x = x.to(a.dtype)
        if self.training and self.lor2c_p[name] > 0:  # type: ignore[attr-defined]
            x = nn.functional.dropout(x, self.lor2c_p[name])
        # Mixed precision rounds the products of the frozen model only.
        with torch.autocast(x.device.type, enabled=False):
            added = nn.functional.linear(nn.functional.linear(x, a), b)
            return torch.add(y.to(a.dtype), added, alpha=self.lor2c_scale[name]).to(y.dtype)

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        raise ValueError(NOT_MERGEABLE)

    def unmerge(self) -> None:
        raise ValueError(NOT_MERGEABLE)


NOT_MERGEABLE = (
    "a LoR2C adapter cannot be merged into the weights: its branch passes around a whole layer, which is not linear, "
    "so no weight exists that could hold it. Keep the adapter beside the model."
)


def random_matrix(d_out: int, d_in: int) -> nn.Parameter:
    """Kaiming-uniform with a = sqrt 5 (semantics.md section 1), from torch's generator as peft's own methods do."""
    bound = d_in**-0.5
    return nn.Parameter(torch.empty(d_out, d_in).uniform_(-bound, bound))


class Inputs:
    """Inputs of the layers where spans begin, until the ends of the spans use them. Each model has one object."""

    def __init__(self) -> None:
        self.of: dict[tuple[str, int], torch.Tensor] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Inputs:
        # There are activations in it only during a forward, and non-leaf tensors cannot be copied.
        return memo.setdefault(id(self), Inputs())


class SpanLayer(nn.Module, LowRank):
    """A transformer layer at which spans begin or end.

    A hook on the wrapped layer adds the branch, before all other hooks. So the hooks with which transformers records
    hidden states get the sum, and gradient checkpointing, which wraps the layer's forward, does not repeat it.
    """

    other_param_names = (*LowRank.other_param_names, "lor2c_begins", "lor2c_ends")

    def __init__(self, base_layer: nn.Module, index: int, inputs: Inputs, shared: nn.ParameterDict) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.index = index
        self._make_containers()
        #: Adapters with a module that begins here, and the first layer of the module that ends here.
        self.lor2c_begins: dict[str, bool] = {}
        self.lor2c_ends: dict[str, int] = {}
        self.__dict__["_inputs"] = inputs
        self.__dict__["_shared"] = shared  # in __dict__, so that its parameters are registered with the tuner only
        self._hooks = [
            base_layer.register_forward_pre_hook(self._before, with_kwargs=True, prepend=True),
            base_layer.register_forward_hook(self._after, prepend=True),
        ]

    def begin(self, name: str) -> None:
        self.lor2c_begins[name] = True

    def end(self, name: str, config: Lor2cConfig, start: int, hidden: int) -> None:
        self.lor2c_ends[name] = start
        scale, own_a = config.alpha / config.r, not config.share
        self._add(name, config.r, hidden, hidden, scale, config.dropout, zero_b=config.init_weights, own_a=own_a)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.base_layer(*args, **kwargs)

    def _on(self) -> list[str]:
        return [] if self._disable_adapters else list(self.active_adapters)

    def _before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        hidden = args[0] if args else kwargs["hidden_states"]
        for name in self._on():
            if name in self.lor2c_begins:
                self._inputs.of[name, self.index] = hidden

    def _after(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        for name in self._on():
            if name in self.lor2c_ends:
                x = self._inputs.of.pop((name, self.lor2c_ends[name]))
                a = self.lor2c_A[name] if name in self.lor2c_A else self._shared[name]
                if isinstance(output, tuple):
                    output = (self._apply_to(name, output[0], x, a, self.lor2c_B[name]), *output[1:])
                else:
                    output = self._apply_to(name, output, x, a, self.lor2c_B[name])
        return output

    def detach_from_base(self) -> nn.Module:
        """Remove the hooks and return the wrapped layer."""
        for hook in self._hooks:
            hook.remove()
        return self.base_layer

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "base_layer":
                raise
            return getattr(self.base_layer, name)  # models read attributes of their layers, e.g. attention_type


class InjectedLinear(nn.Module, LowRank):
    """LoRA on one query or value projection, in a layer whose module was replaced; or on some of the equal parts of a
    module that has several projections. Of n parts, A is (n r, d_in) and B (n d_out, r), part after part."""

    def __init__(self, base_layer: nn.Linear, parts: list[tuple[int, int]]) -> None:
        """`parts`: (part, of) of each; none: all of the module is the projection."""
        super().__init__()
        self.base_layer, self.parts = base_layer, parts
        self.in_features, self.out_features = base_layer.in_features, base_layer.out_features
        self._make_containers()

    def inject(self, name: str, config: Lor2cConfig) -> None:
        scale, p = config.injected_alpha / config.injected_r, config.injected_dropout
        count, of = max(1, len(self.parts)), self.parts[0][1] if self.parts else 1
        shape = config.injected_r, self.in_features, self.out_features // of
        self._add(name, *shape, scale, p, zero_b=config.init_weights, count=count)

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        y = self.base_layer(x, *args, **kwargs)
        for name in [] if self._disable_adapters else self.active_adapters:
            if name in self.lor2c_B:
                a, b = self.lor2c_A[name], self.lor2c_B[name]
                if not self.parts:
                    y = self._apply_to(name, y, x, a, b)
                    continue
                pieces, count = list(y.chunk(self.parts[0][1], dim=-1)), len(self.parts)
                for (part, _), own_a, own_b in zip(self.parts, a.chunk(count), b.chunk(count), strict=True):
                    pieces[part] = self._apply_to(name, pieces[part], x, own_a, own_b)
                y = torch.cat(pieces, dim=-1)
        return y

    def detach_from_base(self) -> nn.Module:
        return self.base_layer
