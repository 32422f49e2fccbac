"""What a plan says of merges and injections beforehand, and that what it calls impossible is."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from worker import Worker, only, settings

from lor2c_worker import messages
from lor2c_worker.methods import Horizon
from lor2c_worker.methods.lor2c_foresight import foresee, possible
from lor2c_worker.rules import PRESETS, Rules
from lor2c_worker.schedule import Layout, Schedule

PAPER = PRESETS["paper"]


def told(schedule: Schedule, *, rank: int = 8, layers: int = 12, steps: int | None = None) -> list[str]:
    """With ten steps per epoch."""
    whole = schedule.epochs * 10
    return foresee(schedule, rank, layers, Horizon(schedule.epochs, min(whole, steps or whole), 10))


def rules(**fields: Any) -> Rules:
    return dataclasses.replace(PAPER, **fields)


def test_late_events_are_told() -> None:
    assert told(Schedule(30, 1, 4, PAPER)) == []
    assert told(Schedule(3, 2, 0, PAPER)) == ["in the second half of 3 epochs: merge at epoch 2"]
    assert told(Schedule(2, 3, 0, PAPER)) == [
        "1 of 3 events fall after the last epoch and never happen: the run would end as failed, unless its rules have "
        "no candidate left by then",
        "at the end of the last epoch, with no training after it: merge",
    ]


def test_training_that_max_steps_ends_has_no_later_events() -> None:
    schedule = Schedule(30, 1, 4, PAPER)  # injections at 2, 4, 6 and 8, the merge at 8
    assert told(schedule, steps=81) == [
        "in the second half of 8.1 epochs: inject at epoch 6, merge at epoch 8, inject at epoch 8"
    ]
    assert told(schedule, steps=71) == [  # the eighth epoch is cut short, and its end has its decisions
        "in the second half of 7.1 epochs: inject at epoch 4, inject at epoch 6",
        "at the end of the last epoch, with no training after it: merge, inject",
    ]
    assert told(schedule, steps=31) == [
        "3 of 5 events fall after epoch 4, where train.max_steps ends training, and never happen: the run would end "
        "as failed, unless its rules have no candidate left by then",
        "in the second half of 3.1 epochs: inject at epoch 2",
        "at the end of the last epoch, with no training after it: inject",
    ]


def test_real_intervals_end_where_the_steps_end() -> None:
    schedule = Schedule(4, 4, 0, rules(interval="real"))  # merges at 0.25, 0.5, 0.75 and 1
    assert told(schedule) == []
    assert told(schedule, steps=7)[0].startswith("2 of 4 events fall after epoch 0.7, where train.max_steps ends")
    many = Schedule(4, 50, 0, rules(interval="real"))  # forty steps, each with one merge at most
    assert any(note.startswith("10 of 50 events fall after the last epoch") for note in told(many, layers=100))


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
    """Every layout that any scores could lead to, by walking through all of them."""
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
    worker.send(type="inspect", request="i", settings=[many, cut, few])
    first, second, third = only(worker.until_done(), messages.Inspected)
    assert first.warnings[0] == "at most 2 of 90 merges are possible on 3 layers"
    assert second.warnings == [
        "2 of 2 events fall after epoch 2, where train.max_steps ends training, and never happen: the run would end "
        "as failed, unless its rules have no candidate left by then"
    ]
    assert third.warnings == ["data.train_rows 100,000: there are 64 rows; all are used"]
