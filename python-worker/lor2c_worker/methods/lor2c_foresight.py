"""What is known about a cell's merges and injections before training: which come late, and which never can."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

from ..rules import Rules
from ..schedule import Schedule
from .plan import Horizon


def foresee(schedule: Schedule, rank: int, layers: int, horizon: Horizon) -> list[str]:
    """Warnings for the plan; the run begins all the same. `unreached` lists what a run is refused for."""
    scored = _scores(schedule.rules, rank) if schedule.merges + schedule.injections else []
    return [*_impossible(schedule, layers), *_times(schedule, horizon), *scored]


def possible(schedule: Schedule, layers: int) -> tuple[int, int, int]:
    """(most merges, most injections, most of both together) that `layers` layers allow, for any scores.

    A merged module spans at most `max_span` layers. So m merges need m layers, and one more for each merged module. An
    injection needs a layer of its own that never merged.
    """
    longest = layers if schedule.max_span is None else min(layers, schedule.max_span)

    def left(merges: int) -> int:
        return layers - merges - (math.ceil(merges / (longest - 1)) if merges else 0)

    most = 0 if longest < 2 or _one_scored(schedule) else min(schedule.merges, layers - math.ceil(layers / longest))
    both = max(merges + min(schedule.injections, left(merges)) for merges in range(most + 1))
    return most, min(schedule.injections, layers), both


def _one_scored(schedule: Schedule) -> bool:
    """Only one module has a score, so that nothing can merge."""
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
    """(merges, injections) that must happen for the method to act as its settings say, if each try finds a candidate.

    As many as the settings ask for and the layers allow; if the user allows a run that is too short, as many as fall
    into it.
    """
    if horizon.may_fall_short:
        return _falling("merge", schedule, horizon), _falling("inject", schedule, horizon)
    return possible(schedule, layers)[:2]


def unreached(schedule: Schedule, layers: int, horizon: Horizon) -> list[str]:
    """One line for each kind of event of which too few fall before the end of training, with what would fit."""
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
    """Number of events of a kind before the end of training, if each try finds a candidate."""
    return sum(happening == kind for happening, _ in _happening(schedule, horizon))


def _longer(kind: str, able: int, schedule: Schedule, horizon: Horizon) -> str:
    """Settings of the shortest training in which `able` events of the kind fit."""

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
    """The largest number of events that fit. Fewer events are further apart, so each number is tried."""
    fits = (n for n in range(min(wanted - 1, able), 0, -1) if _falling(kind, _with(schedule, key, n), horizon) >= n)
    return next(fits, 0)


def _with(schedule: Schedule, key: str, number: int) -> Schedule:
    changed: dict[str, Any] = {key: number}
    return dataclasses.replace(schedule, **changed)


def last_epoch(schedule: Schedule, horizon: Horizon) -> float:
    """The last epoch with events. An epoch that max_steps cuts short ends with its decisions too."""
    trained = horizon.steps / horizon.steps_per_epoch
    return trained if schedule.real else math.ceil(trained)


def _end(schedule: Schedule, horizon: Horizon) -> str:
    if horizon.steps >= horizon.epochs * horizon.steps_per_epoch:
        return "the last epoch"
    return f"epoch {_short(last_epoch(schedule, horizon))}, where train.max_steps ends training,"


def _times(schedule: Schedule, horizon: Horizon) -> list[str]:
    trained, last = horizon.steps / horizon.steps_per_epoch, last_epoch(schedule, horizon)
    events, notes = _happening(schedule, horizon), []
    late = [f"{kind} at epoch {_short(epoch)}" for kind, epoch in events if trained / 2 < epoch < last]
    at_end = [kind for kind, epoch in events if epoch >= last]
    if late:
        notes.append(f"in the second half of {_short(trained)} epochs: {', '.join(late)}")
    if at_end:
        notes.append(f"at the end of the last epoch, with no training after it: {', '.join(at_end)}")
    return notes


def _happening(schedule: Schedule, horizon: Horizon) -> list[tuple[str, float]]:
    """Events before the end of training, at the epochs at which they happen."""
    last = last_epoch(schedule, horizon)
    return [(kind, epoch) for kind, epoch in schedule.falling(horizon.steps_per_epoch) if epoch <= last]


def _short(epochs: float) -> str:
    return f"{round(epochs, 2):g}"


def _scores(rules: Rules, rank: int) -> list[str]:
    """A warning if the score counts all singular values, `rank` of them, and is therefore equal for all modules."""
    same = {"sfs": 0, "top_share": 1}.get(rules.score)
    if same is None or rules.score_k < rank:
        return []
    return [
        f"rules.score_k {rules.score_k}: at rank {rank} the score {rules.score} of every module is {same}, "
        "so that the lowest layers change first"
    ]
