"""The state of a bank learner as plain values and tensors, and back, so that another process can continue it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..learner import Lane
from ..optim.slot import Slot
from ..schedule import Layout, Progress, Span
from .bank import Spectra, Structure


@dataclass
class BankLane(Lane):
    """`history`: spectra at each epoch end so far, before its decisions."""

    history: dict[int, Spectra] = field(default_factory=dict)


def lanes_state(
    lanes: Sequence[BankLane], structures: Sequence[Structure], progress: Mapping[str, Progress]
) -> dict[str, Any]:
    """Cells, history and structure of each lane, and what each of their cells has decided so far."""
    return {
        "lanes": [{"cells": list(lane.cells), "history": _plain_history(lane.history)} for lane in lanes],
        "structures": [_structure_state(structure) for structure in structures],
        "progress": {cell: dataclasses.asdict(progress[cell]) for lane in lanes for cell in lane.cells},
    }


def lanes_with(state: dict[str, Any], cells: Iterable[str]) -> tuple[list[int], list[list[str]]]:
    """(indices of the lanes of a state that have any of `cells`, those cells of each)."""
    wanted = set(cells)
    kept = [(row, [cell for cell in lane["cells"] if cell in wanted]) for row, lane in enumerate(state["lanes"])]
    kept = [(row, members) for row, members in kept if members]
    return [row for row, _ in kept], [members for _, members in kept]


def restore_slots(slots: list[Slot], state: dict[str, Any], rows: Sequence[int]) -> None:
    """Give the slots `rows` of the stored tensors. Raises ValueError when a tensor is missing."""
    for slot in slots:
        stored = state["tensors"].get(slot.name)
        if stored is None or stored.shape[1:] != slot.tensor.shape[1:]:
            raise ValueError(f"the checkpoint lacks the tensor {slot.name}")
        slot.tensor = stored[list(rows)].to(slot.tensor).clone().requires_grad_()


def structures_of(state: dict[str, Any], rows: Sequence[int]) -> list[Structure]:
    return [_structure(state["structures"][row]) for row in rows]


def progress_of(state: dict[str, Any], cell: str) -> Progress:
    return Progress(**state["progress"][cell])


def _structure_state(structure: Structure) -> dict[str, Any]:
    return {
        "spans": [[span.start, span.end] for span in structure.layout.spans],
        "injected": list(structure.layout.injected),
        "frozen": sorted(structure.frozen),
        "end_dropout": sorted(structure.end_dropout),
        "dormant": sorted(structure.dormant),
    }


def _structure(value: dict[str, Any]) -> Structure:
    return Structure(
        layout=Layout(tuple(Span(first, last) for first, last in value["spans"]), tuple(value["injected"])),
        frozen=frozenset(value["frozen"]),
        end_dropout=frozenset(value["end_dropout"]),
        dormant=frozenset(value["dormant"]),
    )


def _plain_history(history: dict[int, dict[int, list[float]]]) -> list[Any]:
    """The spectra as pairs, since the keys of JSON are text."""
    return [[epoch, [[start, values] for start, values in spectra.items()]] for epoch, spectra in history.items()]


def history_of(plain: list[Any]) -> dict[int, dict[int, list[float]]]:
    return {epoch: dict(spectra) for epoch, spectra in plain}
