"""A transformers module as backbone: any model of the table of architectures, padded per batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from weakref import finalize, ref

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from ..architectures import Architecture, ProjectionPath, architecture_of
from ..data.batch import Batch
from ..keyed.dropout import KeyedDropout
from ..keyed.layout import PaddedLayout
from ..keyed.masks import StepMasks
from .backbone import Adapters, BatchLayout, FrozenStates, Projection, whole_rows
from .checkpointing import checkpoint_modules, weakly
from .precision import as_given, widen_stream

#: How the class of a model with a head for a task ends.
_WITH_HEAD = ("ForSequenceClassification", "ForCausalLM")


def find_layers(base: nn.Module) -> tuple[list[nn.Module], dict[Projection, ProjectionPath]]:
    """(layers in order, the projections in a layer, in the order of `PROJECTIONS`). Raises ValueError for an unknown
    form."""
    layers, known = layers_in(base), known_of(base)
    wanted = [place.module for place in known.projections.values()]
    for layer in layers:
        modules = {path for path, _ in layer.named_modules()}
        if lacking := [path for path in wanted if path not in modules]:
            raise ValueError(f"{type(base).__name__} has a layer without {lacking[0]}, or where it is wrapped")
    return layers, known.projections  # type: ignore[return-value]


def layers_in(base: nn.Module) -> list[nn.Module]:
    """Layers in order, whatever is wrapped inside them. Raises ValueError for an unknown form."""
    known = known_of(base)
    layers = dict(base.named_modules()).get(known.layers)
    if layers is None or not list(layers.children()):
        raise ValueError(f"{type(base).__name__} has no layers in {known.layers}")
    return list(layers.children())


def known_of(model: nn.Module) -> Architecture:
    """What is known of a model of transformers. Raises ValueError for an unknown type."""
    config: Any = model.config
    known = architecture_of(config.model_type)
    if known is None:
        raise ValueError(f"the type {config.model_type} of {type(model).__name__} is not known here")
    return known


def base_of(module: nn.Module) -> nn.Module:
    """The model without its head."""
    return getattr(module, str(module.base_model_prefix))


def whole_model(module: nn.Module) -> PreTrainedModel:
    """The model of transformers that `module` is or wraps. Raises ValueError when there is not one."""
    whole = [m for m in module.modules() if isinstance(m, PreTrainedModel) and type(m).__name__.endswith(_WITH_HEAD)]
    if len(whole) != 1:
        raise ValueError(f"{type(module).__name__} is no model of transformers with a head for a task")
    return whole[0]


class HfBackbone:
    """Lanes are on the batch axis, [K * B, T]; the module does not know about them.

    Hooks call the adapters at the start and end of each layer and after each projection. Outside of `forward` the
    module computes as before, but without dropout.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module, self._base = module, base_of(module)
        found, paths = find_layers(self._base)
        config: Any = module.config
        self.layers, self.hidden = len(found), int(config.hidden_size)
        self._places = paths
        linears = [place.module for place in paths.values()]
        self._linears = [{path: layer.get_submodule(path) for path in linears} for layer in found]
        self.alone = known_of(module).alone
        self._pad = int(config.pad_token_id or 0)
        self._dropout = KeyedDropout(self._base)
        self._adapters: Adapters | None = None
        self._lanes = 1
        #: Linear modules that the layer which runs now has called.
        self._called: set[str] = set()
        # The hooks don't own this object: it owns the module, and a cycle would keep both until Python looks for some.
        me, hooks = ref(self), [widen_stream(found[0])]
        for i, layer in enumerate(found):
            hooks.append(layer.register_forward_pre_hook(_enter(me, i), with_kwargs=True))
            hooks.append(layer.register_forward_hook(_leave(me, i)))
        for i, own in enumerate(self._linears):
            for path, linear in own.items():
                parts = {name: place for name, place in paths.items() if place.module == path}
                hooks.append(linear.register_forward_hook(_project(me, i, path, parts)))
        for hook in hooks:  # the module may outlive it, and get others
            finalize(self, hook.remove)

    def use_checkpointing(self) -> None:
        checkpoint_modules(find_layers(self._base)[0], weakly(self._again))

    def _again(self) -> AbstractContextManager[None]:
        """A context with the adapters, lanes and masks of the forward that runs now."""
        return self._during(self._adapters, self._lanes, self._dropout.masks)

    @contextmanager
    def _during(self, adapters: Adapters | None, lanes: int, masks: StepMasks | None) -> Iterator[None]:
        self._adapters, self._lanes = adapters, lanes
        self._called.clear()
        try:
            with self._dropout.using(masks):
                yield
        finally:
            self._adapters = None

    def _called_with(self, path: str, x: torch.Tensor) -> AbstractContextManager[None]:
        """A context in which the masks are those of `x`, the input of a linear module of the layer that runs now: a
        second one in the same layer is no row's, but a table [1, S, d]."""
        again, masks = path in self._called, self._dropout.masks
        self._called.add(path)
        return masks.of_table(x.shape[1]) if again and masks is not None else nullcontext()

    def using(self, adapters: Adapters) -> AbstractContextManager[None]:
        """A context in which the module itself computes with these adapters, of one lane, without dropout."""
        return self._during(adapters, 1, None)

    def projection_shape(self, layer: int, name: Projection) -> tuple[int, int]:
        return projection_shape(self._linears[layer][self._places[name].module], self._places[name])

    def layout(self, batch: Batch) -> PaddedLayout:
        mask = batch.attention_mask
        return PaddedLayout(self._widen(mask, 0).bool(), columns=mask.shape[1])

    def forward(
        self,
        batch: Batch,
        layout: BatchLayout,
        lanes: int,
        adapters: Adapters,
        masks: StepMasks | None,
        frozen: FrozenStates | None = None,
        at: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Computes all layers and positions each time and ignores `frozen`."""
        columns = {"input_ids": (batch.input_ids, self._pad), "attention_mask": (batch.attention_mask, 0)}
        if batch.token_type_ids is not None:
            columns["token_type_ids"] = (batch.token_type_ids, 0)
        inputs = {name: self._widen(value, fill).repeat(lanes, 1) for name, (value, fill) in columns.items()}
        with self._during(adapters, lanes, masks):
            hidden = self._stack(self._base(**inputs, use_cache=False).last_hidden_state)
        return hidden if at is None else hidden.index_select(1, at)

    @staticmethod
    def _widen(x: torch.Tensor, fill: int) -> torch.Tensor:
        """Add up to three columns of padding, so that the number of positions is safe (see `whole_rows`)."""
        rows, width = x.shape
        return F.pad(x, (0, whole_rows(rows * width, rows) // rows - width), value=fill)

    def _stack(self, x: torch.Tensor) -> torch.Tensor:
        """[K * B, T, d] -> [K, B * T, d]."""
        return x.reshape(self._lanes, -1, x.shape[-1])


def projection_shape(linear: Any, place: ProjectionPath) -> tuple[int, int]:
    """(d_in, d_out) of a projection in its linear module."""
    return int(linear.in_features), int(linear.out_features) // place.of


def _enter(owner: ref[HfBackbone], layer: int) -> Any:
    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        backbone = owner()
        if backbone is not None and backbone._adapters is not None:
            backbone._called.clear()
            backbone._adapters.enter(layer, backbone._stack(args[0] if args else kwargs["hidden_states"]))

    return hook


def _leave(owner: ref[HfBackbone], layer: int) -> Any:
    def hook(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        backbone = owner()
        if backbone is None or backbone._adapters is None:
            return output
        hidden, *others = output if isinstance(output, tuple) else (output,)  # some give (states, attentions or None)
        with as_given(hidden.device):
            left = backbone._adapters.leave(layer, backbone._stack(hidden)).view(hidden.shape)
        return (left, *others) if isinstance(output, tuple) else left

    return hook


def _project(owner: ref[HfBackbone], layer: int, path: str, parts: dict[Projection, ProjectionPath]) -> Any:
    def hook(module: nn.Module, args: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
        backbone = owner()
        if backbone is None or backbone._adapters is None:
            return output
        with as_given(output.device), backbone._called_with(path, args[0]):
            x, y = backbone._stack(args[0]), backbone._stack(output)
            return _adapted(backbone._adapters, layer, parts, x, y).to(output.dtype).view(output.shape)

    return hook


def _adapted(
    adapters: Adapters, layer: int, parts: dict[Projection, ProjectionPath], x: torch.Tensor, y: torch.Tensor
) -> torch.Tensor:
    """y, the output of a linear module for x, with what the adapters make of the projections that are its `parts`."""
    if len(parts) == 1:
        [name] = parts
        return adapters.project(layer, name, x, y)
    ordered = sorted(parts, key=lambda name: parts[name].part)
    given = y.chunk(len(ordered), dim=-1)
    made = [adapters.project(layer, name, x, part) for name, part in zip(ordered, given, strict=True)]
    return torch.cat(made, dim=-1) if any(a is not b for a, b in zip(made, given, strict=True)) else y
