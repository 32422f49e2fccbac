"""What makes the trajectories of cells differ, and records that several cells share."""

from __future__ import annotations

import dataclasses

from ..learner import EpochRecord
from ..rules import Rules
from ..schedule import Decision, Layout, Merge, Progress, Schedule, Scores, decide


def trajectory_key(rules: Rules) -> tuple[object, ...]:
    """Cells with different keys train differently from the first step on, so they cannot begin in one lane."""
    return (rules.weight_decay, rules.decayed_parameters)


def decay_of(rules: Rules, own: float | None, *, bias: bool) -> float | None:
    """Weight decay of a cell's tensor: that of its rules, else its `own`. None: the optimizer's. `bias`: the tensor is
    a bias, which some rules leave alone."""
    if bias and rules.decayed_parameters == "no_biases":
        return 0.0
    return own if rules.weight_decay is None else rules.weight_decay


def effect_of(decision: Decision, rules: Rules) -> tuple[object, ...]:
    """What a decision does to a lane's training, without its reasons."""
    if isinstance(decision, Merge):
        how = (rules.merged_trains, rules.merged_moments, rules.span_dropout_at)
        return ("merge", decision.first, decision.second, decision.keep, *how)
    return ("inject", decision.layer, rules.injected_trains)


def expected_events(
    schedule: Schedule, layout: Layout, progress: Progress, after: float, scores: Scores
) -> list[tuple[float, tuple[object, ...]]]:
    """(epoch, effect) of what a cell will do after epoch `after` if its modules keep their scores.

    Modules without a score count as equal. Cells of one lane with equal lists will probably stay together, although
    their settings differ: many run out of candidates.
    """
    epochs = [e for _, e in schedule.events()] if schedule.real else range(1, schedule.epochs + 1)
    events: list[tuple[float, tuple[object, ...]]] = []
    for epoch in sorted({float(epoch) for epoch in epochs if epoch > after}):
        if not any(schedule.due(epoch, progress)):
            continue
        known = {span.start: scores.get(span.start, 0.0) for span in layout.spans}
        decisions, progress = decide(schedule, layout, progress, epoch, known, epoch)
        for decision in decisions:
            if isinstance(decision, Merge):
                layout = layout.merge(decision.first, decision.second)
            else:
                layout = layout.inject(decision.layer)
            events.append((epoch, effect_of(decision, schedule.rules)))
    return events


def vain_tries(before: Progress, after: Progress, epoch: float) -> list[str]:
    """One line for each event that was due between the two states and found no candidate."""
    notes = []
    if after.merge_tries - before.merge_tries > after.merges - before.merges:
        notes.append(f"epoch {epoch:g}: a merge was due, but the rules leave no pair of neighbours to merge")
    if after.inject_tries - before.inject_tries > after.injections - before.injections:
        notes.append(f"epoch {epoch:g}: an injection was due, but no module is left that has never merged")
    return notes


def gather_records(records: list[EpochRecord]) -> list[EpochRecord]:
    """Join equal records of cells of one lane into one."""
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
