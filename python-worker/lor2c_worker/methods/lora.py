"""LoRA (Hu et al. 2022, arXiv 2106.09685): W x + (alpha / r) B A drop(x), as lanes of a bank."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from ..adapters.bank import BankParams, Numbers
from ..adapters.bank_learner import BankLearner
from ..adapters.injection import Injection
from ..backbones.backbone import Projection
from ..backbones.heads import head_of
from ..frozen import FrozenLinear
from ..keyed.dropout import site_name
from ..learner import Learner
from ..models import LoadedModel
from ..rules import PRESETS
from ..schedule import Layout, Schedule
from .lanes import build_learner, group_lanes, redraw_heads
from .lor2c import layers_of
from .lora_folder import is_of, read_lora, stored_parameters, write_lora
from .lora_inside import LoraInside, LoraParams
from .method import Cell
from .peft_folder import ROOT
from .plan import Horizon
from .projections import linear_modules, module_ends, projection_paths, taken


class Lora(LoraInside):
    """In the bank every layer is injected from the start, and none has a residual module.

    A model of another form, whose layers have different shapes or a structure that is unknown here, trains with peft's
    layers inside it (`LoraInside`), in one lane.
    """

    lanes = True
    keeps_model = True

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> Learner:
        """A `BankLearner`, or a `PeftLearner` where the model's form does not allow one."""
        if not fits(model, cells[0].params):
            return super().build(model, cells, horizon=horizon)
        learner = on_bank(model, group_lanes(cells), horizon.epochs)
        redraw_heads(learner, model)
        return learner

    def saved_parameters(self, model: LoadedModel, params: LoraParams) -> int:
        return stored_parameters(model, params)

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        """Write a PEFT folder of type LORA; its form does not depend on the kind of the learner."""
        if isinstance(learner, BankLearner):
            write_lora(learner, lane, model, folder)
        else:
            super().save(learner, lane, model, folder)

    def load(self, model: LoadedModel, params: LoraParams, folder: Path) -> Learner:
        """Also what peft wrote. Raises ValueError when the tensors do not fit the settings."""
        if not (fits(model, params) and is_of(model, params, folder)):
            return super().load(model, params, folder)
        learner = on_bank(model, [[Cell("loaded", params)]], 1)
        read_lora(learner, model, folder)
        return learner


def fits(model: LoadedModel, params: LoraParams) -> bool:
    """Whether the bank can train this model: it knows the head and all targeted projections, which are plain linear
    layers of one shape in all layers. The model may be on meta."""
    try:
        paths = projection_paths(model.module)
        head_of(model.module, 0)
    except ValueError:
        return False
    chosen = taken(model, params.target_modules)
    shapes: dict[str, set[Any]] = {name: set() for name in chosen}
    modules = set[str]()
    for (_, name), place in paths.items():
        if name in shapes:
            linear = model.module.get_submodule(place.module)
            shapes[name].add(_shape(linear))
            modules.add(place.module)
    alike = all(len(found) == 1 and None not in found for found in shapes.values())
    return alike and len(linear_modules(model, module_ends(model, chosen))) == len(modules)


def _shape(linear: nn.Module) -> tuple[int, int] | None:
    plain = type(linear) is nn.Linear or isinstance(linear, FrozenLinear)
    return (linear.out_features, linear.in_features) if plain else None  # type: ignore[return-value]


def on_bank(model: LoadedModel, lanes: Sequence[Sequence[Cell]], epochs: int) -> BankLearner:
    """A learner with the cells of each lane, for a model that fits."""
    params, layers = lanes[0][0].params, layers_of(model)
    every = tuple(range(layers))
    bank = BankParams(
        rank=params.rank,
        injected_rank=params.rank,
        share=False,
        layout=Layout((), every),
        may_inject=True,
        injection=as_peft(model, params),
    )
    cells = [cell for lane in lanes for cell in lane]
    return build_learner(
        model.module,
        bank,
        {cell.id: Schedule(epochs=epochs, merges=0, injections=0, rules=PRESETS["paper"]) for cell in cells},
        [[cell.id for cell in lane] for lane in lanes],
        [lora_numbers(lane[0]) for lane in lanes],
        {cell.id: cell.weight_decay for cell in cells if cell.weight_decay is not None},
    )


def lora_numbers(cell: Cell) -> Numbers:
    """LoRA's are those of injected modules; there are no others."""
    alpha, dropout = cell.params.alpha, cell.params.dropout
    return Numbers(cell.seed, alpha, dropout, alpha, dropout)


def as_peft(model: LoadedModel, params: LoraParams) -> Injection:
    """Draws keyed by the names that peft gives A and its dropout in this model, so that both kinds of learner have
    the same initial values and masks."""
    paths = projection_paths(model.module)

    def own(layer: int, name: Projection) -> tuple[str, ...]:
        return () if paths[layer, name].of == 1 else (name,)  # others are in the same module

    sites = {
        place: ".".join((site_name(f"{at.module}.lora_dropout.default"), *own(*place))) for place, at in paths.items()
    }
    return Injection(
        projections=taken(model, params.target_modules),
        initial=lambda layer, name: (
            "lora",
            f"{ROOT}{paths[layer, name].module}.lora_A.default.weight",
            *own(layer, name),
        ),
        site=lambda layer, name: sites[layer, name],
    )


METHOD = Lora()
