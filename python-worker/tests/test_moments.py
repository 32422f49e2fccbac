"""Which of logging, decisions and evaluation is due after a step, and what an evaluation within an epoch changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from loops import SETTINGS

from lor2c_worker.run.moments import (
    LOOK_EVERY,
    Due,
    EpochEnd,
    Interval,
    Moments,
    Policy,
    look_due,
    save_due,
    schedule_warnings,
    steps_per_epoch,
    total_steps,
)

NOTHING = Due(log=False, decide=False, evaluate=False)


def steps_of(moments: Moments, what: Callable[[Due], bool]) -> list[int]:
    return [step for step in range(1, moments.total + 1) if what(moments.after(step))]


def due_steps(policy: Policy, steps: int, per_epoch: int) -> list[int]:
    return [step for step in range(1, steps + 1) if policy.due(step, per_epoch)]


@pytest.mark.parametrize(
    ("rows", "batch", "parts", "per_epoch"),
    [(64, 8, 1, 8), (65, 8, 1, 9), (64, 8, 4, 2), (50, 8, 2, 4), (7, 8, 1, 1), (7, 8, 4, 1), (33, 8, 4, 2)],
)
def test_smaller_last_batches_and_accumulations_count(rows: int, batch: int, parts: int, per_epoch: int) -> None:
    settings = replace(SETTINGS, batch_size=batch, gradient_accumulation_steps=parts, num_train_epochs=3)
    assert steps_per_epoch(rows, settings) == per_epoch
    assert total_steps(rows, settings) == 3 * per_epoch
    assert total_steps(rows, replace(settings, max_steps=2)) == 2
    assert total_steps(rows, replace(settings, max_steps=1000)) == 3 * per_epoch


def test_an_epochs_end_is_its_last_step() -> None:
    assert due_steps(EpochEnd(), 12, 5) == [5, 10]
    assert due_steps(EpochEnd(), 3, 1) == [1, 2, 3]


@pytest.mark.parametrize(
    ("epochs", "per_epoch", "steps"),
    [
        (1.0, 5, [5, 10, 15, 20]),
        (0.5, 4, [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]),
        (0.5, 5, [3, 5, 8, 10, 13, 15, 18, 20]),  # 0.5 falls within the third step
        (2.0, 5, [10, 20]),
        (0.3, 5, [2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20]),  # every 1.5 steps
        (0.1, 5, list(range(1, 21))),  # several multiples within one step are one
        (0.1, 10, list(range(1, 21))),  # 3 / 10 is less than 3 * 0.1 in floating point
        (1 / 3, 3, list(range(1, 21))),
        (0.7, 10, [7, 14]),
        (1.5, 7, [11]),  # 10.5 steps; 21 would be the next
        (5.0, 5, []),
    ],
)
def test_an_interval_is_due_at_the_first_step_that_reaches_a_multiple(
    epochs: float, per_epoch: int, steps: list[int]
) -> None:
    assert due_steps(Interval(epochs), 20, per_epoch) == steps


def test_all_is_due_after_the_last_step_and_each_by_its_own_policy() -> None:
    moments = Moments(total=13, per_epoch=5, logging_steps=4, evaluate=Interval(0.5))
    assert steps_of(moments, lambda due: due.log) == [4, 8, 12, 13]
    assert steps_of(moments, lambda due: due.decide) == [5, 10, 13]
    assert steps_of(moments, lambda due: due.evaluate) == [3, 5, 8, 10, 13]
    assert moments.after(1) == NOTHING
    assert moments.after(13) == Due(log=True, decide=True, evaluate=True)
    late = Moments(total=13, per_epoch=5, logging_steps=100, decide=Interval(9.0), evaluate=Interval(9.0))
    assert {step: late.after(step) for step in range(1, 13)} == dict.fromkeys(range(1, 13), NOTHING)
    assert late.after(13) == Due(log=True, decide=True, evaluate=True)


def test_the_usual_calendar_is_one_of_epoch_ends() -> None:
    moments = Moments.of(50, replace(SETTINGS, num_train_epochs=2, max_steps=10, logging_steps=3))
    assert (moments.total, moments.per_epoch) == (10, 7)
    assert steps_of(moments, lambda due: due.decide) == steps_of(moments, lambda due: due.evaluate) == [7, 10]


@pytest.mark.parametrize(
    ("every", "steps"), [(3, [3, 6, 9, 12, 14]), (7, [7, 14]), (1, list(range(1, 15))), (99, [14])]
)
def test_evaluations_by_steps_go_on_across_epochs_and_end_with_the_run(every: int, steps: list[int]) -> None:
    moments = Moments.of(50, replace(SETTINGS, num_train_epochs=2, eval_steps=every))
    assert (moments.total, moments.per_epoch) == (14, 7)
    assert steps_of(moments, lambda due: due.evaluate) == steps
    assert steps_of(moments, lambda due: due.decide) == [7, 14]


def test_a_step_has_an_epoch_and_the_next_one_a_place() -> None:
    moments = Moments(total=12, per_epoch=5, logging_steps=1)
    assert [moments.epoch(step) for step in range(13)] == [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3]
    reached = [moments.reached(step) for step in range(12)]
    assert reached == [step / 5 for step in range(12)]
    assert [type(epoch) for epoch in reached[4:6]] == [float, int], "whole epochs are whole numbers in every file"
    places = [moments.place(step) for step in range(12)]
    assert places == [(1 + step // 5, step % 5) for step in range(12)]
    assert [moments.epoch(step + 1) for step in range(12)] == [epoch for epoch, _ in places]


def test_a_checkpoint_is_due_by_time() -> None:
    assert [save_due(now, 100.0, 0.5) for now in (100.0, 129.9, 130.0, 500.0)] == [False, False, True, True]
    assert save_due(100.0, 100.0, 0.0)


def test_settings_without_effect_are_warnings() -> None:
    def warnings(total: int, **settings: int) -> list[str]:
        return schedule_warnings(total, 8, replace(SETTINGS, **settings))

    assert warnings(24) == warnings(24, warmup_steps=23, eval_steps=24) == []
    (text,) = warnings(1024, warmup_steps=1024)
    assert text == "train.warmup_steps 1,024: the run has 1,024 steps, so its learning rate never reaches the peak"
    (text,) = warnings(24, eval_steps=25)
    assert text == "train.eval_steps 25: the run has 24 steps, so it is evaluated at its end only"
    assert warnings(24, eval_steps=4, report_epoch=2) == warnings(24, eval_steps=7, report_epoch=3) == []
    (text,) = warnings(24, eval_steps=6, report_epoch=2)
    assert text == "train.report_epoch 2: with train.eval_steps 6 no evaluation is at its end"


def test_diverged_lanes_are_looked_for_before_all_that_they_must_not_take_part_in() -> None:
    assert look_due(1, NOTHING, waits=False)
    assert not look_due(1, NOTHING, waits=True)
    assert look_due(LOOK_EVERY, NOTHING, waits=True)
    for name in ("log", "decide", "evaluate"):
        assert look_due(1, replace(NOTHING, **{name: True}), waits=True)
