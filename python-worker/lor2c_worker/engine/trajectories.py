"""What makes trajectories of cells differ, and what their records have in common."""

from __future__ import annotations

import dataclasses

from ..rules import Rules
from ..schedule import Decision, Merge, Progress
from .learner import EpochRecord


def trajectory_key(rules: Rules) -> tuple[object, ...]:
    """Cells whose rules differ in this train differently from the first step on, and cannot begin in one lane."""
    return (rules.weight_decay, rules.decayed_parameters)


def effect_of(decision: Decision, rules: Rules) -> tuple[object, ...]:
    """What a decision does to a lane's training, without why."""
    if isinstance(decision, Merge):
        how = (rules.merged_trains, rules.merged_moments, rules.span_dropout_at)
        return ("merge", decision.first, decision.second, decision.keep, *how)
    return ("inject", decision.layer, rules.injected_trains)


def vain_tries(before: Progress, after: Progress, epoch: float) -> list[str]:
    """One line for each event that was due between the two and found no candidate."""
    notes = []
    if after.merge_tries - before.merge_tries > after.merges - before.merges:
        notes.append(f"epoch {epoch:g}: a merge was due, but the rules leave no pair of neighbours to merge")
    if after.inject_tries - before.inject_tries > after.injections - before.injections:
        notes.append(f"epoch {epoch:g}: an injection was due, but no module is left that has never merged")
    return notes


def gather_records(records: list[EpochRecord]) -> list[EpochRecord]:
    """One record for all cells of a lane that say the same."""
    gathered: list[EpochRecord] = []
    for record in records:
        if not record.changes and record.table is None and not record.notes:
            continue
        same = next((g for g in gathered if dataclasses.replace(g, cells=record.cells) == record), None)
        if same is None:
            gathered.append(record)
        else:
            same.cells.extend(record.cells)
    return gathered
