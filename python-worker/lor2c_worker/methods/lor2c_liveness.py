"""Whether merges and injections happened as a cell's settings say (semantics.md section 4)."""

from __future__ import annotations

from ..engine.bank_learner import BankLearner
from .method import Cell


def unmet(learner: BankLearner, cell: Cell) -> list[str]:
    """Why the cell failed: events that were never due, or a structure that is not what its events make of it."""
    never_due = [
        f"{acted} of {wanted} {kind} done after {tries} tries: the run ended before the others were due"
        for kind, wanted, acted, tries in _events(learner, cell)
        if acted < wanted and acted == tries
    ]
    return never_due + _structure(learner, cell)


def excused(learner: BankLearner, cell: Cell) -> list[str]:
    """What is missing because a try found no candidate: nothing failed, and the record says so."""
    return [
        f"{acted} of {wanted} {kind} done: the rules left no candidate at {tries - acted} of {tries} tries"
        for kind, wanted, acted, tries in _events(learner, cell)
        if acted < wanted and acted != tries
    ]


def _events(learner: BankLearner, cell: Cell) -> list[tuple[str, int, int, int]]:
    """(kind, wanted, done, tries)."""
    done = learner.progress(cell.id)
    return [
        ("merges", getattr(cell.params, "merges", 0), done.merges, done.merge_tries),
        ("injections", getattr(cell.params, "injections", 0), done.injections, done.inject_tries),
    ]


def _structure(learner: BankLearner, cell: Cell) -> list[str]:
    """Each event takes one residual module away; each injection leaves a LoRA."""
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
