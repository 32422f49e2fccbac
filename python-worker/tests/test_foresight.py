"""A plan's warnings about merges and injections, and that impossible ones really are."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from worker import Worker, only, settings

from lor2c_worker import messages
from lor2c_worker.methods import Horizon
from lor2c_worker.methods.lor2c_foresight import foresee, possible, required, unreached
from lor2c_worker.rules import PRESETS, Rules
from lor2c_worker.schedule import Layout, Schedule

PAPER = PRESETS["paper"]


def told(schedule: Schedule, *, rank: int = 8, layers: int = 12, steps: int | None = None) -> list[str]:
    """The warnings, with ten steps per epoch."""
    whole = schedule.epochs * 10
    return foresee(schedule, rank, layers, Horizon(schedule.epochs, min(whole, steps or whole), 10))


def rules(**fields: Any) -> Rules:
    return dataclasses.replace(PAPER, **fields)


def short(schedule: Schedule, *, layers: int = 12, steps: int | None = None, allowed: bool = False) -> list[str]:
    """The events that never happen, with ten steps per epoch."""
    whole = schedule.epochs * 10
    return unreached(schedule, layers, Horizon(schedule.epochs, min(whole, steps or whole), 10, allowed))


def test_late_events_are_told() -> None:
    assert told(Schedule(30, 1, 4, PAPER)) == []
    assert told(Schedule(3, 2, 0, PAPER)) == ["in the second half of 3 epochs: merge at epoch 2"]
    assert told(Schedule(2, 2, 0, PAPER)) == ["at the end of the last epoch, with no training after it: merge"]


def test_events_after_the_end_are_told_with_what_would_fit() -> None:
    assert short(Schedule(30, 1, 4, PAPER)) == []
    assert short(Schedule(2, 3, 0, PAPER)) == [
        "1 of 3 merges fall after the last epoch and would never happen: they fit with train.num_train_epochs 3, or "
        "with method.merges 2"
    ]
    assert short(Schedule(2, 3, 4, PAPER)) == [
        "1 of 3 merges fall after the last epoch and would never happen: they fit with train.num_train_epochs 3, or "
        "with method.merges 2",
        "2 of 4 injections fall after the last epoch and would never happen: they fit with train.num_train_epochs 4, "
        "or with method.injections 2",
    ]


def test_training_that_max_steps_ends_has_no_later_events() -> None:
    schedule = Schedule(30, 1, 4, PAPER)  # injections at 2, 4, 6 and 8, the merge at 8
    assert short(schedule, steps=71) == []  # the eighth epoch is cut short, but decisions come at its end too
    assert told(schedule, steps=81) == [
        "in the second half of 8.1 epochs: inject at epoch 6, merge at epoch 8, inject at epoch 8"
    ]
    assert told(schedule, steps=71) == [
        "in the second half of 7.1 epochs: inject at epoch 4, inject at epoch 6",
        "at the end of the last epoch, with no training after it: merge, inject",
    ]
    assert short(schedule, steps=31) == [
        "1 of 1 merges fall after epoch 4, where train.max_steps ends training, and would never happen: they fit with "
        "train.max_steps 71, or with method.merges 0",
        "2 of 4 injections fall after epoch 4, where train.max_steps ends training, and would never happen: they fit "
        "with train.max_steps 71, or with method.injections 0",
    ]
    both = short(Schedule(2, 3, 0, PAPER), steps=5)
    assert both[0].endswith("they fit with train.num_train_epochs 3 and train.max_steps null, or with method.merges 1")


def test_real_intervals_end_where_the_steps_end() -> None:
    schedule = Schedule(4, 4, 0, rules(interval="real"))  # merges at 0.25, 0.5, 0.75 and 1
    assert (told(schedule), short(schedule)) == ([], [])
    (note,) = short(schedule, steps=7)
    assert note.startswith("2 of 4 merges fall after epoch 0.7, where train.max_steps ends")
    assert "they fit with train.max_steps 10, or with" in note
    assert told(schedule, steps=10)[-1] == "at the end of the last epoch, with no training after it: merge"
    between = Schedule(4, 3, 0, rules(interval="real"))  # at 0.33, 0.67 and 1, after steps 4, 7 and 10
    assert told(between, steps=7)[-1].startswith("at the end of the last epoch"), "rounded up to it"
    many = Schedule(4, 50, 0, rules(interval="real"))  # forty steps, each with one merge at most
    (note,) = short(many, layers=100)
    assert note.startswith("10 of 50 merges fall after the last epoch")
    assert "train.num_train_epochs 5, or with method.merges 40" in note


@pytest.mark.parametrize("interval", ["ceil", "real"])
@pytest.mark.parametrize("steps", [None, 3, 11, 25, 40])
def test_what_would_fit_does_and_one_less_does_not(interval: str, steps: int | None) -> None:
    for epochs, merges, injections in itertools.product([1, 2, 3, 5, 8], [0, 1, 2, 3, 7], [0, 1, 4, 9]):
        schedule = Schedule(epochs, merges, injections, rules(interval=interval))
        for note in short(schedule, steps=steps):
            kind = "merges" if " merges fall" in note else "injections"

            def fits(schedule: Schedule, steps: int | None, kind: str = kind) -> bool:
                return not any(f" {kind} fall" in other for other in short(schedule, steps=steps))

            number = int(note.rpartition(f"method.{kind} ")[2])
            assert fits(dataclasses.replace(schedule, **{kind: number}), steps)
            if longer := re.search(r"max_steps (\d+)", note):
                assert fits(schedule, int(longer[1]))
                assert not fits(schedule, int(longer[1]) - 1)
            else:
                needed = int(note.partition("num_train_epochs ")[2].partition(",")[0].split()[0])
                assert fits(dataclasses.replace(schedule, epochs=needed), None)
                assert not fits(dataclasses.replace(schedule, epochs=needed - 1), None)


def test_where_the_layers_are_the_limit_time_is_not() -> None:
    assert short(Schedule(12, 90, 0, PAPER), layers=3) == []  # twelve tries for the two merges that three layers allow
    assert short(Schedule(2, 3, 0, PAPER), layers=3) == []
    assert len(short(Schedule(1, 3, 0, PAPER), layers=3)) == 1


def test_a_run_that_may_be_too_short_has_to_do_what_falls_in_it() -> None:
    schedule = Schedule(2, 1, 4, PAPER)
    assert required(schedule, 12, Horizon(2, 20, 10)) == (1, 4)
    assert required(schedule, 12, Horizon(2, 20, 10, True)) == (1, 2)
    assert required(schedule, 3, Horizon(2, 20, 10)) == (1, 3)


@pytest.mark.parametrize(
    ("schedule", "layers", "note"),
    [
        (Schedule(400, 90, 0, PAPER), 6, "at most 5 of 90 merges are possible on 6 layers"),
        (Schedule(400, 4, 0, PAPER, max_span=2), 6, "at most 3 of 4 merges are possible on 6 layers with max_span 2"),
        (Schedule(400, 1, 0, PAPER), 1, "at most 0 of 1 merges are possible on 1 layer"),
        (Schedule(400, 0, 7, PAPER), 6, "at most 6 of 7 injections are possible on 6 layers"),
        (Schedule(400, 3, 3, PAPER), 6, "at most 5 of 6 merges and injections together are possible on 6 layers"),
        (
            Schedule(400, 2, 0, PRESETS["official"], share=True),
            6,
            "at most 0 of 2 merges are possible with rules.share_scores first",
        ),
    ],
)  # fmt: skip
def test_what_the_layers_do_not_allow_is_told(schedule: Schedule, layers: int, note: str) -> None:
    assert told(schedule, layers=layers)[0] == note


@pytest.mark.parametrize("max_span", [None, 2, 3, 4])
@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5, 6])
def test_no_order_of_decisions_does_more_and_one_does_as_much(layers: int, max_span: int | None) -> None:
    """Walks through every layout to which any scores could lead."""
    seen, reach = {Layout.initial(layers)}, [(Layout.initial(layers), 0, 0)]
    for layout, merges, injections in reach:
        after = [
            (layout.merge(first, second), merges + 1, injections)
            for first, second in zip(layout.spans, layout.spans[1:], strict=False)
            if first.end + 1 == second.start and len(first) + len(second) <= (max_span or layers)
        ]
        after += [(layout.inject(s.start), merges, injections + 1) for s in layout.spans if not s.merged]
        reach += [state for state in after if state[0] not in seen]
        seen |= {state[0] for state in after}
    for budget in ((m, i) for m in range(8) for i in range(8)):
        within = [(m, i) for _, m, i in reach if m <= budget[0] and i <= budget[1]]
        expected = max(m for m, _ in within), max(i for _, i in within), max(m + i for m, i in within)
        assert possible(Schedule(400, *budget, PAPER, max_span), layers) == expected


@pytest.mark.parametrize(("score", "same"), [("sfs", 0), ("top_share", 1)])
def test_scores_that_count_every_singular_value_are_told(score: str, same: int) -> None:
    schedule = Schedule(30, 1, 0, rules(score=score, score_k=4))
    assert told(schedule, rank=5) == []
    assert told(schedule, rank=4) == [
        f"rules.score_k 4: at rank 4 the score {score} of every module is {same}, so that the lowest layers change "
        "first"
    ]
    assert told(dataclasses.replace(schedule, merges=0), rank=4) == []
    assert told(Schedule(30, 1, 0, rules(score="mean_singular_value", score_k=4)), rank=4) == []


def test_a_plan_knows_of_max_steps_layers_and_rows(worker: Worker, place: Path) -> None:
    def asked(method: dict[str, Any], **train: Any) -> dict[str, Any]:
        return settings(place, method={"rank": 4, **method}, num_train_epochs=12, **train)

    many = asked({"name": "mergelor2c", "merges": 90})  # three layers, eight steps per epoch
    cut = asked({"name": "imlor2c", "merges": 1, "injections": 1}, max_steps=10)
    few = settings(place)
    few["data"] = {**few["data"], "train_rows": 100_000, "eval_rows": 20}
    still = asked({"name": "imlor2c", "merges": 1, "injections": 1}, max_steps=10, allow_unreached_events=True)
    worker.send(type="inspect", request="i", settings=[many, cut, few, still])
    first, second, third, allowed = only(worker.until_done(), messages.Inspected)
    assert first.warnings[0] == "at most 2 of 90 merges are possible on 3 layers"
    assert second.fingerprint is None
    assert second.problems == [
        "1 of 1 merges fall after epoch 2, where train.max_steps ends training, and would never happen: they fit with "
        "train.max_steps 17, or with method.merges 0; "
        "1 of 1 injections fall after epoch 2, where train.max_steps ends training, and would never happen: they fit "
        "with train.max_steps 17, or with method.injections 0. train.allow_unreached_events: true trains it all the "
        "same"
    ]
    assert allowed.problems == []
    assert [note.partition(":")[0] for note in allowed.warnings] == [
        f"1 of 1 {kind} fall after epoch 2, where train.max_steps ends training, and would never happen"
        for kind in ("merges", "injections")
    ]
    assert third.warnings == ["data.train_rows 100,000: there are 64 rows; all are used"]


def test_an_adalora_that_could_not_begin_is_refused_beforehand(worker: Worker, place: Path) -> None:
    method = {"name": "adalora", "init_rank": 4, "target_rank": 2, "tinit": 10, "tfinal": 8}
    asked = [settings(place, method=method, num_train_epochs=epochs, **allow) for epochs, allow in _ADALORA]
    worker.send(type="inspect", request="i", settings=asked)
    problem = (
        "method adalora: tinit 10 + tfinal 8 leave no step to shrink the budget in a run of 16 steps: use at least "
        "19 steps, or smaller values of both"
    )
    found = [event.problems for event in only(worker.until_done(), messages.Inspected)]
    assert found == [[problem], [problem], []]


#: Eight steps per epoch. A method that cannot be built is refused, whatever the user allows.
_ADALORA: list[tuple[int, dict[str, bool]]] = [(2, {}), (2, {"allow_unreached_events": True}), (3, {})]
