"""What can be said of a cell's merges and injections before it trains: those that come late, or never can."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

from ..rules import Rules
from ..schedule import Schedule
from .method import Horizon


def foresee(schedule: Schedule, rank: int, layers: int, horizon: Horizon) -> list[str]:
    """Nothing of this is an error: a plan shows it, and the run begins. What is refused is `unreached`."""
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


def required(schedule: Schedule, layers: int, horizon: Horizon) -> tuple[int, int]:
    """Merges and injections without which the method did not act as its settings say, if each try finds a candidate.

    As many as the settings ask for and the layers allow; where the user lets a run be too short, as many as fall in it.
    """
    if horizon.may_fall_short:
        return _falling("merge", schedule, horizon), _falling("inject", schedule, horizon)
    return possible(schedule, layers)[:2]


def unreached(schedule: Schedule, layers: int, horizon: Horizon) -> list[str]:
    """Kinds of events of which fewer fall before the end of training than the settings ask for and the layers allow."""
    most = possible(schedule, layers)
    kinds: list[tuple[str, str, int, int]] = [
        ("merge", "merges", schedule.merges, most[0]),
        ("inject", "injections", schedule.injections, most[1]),
    ]
    found = []
    for kind, key, wanted, able in kinds:
        falling = _falling(kind, schedule, horizon)
        if falling < able:
            longer = _longer(kind, able, schedule, horizon)
            fewer = _fewer(kind, key, wanted, able, schedule, horizon)
            found.append(
                f"{wanted - falling} of {wanted} {key} fall after {_end(schedule, horizon)} and would never happen: "
                f"they fit with {longer}, or with method.{key} {fewer}"
            )
    return found


def _falling(kind: str, schedule: Schedule, horizon: Horizon) -> int:
    """Events of a kind before the end of training, if each try finds a candidate."""
    return sum(happening == kind for happening, _ in _happening(schedule, _last(schedule, horizon), horizon.steps))


def _longer(kind: str, able: int, schedule: Schedule, horizon: Horizon) -> str:
    """The shortest training in which the layers, and no longer the time, are the limit; as settings."""

    def fits(epochs: int, steps: int) -> bool:
        longer = dataclasses.replace(schedule, epochs=epochs)
        return _falling(kind, longer, dataclasses.replace(horizon, epochs=epochs, steps=steps)) >= able

    whole = horizon.epochs * horizon.steps_per_epoch
    cut = horizon.steps < whole
    if cut and fits(horizon.epochs, whole):
        low, high = horizon.steps, whole  # `high` fits, `low` does not
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if fits(horizon.epochs, middle) else (middle, high)
        return f"train.max_steps {high}"
    epochs = next(e for e in itertools.count(horizon.epochs + 1) if fits(e, e * horizon.steps_per_epoch))
    return f"train.num_train_epochs {epochs}{' and train.max_steps null' if cut else ''}"


def _fewer(kind: str, key: str, wanted: int, able: int, schedule: Schedule, horizon: Horizon) -> int:
    """The largest number that falls before the end. Fewer of them are further apart, so that each is tried."""
    fits = (n for n in range(min(wanted - 1, able), 0, -1) if _falling(kind, _with(schedule, key, n), horizon) >= n)
    return next(fits, 0)


def _with(schedule: Schedule, key: str, number: int) -> Schedule:
    changed: dict[str, Any] = {key: number}
    return dataclasses.replace(schedule, **changed)


def _last(schedule: Schedule, horizon: Horizon) -> float:
    """The last epoch that has events. One that is cut short has its end too, with the decisions of that time."""
    trained = horizon.steps / horizon.steps_per_epoch
    return trained if schedule.real else math.ceil(trained)


def _end(schedule: Schedule, horizon: Horizon) -> str:
    if horizon.steps >= horizon.epochs * horizon.steps_per_epoch:
        return "the last epoch"
    return f"epoch {_short(_last(schedule, horizon))}, where train.max_steps ends training,"


def _times(schedule: Schedule, horizon: Horizon) -> list[str]:
    trained, last = horizon.steps / horizon.steps_per_epoch, _last(schedule, horizon)
    events, notes = _happening(schedule, last, horizon.steps), []
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
