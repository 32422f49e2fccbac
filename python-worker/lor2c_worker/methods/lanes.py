"""Cells as lanes of one learner: which begin as one, the learner, and initial values that depend on a lane's seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence

import torch
from torch import nn

from ..adapters.bank import Bank, BankParams, Numbers
from ..adapters.bank_learner import BankLearner
from ..backbones.backbone import Backbone
from ..backbones.heads import head_of
from ..backbones.hf_backbone import HfBackbone
from ..backbones.unpadded import UnpaddedEncoder
from ..backbones.unpadded_decoder import UnpaddedDecoder
from ..models import LoadedModel
from ..schedule import Schedule
from .method import Cell


def numbers_of(cell: Cell) -> Numbers:
    params = cell.params
    return Numbers(
        cell.seed,
        params.alpha,
        params.dropout,
        getattr(params, "injected_alpha", 16.0),
        getattr(params, "injected_dropout", 0.0),
    )


def marked(params: type, mark: str) -> list[str]:
    """Names of the settings that carry a mark: `schedule` or `number`."""
    return [field.name for field in dataclasses.fields(params) if field.metadata.get(mark)]


def start_of(cell: Cell) -> tuple[Hashable, ...]:
    """What makes a cell train differently from the first step on, besides its structure's rules."""
    own = tuple(getattr(cell.params, name) for name in marked(type(cell.params), "number"))
    return (cell.seed, cell.rates, cell.weight_decay, own)


def group_lanes(cells: Sequence[Cell], more: Callable[[Cell], Hashable] = lambda cell: None) -> list[list[Cell]]:
    """Cells that train alike from the first step on: `start_of` is equal, and what `more` gives.

    Lanes that can go through the model together are neighbours.
    """
    lanes: dict[Hashable, list[Cell]] = {}
    for cell in cells:
        lanes.setdefault((*start_of(cell), more(cell)), []).append(cell)
    return sorted(lanes.values(), key=lambda lane: numbers_of(lane[0]).together)


def choose_backbone(module: nn.Module) -> Backbone:
    """An unpadded encoder or decoder if the model has its form, else the module itself."""
    for kind in (UnpaddedEncoder, UnpaddedDecoder):
        try:
            return kind(module)
        except ValueError:
            continue
    return HfBackbone(module)


def build_learner(
    module: nn.Module,
    params: BankParams,
    schedules: dict[str, Schedule],
    groups: Sequence[Sequence[str]],
    numbers: Sequence[Numbers],
    decays: Mapping[str, float] | None = None,
    backbone: Backbone | None = None,
) -> BankLearner:
    """A learner with bank and head over the frozen module, on its device and in its dtype, at least fp32. `groups` and
    `numbers`: of each lane."""
    module.requires_grad_(False)
    backbone = choose_backbone(module) if backbone is None else backbone
    like: torch.Tensor = next(p for p in module.parameters() if p.is_floating_point())
    if like.dtype not in (torch.float32, torch.float64):
        like = like.float()  # adapters are never in half precision
    bank = Bank(backbone, params, numbers, like)
    return BankLearner(backbone, bank, head_of(module, len(groups)), schedules, groups, decays)


@torch.no_grad()
def redraw_heads(learner: BankLearner, model: LoadedModel) -> None:
    """Give each lane the head that its seed draws. The model has that of one seed, in which all lanes began."""
    slots = {slot.name: slot for slot in learner.head.slots()}
    for seed in {lane.seed for lane in learner.lanes} - {model.seed}:
        drawn = model.drawn_head(seed)
        for row, lane in enumerate(learner.lanes):
            if lane.seed == seed:
                for name, value in drawn.items():
                    slots[name].tensor[row] = value.to(slots[name].tensor)
