"""Cells as lanes of one learner: which begin as one, and initial values that depend on a lane's seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence

import torch

from ..adapters.bank import Numbers
from ..adapters.bank_learner import BankLearner
from ..models import LoadedModel
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
