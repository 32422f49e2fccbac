"""The layers with which peft replaces a transformer layer and an injected projection."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .common import Common
from .config import Lor2cConfig
from .lowrank import LowRank


class SpanLayer(LowRank, nn.Module):
    """A transformer layer at which spans begin or end.

    Hooks on the wrapped layer keep its input and add the branch, before all other hooks. So the hooks with which
    transformers records hidden states get the sum, and gradient checkpointing, which wraps the layer's forward, does
    not repeat it.
    """

    other_param_names = (*LowRank.other_param_names, "lor2c_begins", "lor2c_ends")

    def __init__(self, base_layer: nn.Module, index: int, hidden: int, common: Common) -> None:
        nn.Module.__init__(self)
        self.base_layer = base_layer
        self.index = index
        self.in_features = self.out_features = hidden
        self.common = common
        self._make_containers()
        #: Adapters with a module that begins here, and the first layer of the module that ends here.
        self.lor2c_begins: dict[str, bool] = {}
        self.lor2c_ends: dict[str, int] = {}
        self._own(base_layer)
        self._hooks = [
            base_layer.register_forward_pre_hook(_before, with_kwargs=True, prepend=True),
            base_layer.register_forward_hook(_after, prepend=True),
        ]

    def _own(self, layer: nn.Module) -> None:
        object.__setattr__(layer, "_lor2c_span", self)  # not as a submodule, which would be a circle

    def begin(self, name: str) -> None:
        self.lor2c_begins[name] = True

    def end(self, name: str, config: Lor2cConfig, start: int) -> None:
        self.lor2c_ends[name] = start
        scale, own_a = config.alpha / config.r, not config.share
        shape = config.r, self.in_features, self.out_features
        self._add(name, *shape, scale, config.dropout, zero_b=config.init_weights, own_a=own_a)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        if self.base_layer._lor2c_span is not self:
            # A replica of DataParallel: its layer has the original's attributes and hooks, but must use this A and B.
            self._own(self.base_layer)
        return self.base_layer(*args, **kwargs)

    def on(self) -> list[str]:
        return [] if self._disable_adapters else list(self.active_adapters)

    def keep_input(self, hidden: torch.Tensor) -> None:
        for name in self.on():
            if name in self.lor2c_begins:
                self.common.inputs.of[name, self.index] = hidden

    def add_branches(self, y: torch.Tensor) -> torch.Tensor:
        for name in self.on():
            if name in self.lor2c_ends:
                first = self.lor2c_ends[name]
                x = self.common.inputs.of.pop((name, first), None)
                if x is None:
                    raise RuntimeError(
                        f"adapter {name}: layer {self.index} ran without layer {first}, where its module begins. "
                        "Either the model skips layers (LayerDrop): set its layerdrop to 0. Or each layer is "
                        "wrapped to run again in the backward pass (torch's checkpoint_wrapper, activation "
                        "checkpointing of FSDP): use the model's gradient_checkpointing_enable() instead."
                    )
                if x.shape[-1] != self.in_features:
                    raise RuntimeError(
                        f"adapter {name}: the input of layer {first} is {x.shape[-1]} wide, where the config of the "
                        f"model says {self.in_features}: layers_pattern must name layers of its text model"
                    )
                if x.shape != y.shape:
                    raise RuntimeError(
                        f"adapter {name}: the input of layer {first} has the shape {list(x.shape)}, the output of "
                        f"layer {self.index} {list(y.shape)}; a residual module needs equal ones"
                    )
                a = self.lor2c_A(name) if name in self.lor2c_A else self.common.shared(name)
                y = self._apply_to(name, y, x, a, self.lor2c_B(name))
        return y

    def detach_from_base(self) -> nn.Module:
        """Remove the hooks and return the wrapped layer."""
        for hook in self._hooks:
            hook.remove()
        self.base_layer.__dict__.pop("_lor2c_span", None)
        return self.base_layer

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "base_layer":
                raise
            return getattr(self.base_layer, name)  # models read attributes of their layers, e.g. attention_type


def _before(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    hidden = args[0] if args else kwargs.get("hidden_states")
    if not isinstance(hidden, torch.Tensor):
        raise TypeError(f"{type(module).__name__} was called without hidden states, which LoR2C's modules start from")
    module._lor2c_span.keep_input(hidden)


def _after(module: Any, args: tuple[Any, ...], output: Any) -> Any:
    if isinstance(output, tuple):
        return (module._lor2c_span.add_branches(output[0]), *output[1:])
    return module._lor2c_span.add_branches(output)


class InjectedLinear(LowRank, nn.Module):
    """LoRA on one query or value projection, in a layer whose module was replaced; or on some of the equal parts of a
    module that has several projections. Of n parts, A is (n r, d_in) and B (n d_out, r), part after part."""

    def __init__(self, base_layer: nn.Linear, parts: list[tuple[int, int]], common: Common) -> None:
        """`parts`: (part, of) of each; none: all of the module is the projection."""
        nn.Module.__init__(self)
        self.base_layer, self.parts = base_layer, parts
        self.common = common
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
                a, b = self.lor2c_A(name), self.lor2c_B(name)
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
