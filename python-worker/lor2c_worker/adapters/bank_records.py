"""What is reported of a lane's decisions and of the scores at an epoch's end."""

from __future__ import annotations

from ..learner import Change, ModuleScore, ScoreTable
from ..schedule import Decision, Layout, Merge, Schedule, Scores


def change_of(decision: Decision, schedule: Schedule, epoch: float, trainable_parameters: int) -> Change:
    """`trainable_parameters`: of the body, after the decision."""
    merge = isinstance(decision, Merge)
    span = (decision.span.start, decision.span.end) if isinstance(decision, Merge) else (decision.layer,) * 2
    frozen = not (schedule.rules.merged_trains if merge else schedule.rules.injected_trains)
    notes = ["frozen from now on"] if frozen else []
    if epoch >= (schedule.epochs if schedule.end is None else schedule.end):
        notes.append("no training follows")
    return Change(
        kind="merge" if merge else "inject",
        epoch=epoch,
        span_start=span[0],
        span_end=span[1],
        source=decision.keep if isinstance(decision, Merge) else decision.layer,
        score=decision.score,
        margin=decision.margin,
        scores_from_epoch=decision.scores_from,
        trainable_parameters=trainable_parameters,
        detail="; ".join(notes),
    )


def table_of(layout: Layout, epoch: float, score: str, values: Scores, trainable_parameters: int) -> ScoreTable:
    """`values`: the score of each residual module, by the layer it begins on. An injected LoRA has none."""
    modules = [ModuleScore(s.start, s.end, "lor2c", values[s.start]) for s in layout.spans]
    modules += [ModuleScore(layer, layer, "lora", None) for layer in layout.injected]
    modules.sort(key=lambda module: module.span_start)
    return ScoreTable(epoch, score, modules, trainable_parameters)
