"""Events at real-valued epochs, in the worker's loop: between steps, cut short by max_steps, and through a resume."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from loops import CPU, SETTINGS, Noting, Seen, in_order, training_of
from test_bank import LAYERS, ROWS, classifier, learner_of, params_of, rows_of, rules
from transformers import AutoModelForSequenceClassification

from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.adapters.bank_records import change_of
from lor2c_worker.learner import Change
from lor2c_worker.run.loop import train
from lor2c_worker.run.loop_state import LoopState
from lor2c_worker.run.moments import Interval, Moments
from lor2c_worker.schedule import Decision, Layout, Merge, Progress, Schedule, decide
from lor2c_worker.scores import score

EPOCHS, PER_EPOCH, LATER = 6, 5, 11
PAPER = rules("paper")
#: Merges and injections of each cell: every 1.5 / M and 1.5 / I epochs, a step taking 0.2.
SCHEDULES = {
    f"{merges} {injections}": Schedule(EPOCHS, merges, injections, PAPER, causal=True)
    for merges, injections in ((0, 0), (1, 0), (2, 2), (0, 3), (4, 1))
} | {"vain": Schedule(EPOCHS, 3, 1, PAPER, causal=True, max_span=1)}


class Watched(Noting):
    """Calls `after` with the number of updates after each, when a step's events have not changed anything yet."""

    after: Callable[[int], None]

    def step(self, lr_body: Any, lr_head: Any) -> torch.Tensor:
        norms = super().step(lr_body, lr_head)
        self.after(len(self.rates))
        return norms


@dataclass
class Pure:
    """What the schedule alone decides for each cell, from the scores that the learner's weights give."""

    learner: BankLearner
    layouts: dict[str, Layout] = field(default_factory=lambda: dict.fromkeys(SCHEDULES, Layout.initial(LAYERS)))
    progress: dict[str, Progress] = field(default_factory=lambda: dict.fromkeys(SCHEDULES, Progress()))
    found: dict[str, list[tuple[int, Decision]]] = field(default_factory=lambda: {cell: [] for cell in SCHEDULES})

    def after(self, step: int) -> None:
        epoch = step / PER_EPOCH
        for lane, entry in enumerate(self.learner.lanes):
            values = self.learner.spectra(lane)
            scores = {s: score(PAPER.score, v, self.learner.backbone.hidden, PAPER.score_k) for s, v in values.items()}
            for cell in entry.cells:
                assert set(scores) == {span.start for span in self.layouts[cell].spans}
                decisions, self.progress[cell] = decide(
                    SCHEDULES[cell], self.layouts[cell], self.progress[cell], epoch, scores, epoch
                )
                for decision in decisions:
                    self.found[cell].append((step, decision))
                    self.layouts[cell] = follow(self.layouts[cell], decision)


def follow(layout: Layout, decision: Decision) -> Layout:
    if isinstance(decision, Merge):
        return layout.merge(decision.first, decision.second)
    return layout.inject(decision.layer)


def begin(cells: list[str]) -> BankLearner:
    return learner_of(classifier(dropout=0.2), {c: SCHEDULES[c] for c in cells}, [cells], params_of(dropout=0.2))


def run(
    learner: BankLearner,
    seen: Seen,
    optimizer: Noting,
    state: LoopState | None = None,
    *,
    max_steps: int | None = None,
    stop_after: int | None = None,
) -> LoopState:
    """Train with the worker's loop, which evaluates at the end only."""
    rows = rows_of(PER_EPOCH)
    settings = replace(SETTINGS, num_train_epochs=EPOCHS, max_steps=max_steps, batch_size=ROWS, learning_rate=0.02)
    return train(
        training_of(
            learner,
            rows,
            seen,
            settings,
            optimizer=optimizer,
            order=in_order(len(rows), ROWS),
            moments=replace(Moments.of(len(rows), settings), evaluate=Interval(EPOCHS)),
            should_stop=lambda: len(optimizer.rates) == stop_after,
        ),
        state,
    )


def changes(seen: Seen, cell: str) -> list[tuple[int, Change]]:
    return [(step, change) for step, record in seen.records if cell in record.cells for change in record.changes]


def values(learner: BankLearner, cell: str) -> dict[str, torch.Tensor]:
    lane = next(i for i, entry in enumerate(learner.lanes) if cell in entry.cells)
    return {name: tensor.detach().clone() for name, tensor in learner.tensors(lane).items()}


@pytest.fixture(scope="module")
def whole() -> tuple[BankLearner, Seen, Pure]:
    """All cells from one lane on, which forks between steps, and what the schedule alone decides for them."""
    learner, seen = begin(list(SCHEDULES)), Seen()
    optimizer, pure = Watched(learner.slots(), 1), Pure(learner)
    optimizer.after = pure.after
    assert run(learner, seen, optimizer).step == EPOCHS * PER_EPOCH
    return learner, seen, pure


def test_decisions_are_those_of_the_schedule(whole: tuple[BankLearner, Seen, Pure]) -> None:
    learner, seen, pure = whole
    count = {cell: len(found) for cell, found in pure.found.items()}
    assert count == {"0 0": 0, "1 0": 1, "2 2": 4, "0 3": 3, "4 1": 5, "vain": 1}
    for cell, schedule in SCHEDULES.items():
        told = changes(seen, cell)
        assert [step for step, _ in told] == [step for step, _ in pure.found[cell]]
        for (step, change), (_, decision) in zip(told, pure.found[cell], strict=True):
            want = change_of(decision, schedule, step / PER_EPOCH, change.trainable_parameters)
            assert change == want
        lane = next(i for i, entry in enumerate(learner.lanes) if cell in entry.cells)
        assert learner.bank.structures[lane].layout == pure.layouts[cell]


def test_events_fall_on_the_first_step_that_reaches_them(whole: tuple[BankLearner, Seen, Pure]) -> None:
    """Merges of `2 2` at 0.75 and 1.5, its injections too; injections of `0 3` at 0.5, 1 and 1.5."""
    _, seen, _ = whole
    assert [(step, c.kind, c.epoch) for step, c in changes(seen, "2 2")] == [
        (4, "merge", 0.8),
        (4, "inject", 0.8),
        (8, "merge", 1.6),
        (8, "inject", 1.6),
    ]
    assert [step for step, _ in changes(seen, "0 3")] == [3, 5, 8]
    assert [step for step, _ in changes(seen, "4 1")] == [2, 4, 6, 8, 8]
    notes = [(step, note) for step, record in seen.records if "vain" in record.cells for note in record.notes]
    assert [step for step, note in notes if "merge was due" in note] == [math.ceil(2.5 * q) for q in range(1, 13)]


def test_a_cell_alone_has_the_same_bits(whole: tuple[BankLearner, Seen, Pure]) -> None:
    learner, seen, _ = whole
    for cell in ("2 2", "4 1"):
        alone, own = begin([cell]), Seen()
        run(alone, own, Noting(alone.slots(), 1))
        assert own.values("train", "loss", cell) == seen.values("train", "loss", cell)
        assert changes(own, cell) == changes(seen, cell)
        got, want = values(alone, cell), values(learner, cell)
        assert got.keys() == want.keys()
        assert all(torch.equal(got[name], want[name]) for name in want)


def test_max_steps_cuts_an_epoch_and_the_events_after_it() -> None:
    """Seven steps are 1.4 epochs: events at 1.5 do not happen, those before it in the second epoch do."""
    learner, seen = begin(list(SCHEDULES)), Seen()
    optimizer, pure = Watched(learner.slots(), 1), Pure(learner)
    optimizer.after = pure.after
    assert run(learner, seen, optimizer, max_steps=7).step == 7
    steps = {cell: [step for step, _ in changes(seen, cell)] for cell in SCHEDULES}
    assert steps == {"0 0": [], "1 0": [], "2 2": [4, 4], "0 3": [3, 5], "4 1": [2, 4, 6], "vain": []}
    assert steps == {cell: [step for step, _ in found] for cell, found in pure.found.items()}
    ends = {cell: [s for s, r in seen.records if r.table is not None and cell in r.cells] for cell in ("0 0", "2 2")}
    assert ends == {"0 0": [5, 7], "2 2": [4, 5, 7]}, "at events, the ends of epochs, and that of the run"


#: Layers with room for three merges and three injections, whichever the scores choose.
DEEP = 12
#: By epochs, steps of an epoch, merges and injections: the steps with a merge, and those with an injection. Event q
#: falls on the first step that reaches epoch q * E / 4 / budget (semantics.md section 3).
TABLES: list[tuple[int, int, int, int, list[int], list[int]]] = [
    (3, 8, 3, 3, [2, 4, 6], [2, 4, 6]),  # every 0.25 epochs: the paper's M = I = 3, with the recorded run's 8 steps
    (3, 24, 3, 3, [6, 12, 18], [6, 12, 18]),
    (3, 7, 3, 3, [2, 4, 6], [2, 4, 6]),  # 1.75, 3.5 and 5.25 steps
    (1, 10, 1, 0, [3], []),  # 2.5 steps
    (1, 4, 2, 0, [1, 2], []),  # two within the first step: one of them, and the other after the second
    (4, 1, 1, 1, [1], [1]),  # at the end of the first epoch of one step
    (8, 2, 2, 1, [2, 4], [4]),
]


@pytest.mark.parametrize(("epochs", "per_epoch", "merges", "injections", "merged", "injected"), TABLES)
def test_the_loop_keeps_the_hand_made_tables(
    epochs: int, per_epoch: int, merges: int, injections: int, merged: list[int], injected: list[int]
) -> None:
    """Also what `plan` foresees, with the epoch that a change and its scores have."""
    schedule = Schedule(epochs, merges, injections, PAPER, causal=True)
    shape = classifier().config.to_dict() | {"num_hidden_layers": DEEP}
    model = AutoModelForSequenceClassification.from_config(classifier().config.from_dict(shape)).double().eval()
    learner = learner_of(model, {"c": schedule}, [["c"]], params_of(layers=DEEP))
    seen, rows = Seen(), rows_of(per_epoch)
    settings = replace(SETTINGS, num_train_epochs=epochs, batch_size=ROWS)
    moments = replace(Moments.of(len(rows), settings), evaluate=Interval(epochs))
    train(training_of(learner, rows, seen, settings, order=in_order(len(rows), ROWS), moments=moments))
    found = changes(seen, "c")
    assert [step for step, change in found if change.kind == "merge"] == merged
    assert [step for step, change in found if change.kind == "inject"] == injected
    assert all(change.epoch == change.scores_from_epoch == step / per_epoch for step, change in found)
    foreseen = schedule.falling(per_epoch)
    assert sorted(foreseen) == sorted((change.kind, change.epoch) for _, change in found)
    told = [(step, record.table.epoch) for step, record in seen.records if record.table is not None]
    ends = set(range(per_epoch, epochs * per_epoch + 1, per_epoch))
    assert told == [(step, step / per_epoch) for step in sorted(ends | set(merged) | set(injected))], "once each"
    before = next(r.table for s, r in seen.records if r.table is not None and s == found[0][0])
    assert len(before.modules) == DEEP, "the scores that decided, before the change"


def test_an_event_at_the_last_step_says_that_no_training_follows() -> None:
    """Of a run that max_steps ends there; of one that goes on, it does not."""
    for steps, marked in ((4, True), (5, False)):
        schedule = Schedule(4, 1, 0, PAPER, causal=True, end=steps / 4)  # a merge at epoch 1
        learner = learner_of(classifier(), {"c": schedule}, [["c"]], params_of())
        seen, rows = Seen(), rows_of(4)
        settings = replace(SETTINGS, num_train_epochs=4, max_steps=steps, batch_size=ROWS)
        train(training_of(learner, rows, seen, settings, order=in_order(len(rows), ROWS)))
        ((step, change),) = changes(seen, "c")
        assert (step, "no training follows" in change.detail) == (4, marked)


@pytest.mark.parametrize("stop", [4, 5])
def test_a_resume_between_steps_goes_on_bit_equal(whole: tuple[BankLearner, Seen, Pure], stop: int) -> None:
    """Stopped after a step with events: within an epoch, and at the end of one. Losses show the steps after the last
    event, which falls on step 8."""
    _, seen, _ = whole
    first, own = begin(list(SCHEDULES)), Seen()
    optimizer = Noting(first.slots(), 1)
    state = run(first, own, optimizer, stop_after=stop)
    assert (state.stopped, state.step) == (True, stop)
    second = begin(list(SCHEDULES))
    rows = second.restore(first.state(), SCHEDULES)
    again = Noting(second.slots(), len(second.lanes))
    again.resume(optimizer.state_dict(), rows)
    later = LoopState.restored(state.plain(), rows, SCHEDULES, CPU)
    assert run(second, own, again, later, stop_after=LATER - stop).step == LATER
    for cell in SCHEDULES:
        assert own.values("train", "loss", cell) == seen.values("train", "loss", cell)[:LATER]
        assert changes(own, cell) == [(step, change) for step, change in changes(seen, cell) if step <= LATER]
