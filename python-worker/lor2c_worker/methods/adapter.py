"""Bottleneck adapters and AdapterDrop (Houlsby et al. 2019; Pfeiffer et al. 2021; Rücklé et al. 2021).

An adapter is x + up(activation(down(x))) with biases. It has the place that Houlsby et al. give it: on the output of a
block, after its projection and dropout, before the residual sum and the LayerNorm. On encoders of the BERT kind these
are `attention.output.dropout` and `output.dropout`; on decoders of the Llama kind, whose norms come first, the outputs
of `self_attn` and `mlp`. `style: pfeiffer` keeps the one after the feed-forward block. (AdapterHub's code for that
style also runs the block's LayerNorm a second time after the adapter, so the output does not start as the base
model's.)
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..adapters.peft_learner import PeftLearner
from ..backbones.hf_backbone import base_of, find_layers, known_of
from ..data.batch import Batch
from ..keyed.seeding import StepKey, generator
from ..learner import Learner
from ..models import LoadedModel
from ..settings import SettingsError
from .entry import setting
from .method import Cell, Method
from .own_folder import fill, read_trained, write_trained
from .plan import Horizon, Part

_ACTIVATIONS = {"relu": torch.relu, "gelu": nn.functional.gelu}


#: If equal draws are less probable than this, a run with only equal draws counts as faulty.
UNLIKELY = 1e-6


@dataclass(frozen=True)
class AdapterParams:
    """Raises ValueError when settings contradict each other."""

    bottleneck: int = setting(
        16, "Size m of the bottleneck", minimum=1, source="RoBERTa-base: pfeiffer 16 is 0.3M, 48 is 0.9M parameters"
    )
    style: str = setting(
        "pfeiffer",
        "Adapters after the feed-forward block, or also after attention",
        choices=("pfeiffer", "houlsby"),
        source="Pfeiffer et al. 2021; Houlsby et al. 2019",
    )
    activation: str = setting("relu", "Between down and up", choices=("relu", "gelu"), source="Pfeiffer et al.: relu")
    adapter_drop: int = setting(
        0, "The first n layers have no adapter", unit="layers", minimum=0, source="AdapterDrop, section 3"
    )
    random_drop: bool = setting(
        False,
        "In training, each batch leaves out the adapters of the first n' layers, n' uniform from 0 to random_drop_max",
        source="AdapterDrop, section 3.1",
    )
    random_drop_max: int | None = setting(
        None, "Most layers that random_drop leaves out; null: all but the last", unit="layers", minimum=1
    )

    def __post_init__(self) -> None:
        if self.random_drop_max is not None and not self.random_drop:
            raise ValueError("random_drop_max is set, but random_drop is false")


class Bottleneck(nn.Module):
    """x + up(activation(down(x))) with 2 m d + m + d parameters. With `active` False it returns x."""

    def __init__(self, width: int, params: AdapterParams, seed: int, place: str, device: torch.device) -> None:
        super().__init__()
        self.down = nn.Linear(width, params.bottleneck, device=device)
        self.up = nn.Linear(params.bottleneck, width, device=device)
        self.activation = _ACTIVATIONS[params.activation]
        self.active = True
        # `up` is zero, so the output starts as the base model's. Its gradient is not zero, since `down` is drawn.
        draw = torch.rand(self.down.weight.shape, generator=generator(seed, "adapter", place))
        with torch.no_grad():
            self.down.weight.copy_((2 * draw - 1) * width**-0.5)
            for zero in (self.down.bias, self.up.weight, self.up.bias):
                zero.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.up(self.activation(self.down(x))) if self.active else x


class Adapted(nn.Module):
    """A block with an adapter on its output, or on the first of its outputs."""

    def __init__(self, base_layer: nn.Module, adapter: Bottleneck) -> None:
        super().__init__()
        self.base_layer, self.adapter = base_layer, adapter

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        output = self.base_layer(*args, **kwargs)
        if isinstance(output, tuple):
            return (self.adapter(output[0]), *output[1:])
        return self.adapter(output)


class AdapterLearner(PeftLearner):
    """With random_drop, leaves out the lowest adapters in each training batch."""

    def __init__(self, model: LoadedModel, layers: list[nn.Module], cells: list[str], seed: int, most: int) -> None:
        super().__init__(model.module, model.head, cells, seed)
        self._layers, self._seed, self._most = layers, seed, most
        #: Numbers of layers that training steps left out -> number of steps.
        self.left_out: Counter[int] = Counter()
        self._first = 0  # of the last forward

    def adapters(self) -> list[list[Bottleneck]]:
        """The model's adapters by layer."""
        return [[module for module in layer.modules() if isinstance(module, Bottleneck)] for layer in self._layers]

    def dropped(self, step: StepKey) -> int:
        """Number of layers, from the first, whose adapters all micro-batches of this step leave out."""
        draw = torch.randint(self._most + 1, (), generator=generator(self._seed, "adapter drop", step))
        return int(draw)

    def forward(self, batch: Batch, step: StepKey | None, lanes: Sequence[int] | None = None) -> torch.Tensor:
        self._first = first = self.dropped(step) if self._most and step is not None else 0
        for layer, adapters in enumerate(self.adapters()):
            for adapter in adapters:
                adapter.active = layer >= first
        return super().forward(batch, step, lanes)

    def after_backward(self, step: int) -> None:
        self.left_out[self._first] += 1

    def state(self) -> dict[str, Any]:
        """With how often each number of layers was left out."""
        return super().state() | {"left_out": sorted(self.left_out.items())}

    def restore(self, state: dict[str, Any], cells: Iterable[str]) -> list[int]:
        self.left_out = Counter(dict(state["left_out"]))
        return super().restore(state, cells)


def places(model: LoadedModel, params: AdapterParams) -> list[tuple[int, str]]:
    """(layer, path of the module in it that gets an adapter). Raises SettingsError when every layer is dropped."""
    layers = find_layers(base_of(model.module))[0]
    most = max(params.adapter_drop, params.random_drop_max or 0)
    if most >= len(layers):
        key = "adapter_drop" if params.adapter_drop == most else "random_drop_max"
        raise SettingsError(f"method {METHOD.name}: {key} {most} leaves no adapter in a model of {len(layers)} layers")
    both = known_of(base_of(model.module)).blocks
    paths = both if params.style == "houlsby" else both[1:]
    return [(i, path) for i in range(params.adapter_drop, len(layers)) for path in paths]


class Adapter(Method):
    name = "adapter"
    summary = "Bottleneck adapters after the blocks, with AdapterDrop"
    source = "Houlsby et al. 2019; Pfeiffer et al. 2021; Rücklé et al. 2021, arXiv 2010.11918"
    Params = AdapterParams

    def notes(self, params: AdapterParams) -> list[str]:
        n = params.adapter_drop
        return [f"no adapters in the first {n} layer{'s' if n > 1 else ''}"] if n else []

    def parts(self, model: LoadedModel, params: AdapterParams) -> list[Part]:
        """2 m d + m + d for every adapter (semantics.md section 8)."""
        m, d = params.bottleneck, int(model.config.hidden_size)
        formula = f"2 m d + m + d = 2 * {m} * {d} + {m} + {d}"
        return [Part(f"layer {i} {path}", formula, 2 * m * d + m + d) for i, path in places(model, params)]

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> AdapterLearner:
        return attach(model, cells[0].params, [cell.id for cell in cells], cells[0].seed)

    def check(self, learner: Learner, cell: Cell) -> list[str]:
        """Check that dropped adapters are absent, all others present, and that random drops varied."""
        assert isinstance(learner, AdapterLearner)
        params, reasons = cell.params, []
        layers = learner.adapters()
        for i, found in enumerate(layers):
            wanted = 0 if i < params.adapter_drop else 2 if params.style == "houlsby" else 1
            if len(found) != wanted:
                reasons.append(f"layer {i} has {len(found)} adapters, not {wanted}")
        steps, choices = learner.left_out.total(), (params.random_drop_max or len(layers) - 1) + 1
        if params.random_drop and len(learner.left_out) == 1 and choices ** (1 - steps) < UNLIKELY:
            reasons.append(f"all {steps} steps left out the same adapters: random_drop did not act")
        return reasons

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        write_trained(folder, learner.tensors(lane), {"method": self.name})

    def load(self, model: LoadedModel, params: AdapterParams, folder: Path) -> AdapterLearner:
        tensors, _ = read_trained(folder, self.name)
        learner = attach(model, dataclasses.replace(params, random_drop=False, random_drop_max=None), [], 0)
        fill(learner.tensors(0), tensors, folder)
        return learner


def attach(model: LoadedModel, params: AdapterParams, cells: list[str], seed: int) -> AdapterLearner:
    wanted = places(model, params)
    layers = find_layers(base_of(model.module))[0]
    model.module.requires_grad_(False)
    like = next(model.module.parameters())
    for i, path in wanted:
        adapter = Bottleneck(int(model.config.hidden_size), params, seed, f"{i}.{path}", like.device)
        parent, _, child = path.rpartition(".")
        setattr(layers[i].get_submodule(parent), child, Adapted(layers[i].get_submodule(path), adapter))
    for parameter in model.head_parameters().values():
        parameter.requires_grad_(True)
    most = (params.random_drop_max or len(layers) - 1) if params.random_drop else 0
    return AdapterLearner(model, layers, cells, seed, most)


METHOD = Adapter()
