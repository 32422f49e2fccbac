"""Expected events of a cell, from its present structure and scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lor2c_worker.adapters.trajectories import expected_events
from lor2c_worker.rules import PRESETS
from lor2c_worker.schedule import Layout, Progress, Schedule, Span

PAPER = PRESETS["paper"]
NOTHING = Progress()


def told(schedule: Schedule, layout: Layout, after: float, progress: Progress, scores: dict[int, float]) -> list[Any]:
    """(epoch, kind, where) of each event."""
    events: list[Any] = expected_events(schedule, layout, progress, after, scores)
    return [
        (epoch, kind, (rest[0].start, rest[1].end) if kind == "merge" else rest[0]) for epoch, (kind, *rest) in events
    ]


def test_events_come_at_their_times_to_the_modules_of_lowest_score() -> None:
    scores = {0: 9.0, 1: 3.0, 2: 4.0, 3: 1.0}
    assert told(Schedule(8, 1, 2, PAPER), Layout.initial(4), 0.0, NOTHING, scores) == [
        (1.0, "inject", 3),
        (2.0, "merge", (1, 2)),
        (2.0, "inject", 0),
    ]


def test_only_what_is_still_to_come() -> None:
    layout = Layout((Span(0, 1), Span(2, 2), Span(3, 3)))
    done = Progress(merges=1, merge_tries=1)
    schedule = Schedule(8, 2, 0, PAPER)
    assert told(schedule, layout, 1.5, done, {0: 5.0, 2: 1.0, 3: 1.0}) == [(2.0, "merge", (2, 3))]
    assert told(schedule, layout, 2.0, Progress(merges=2, merge_tries=2), {}) == []


def test_cells_that_run_out_of_candidates_do_the_same() -> None:
    """Six layers have no candidates left after the second epoch, as on MRPC, even if more events are planned."""
    full = told(Schedule(8, 6, 6, PAPER), Layout.initial(6), 0.0, NOTHING, {})
    assert full == [(1.0, "merge", (0, 1)), (1.0, "inject", 2), (2.0, "merge", (3, 4)), (2.0, "inject", 5)]
    assert told(Schedule(8, 3, 4, PAPER), Layout.initial(6), 0.0, NOTHING, {}) == full


def test_events_within_an_epoch() -> None:
    schedule = Schedule(3, 0, 2, replace(PAPER, interval="real"))
    assert told(schedule, Layout.initial(3), 0.5, Progress(injections=1, inject_tries=1), {}) == [(0.75, "inject", 0)]
