"""What is worth knowing of a cell's merges and injections before it trains: those that come late, or never can."""

from __future__ import annotations

import math

from ..rules import Rules
from ..schedule import Schedule
from .method import Horizon


def foresee(schedule: Schedule, rank: int, layers: int, horizon: Horizon) -> list[str]:
    """Nothing of this is an error: a plan shows it, and the run begins."""
    scored = _scores(schedule.rules, rank) if schedule.merges + schedule.injections else []
    return [*_impossible(schedule, layers), *_times(schedule, horizon), *scored]


def possible(schedule: Schedule, layers: int) -> tuple[int, int, int]:
    """Most merges, most injections, and most of both together that so many layers allow, whatever the scores.

    A module that merges span `max_span` layers at most, so that m merges need m layers and one more for each such
    module; an injection needs a layer of its own, and one that never merged.
    """
    longest = layers if schedule.max_span is None else min(layers, schedule.max_span)

    def left(merges: int) -> int:
        return layers - merges - (math.ceil(merges / (longest - 1)) if merges else 0)

    most = 0 if longest < 2 or _one_scored(schedule) else min(schedule.merges, layers - math.ceil(layers / longest))
    both = max(merges + min(schedule.injections, left(merges)) for merges in range(most + 1))
    return most, min(schedule.injections, layers), both


def _one_scored(schedule: Schedule) -> bool:
    """A merge needs two modules with a score."""
    return schedule.share and schedule.rules.share_scores == "first"


def _impossible(schedule: Schedule, layers: int) -> list[str]:
    merges, injections, both = possible(schedule, layers)
    span = schedule.max_span is not None and schedule.max_span < layers
    place = f"on {layers} layers" if layers != 1 else "on 1 layer"
    of_merges = f"{place} with max_span {schedule.max_span}" if span else place
    if _one_scored(schedule):
        of_merges = "with rules.share_scores first"
    notes = []
    if merges < schedule.merges:
        notes.append(f"at most {merges} of {schedule.merges} merges are possible {of_merges}")
    if injections < schedule.injections:
        notes.append(f"at most {injections} of {schedule.injections} injections are possible {place}")
    if both < merges + injections:
        wanted = schedule.merges + schedule.injections
        notes.append(f"at most {both} of {wanted} merges and injections together are possible {place}")
    return notes


def _times(schedule: Schedule, horizon: Horizon) -> list[str]:
    trained = horizon.steps / horizon.steps_per_epoch
    # An epoch that is cut short has its end too, with the decisions of that time.
    last = trained if schedule.real else math.ceil(trained)
    events = _happening(schedule, last, horizon.steps)
    wanted, notes = schedule.merges + schedule.injections, []
    if missing := wanted - len(events):
        cut = trained < horizon.epochs
        end = f"epoch {_short(last)}, where train.max_steps ends training," if cut else "the last epoch"
        notes.append(
            f"{missing} of {wanted} events fall after {end} and never happen: the run would end as failed, "
            "unless its rules have no candidate left by then"
        )
    late = [f"{kind} at epoch {epoch:g}" for kind, epoch in events if trained / 2 < epoch < last]
    at_end = [kind for kind, epoch in events if epoch >= last]
    if late:
        notes.append(f"in the second half of {_short(trained)} epochs: {', '.join(late)}")
    if at_end:
        notes.append(f"at the end of the last epoch, with no training after it: {', '.join(at_end)}")
    return notes


def _happening(schedule: Schedule, last: float, steps: int) -> list[tuple[str, float]]:
    """Events up to epoch `last`; of each kind, no step and no epoch end has more than one."""
    found: dict[str, int] = {}
    events = []
    for kind, epoch in schedule.events():
        found[kind] = found.get(kind, 0) + 1
        if epoch <= last and found[kind] <= steps:
            events.append((kind, epoch))
    return events


def _short(epochs: float) -> str:
    return f"{round(epochs, 2):g}"


def _scores(rules: Rules, rank: int) -> list[str]:
    """A module has as many singular values as its rank; scores that count all of them tell no two modules apart."""
    same = {"sfs": 0, "top_share": 1}.get(rules.score)
    if same is None or rules.score_k < rank:
        return []
    return [
        f"rules.score_k {rules.score_k}: at rank {rank} the score {rules.score} of every module is {same}, "
        "so that the lowest layers change first"
    ]
