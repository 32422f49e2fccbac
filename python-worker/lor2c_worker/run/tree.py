"""Which cells train together as one tree of lanes, and how many lane-epochs that takes (semantics.md section 11)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..methods import Cell, Method, cell_of, marked, method_of, parse_params
from ..settings import Settings

#: (epoch, event). Two cells have one trajectory until their lists of events differ.
Events = Sequence[tuple[float, Hashable]]


@dataclass(frozen=True)
class TreeCell:
    """One run of a tree: its id, its folder, its settings as plain values and parsed."""

    id: str
    folder: Path
    raw_settings: dict[str, Any]
    settings: Settings
    method: Method
    params: Any
    #: The plan's fingerprint of model, data, precision and numerics, from which the runner made the id.
    planned: Mapping[str, str]
    #: The cell may go on from a checkpoint.
    resume: bool

    @property
    def cell(self) -> Cell:
        """What its method needs to know of it."""
        return cell_of(self.id, self.params, self.settings)


def read_cell(
    id: str, folder: Path, raw_settings: dict[str, Any], planned: Mapping[str, str], resume: bool
) -> TreeCell:
    """Parse the settings of a cell. `auto` precision becomes that of the plan, since a second measurement may differ.

    Raises SettingsError when the settings cannot be read.
    """
    settings = Settings.from_json(raw_settings)
    if settings.train.precision == "auto" and "precision" in planned:
        settings = replace(settings, train=replace(settings.train, precision=planned["precision"]))
    method = method_of(settings.method["name"])
    params = parse_params(method, settings.method_parameters)
    return TreeCell(id, folder, raw_settings, settings, method, params, planned, resume)


def group_trees(cells: Sequence[TreeCell]) -> list[list[TreeCell]]:
    """Group cells that differ only in settings that their method marks as `schedule` and, if it has lanes, in numbers.
    They keep their order."""
    trees: dict[str, list[TreeCell]] = {}
    for cell in cells:
        trees.setdefault(_shared(cell), []).append(cell)
    return list(trees.values())


#: Settings of a run that lanes may differ in, besides its seed.
TRAIN_NUMBERS = ("learning_rate", "head_learning_rate", "weight_decay")


def _shared(cell: TreeCell) -> str:
    own = {*marked(cell.method.Params, "schedule")}
    settings = dict(cell.raw_settings)
    if cell.method.lanes:
        own |= {*marked(cell.method.Params, "number")}
        settings |= {"seed": None, "train": {k: v for k, v in settings["train"].items() if k not in TRAIN_NUMBERS}}
    parameters = {k: v for k, v in cell.settings.method_parameters.items() if k not in own}
    settings |= {"method": {**parameters, "family": cell.method.family or cell.method.name}}
    return json.dumps([settings, dict(cell.planned)], sort_keys=True)


def lane_epochs(events: Mapping[str, Events], epochs: float, start: float = 0.0) -> float:
    """Lane-epochs from epoch `start` on, if every try finds a candidate: the number of different histories, summed over
    epochs. An event at an epoch's end parts its cells from then on.
    """
    times = sorted({start, epochs, *(e for own in events.values() for e, _ in own if start < e < epochs)})
    total = 0.0
    for begin, end in itertools.pairwise(times):
        pasts = {tuple(event for event in own if event[0] <= begin) for own in events.values()}
        total += len(pasts) * (end - begin)
    return total
