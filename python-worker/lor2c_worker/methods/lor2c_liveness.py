"""Whether merges and injections happened as a cell's settings say (semantics.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass

from ..adapters.bank_learner import BankLearner
from .method import Cell


@dataclass(frozen=True)
class _Events:
    """Numbers of one kind of a cell's events: asked for, done, tried, and required for the method to have acted."""

    kind: str
    wanted: int
    done: int
    tries: int
    required: int

    def __str__(self) -> str:
        return f"{self.done} of {self.wanted} {self.kind} done"


def unmet(learner: BankLearner, cell: Cell) -> list[str]:
    """Why the cell failed: events that were never due, or a structure that does not fit its events."""
    never_due = [
        f"{events} after {events.tries} tries: the run ended before the others were due"
        for events in _events(learner, cell)
        if events.done < events.required and events.done == events.tries
    ]
    return never_due + _structure(learner, cell)


def excused(learner: BankLearner, cell: Cell) -> list[str]:
    """What is missing without a failure: a try found no candidate, or the user allows a run that is too short."""
    remarks = []
    for events in _events(learner, cell):
        vain = events.tries - events.done
        if vain > 0 and events.done < events.wanted:
            remarks.append(f"{events}: the rules left no candidate at {vain} of {events.tries} tries")
        elif events.done < events.wanted:
            remarks.append(f"{events}: the run ended before the others were due")
    return remarks


def _events(learner: BankLearner, cell: Cell) -> list[_Events]:
    done, (merges, injections) = learner.progress(cell.id), learner.required[cell.id]
    return [
        _Events("merges", getattr(cell.params, "merges", 0), done.merges, done.merge_tries, merges),
        _Events("injections", getattr(cell.params, "injections", 0), done.injections, done.inject_tries, injections),
    ]


def _structure(learner: BankLearner, cell: Cell) -> list[str]:
    """Check the structure: each event removes one residual module, each injection leaves a LoRA."""
    lane = next(i for i, lane in enumerate(learner.lanes) if cell.id in lane.cells)
    layout, done = learner.bank.structures[lane].layout, learner.progress(cell.id)
    left = learner.backbone.layers - done.merges - done.injections
    reasons = []
    if len(layout.spans) != left:
        reasons.append(
            f"{len(layout.spans)} residual modules are left, not {left}, after {done.merges} merges and "
            f"{done.injections} injections"
        )
    if len(layout.injected) != done.injections:
        reasons.append(f"{len(layout.injected)} layers have an injected LoRA, not {done.injections}")
    return reasons
