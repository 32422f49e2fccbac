"""Which cells train together as one tree of lanes, and how many lane-epochs that takes (semantics.md section 11)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..methods import Method, method_of, parse_params
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
    """Group cells that differ only in settings that their method marks as `schedule`, in their order."""
    trees: dict[str, list[TreeCell]] = {}
    for cell in cells:
        trees.setdefault(_shared(cell), []).append(cell)
    return list(trees.values())


def _shared(cell: TreeCell) -> str:
    scheduled = {f.name for f in fields(cell.method.Params) if f.metadata.get("schedule")}
    parameters = {k: v for k, v in cell.settings.method_parameters.items() if k not in scheduled}
    method = {**parameters, "family": cell.method.family or cell.method.name}
    return json.dumps([{**cell.raw_settings, "method": method}, dict(cell.planned)], sort_keys=True)


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
