"""The training loop. It knows no method, no task and no architecture."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import torch

from ..data.row_set import RowSet
from ..data.token_batches import filled
from ..evaluation.choose import Judge, collapse_warning, note_cells
from ..learner import EpochRecord, Learner
from ..objective import Objective
from ..optim.adamw import LaneAdamW
from ..optim.linear_schedule import LinearSchedule
from ..settings import TrainSettings
from . import early_stopping
from .gradients import narrowed_note, step_gradients, within_memory
from .loop_state import Lanes, LoopState, Window, lanes_of, rows_before
from .moments import Due, Moments, look_due
from .outcome import diverged_at
from .rates import Rates

T = TypeVar("T")


@dataclass(frozen=True)
class Report:
    """Functions with which the loop reports. Every call names the lane's cells."""

    metrics: Callable[[list[str], str, int, float, dict[str, float]], None]
    progress: Callable[[Learner, LoopState, str, torch.Tensor | None], None]
    record: Callable[[int, EpochRecord], None]
    #: Called after an evaluation that is the cells' best so far: (lane index, cells, step, epoch, values). The step
    #: tells evaluations of one epoch apart.
    best: Callable[[int, list[str], int, float, dict[str, float]], None]
    #: Called where training can be resumed: after evaluations, and when it stops. `leave` may also write a checkpoint.
    checkpoint: Callable[[LoopState], None] = lambda state: None


def _raise(state: LoopState, diverged: dict[int, int]) -> LoopState:
    raise diverged_at(min(diverged.values()), 1)


def _alone(state: LoopState, cells: list[str]) -> LoopState:
    raise ValueError("cells that end while others go on need an `end_early`")


@dataclass(frozen=True)
class Training:
    """All that the loop needs."""

    learner: Learner
    optimizer: LaneAdamW
    rows: RowSet
    #: The rows of each micro-batch of lanes with a seed in an epoch, counted from 1.
    order: Callable[[int, int], Sequence[Sequence[int]]]
    objective: Objective
    judge: Judge
    settings: TrainSettings
    moments: Moments
    device: torch.device
    report: Report
    autocast: Callable[[], Any] = nullcontext
    should_stop: Callable[[], bool] = lambda: False
    #: Called before each step: takes cells that must stop out of their lanes and returns the state of the others.
    leave: Callable[[LoopState], LoopState] = lambda state: state
    #: Called with the lanes that have diverged and the step at which each did: ends their cells and returns the state
    #: of the others.
    lose: Callable[[LoopState, dict[int, int]], LoopState] = _raise
    #: Called with cells whose score no longer improves, when others go on: ends them and returns the others' state.
    end_early: Callable[[LoopState, list[str]], LoopState] = _alone
    #: Peak learning rates (body, head) of cells that have others than the settings.
    rates: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def train(training: Training, state: LoopState | None = None) -> LoopState:
    """Train from `state` (None: from the start) until the last step, until `should_stop`, or until no cell is left or
    has a score that still improves.

    A step: the gradients of its micro-batches (`step_gradients`), clipping and AdamW per lane, the method's changes.
    After it, in this order and where it is due (`Moments`): the report, the method's decisions, the evaluation of every
    lane (semantics.md section 3).
    """
    t = training
    state = LoopState.of(t.learner) if state is None else state
    state.stopped = False
    rates = Rates((t.settings.learning_rate, t.settings.head_lr), t.rates)
    cut: dict[tuple[int, int], Sequence[Sequence[int]]] = {}
    if t.moments.total == 0:
        state.stopped = t.should_stop()
        if not state.stopped:
            _evaluate(t, state)
        return state
    while state.results and state.step < t.moments.total:
        # Before a step, not after an evaluation: a checkpoint may have been written between the two.
        early = early_stopping.ended(state.results, t.settings.early_stopping_patience)
        if len(early) == len(state.results):
            return state
        if early:
            state = t.end_early(state, early)
        if t.should_stop():
            state.stopped = True
            t.report.checkpoint(state)
            return state
        state = t.leave(state)
        if state.stopped:
            return state
        epoch, place = t.moments.place(state.step)
        seeds = dict.fromkeys(lane.seed for lane in t.learner.lanes)
        cut = {(seed, epoch): cut.get((seed, epoch)) or t.order(seed, epoch) for seed in seeds}
        first, parts = place * t.settings.gradient_accumulation_steps, t.settings.gradient_accumulation_steps
        tokens = t.settings.tokens_per_batch
        micro = {seed: filled(t.rows, rows[first : first + parts], tokens) for (seed, _), rows in cut.items()}
        due = t.moments.after(state.step + 1)
        state = _step(t, state, micro, rates, due)
        if due.decide and state.results:
            before = lanes_of(t.learner)
            _record(t, state, t.learner.end_epoch(epoch, state.step, t.optimizer), before)
        if due.evaluate and state.results:
            _evaluate(t, state)
            t.report.checkpoint(state)
    return state


def _step(
    t: Training, state: LoopState, micro: Mapping[int, Sequence[Sequence[int]]], rates: Rates, due: Due
) -> LoopState:
    """Take one optimizer step on the micro-batches `micro` of each seed and report it. Returns the state without the
    lanes that have diverged."""
    began, lanes = time.perf_counter(), lanes_of(t.learner)
    parts = {seed: [t.rows.batch(rows, t.device) for rows in own] for seed, own in micro.items()}
    gradients = partial(step_gradients, t.learner, t.optimizer, parts, state.step, t.objective, t.autocast)
    losses = _within_memory(t, state, gradients)
    state.count_rows(t.learner, micro)
    state.count_tokens(t.learner, {seed: sum(batch.tokens for batch in own) for seed, own in parts.items()})
    t.learner.after_backward(state.step)
    factor = LinearSchedule(t.moments.total, t.settings.warmup(t.moments.total)).factor(state.step)
    norms = t.optimizer.step(*rates.at(t.learner, factor, t.device))
    state.step += 1
    state.window.add(losses, norms)
    began = _count(t, state, lanes, began)
    state = _without_diverged(t, state, losses, norms, due)
    if not state.results:
        return state
    epoch, before = state.step / t.moments.per_epoch, lanes_of(t.learner)
    _record(t, state, t.learner.end_step(state.step, epoch, t.optimizer), before)
    if due.evaluate and t.device.type == "cuda":
        torch.cuda.synchronize(t.device)  # it works behind the host, and the time is that of the steps
    state.count_seconds(time.perf_counter() - began)
    if due.log:
        for lane, values in zip(t.learner.lanes, state.window.means(), strict=True):
            rate = {"learning_rate": rates.of(lane)[0] * factor}
            t.report.metrics(lane.cells, "train", state.step, epoch, values | rate)
        state.window = Window()
    rows = rows_before(t.learner, lanes)
    t.report.progress(t.learner, state, "train", losses if rows is None else losses[rows])
    return state


def _count(t: Training, state: LoopState, lanes: Lanes, began: float) -> float:
    """Count the newest step, taken by `lanes` since `began`. Returns the time now."""
    now = time.perf_counter()
    state.count_step(lanes, now - began)
    return now


def _without_diverged(t: Training, state: LoopState, losses: torch.Tensor, norms: torch.Tensor, due: Due) -> LoopState:
    """The state of the lanes that have not diverged, as far as that is known by now: see `look_due`."""
    limit = t.settings.stop_after_nonfinite
    if limit is None:
        return state
    state.watch.add(state.step, losses, norms, limit)
    if not look_due(state.step, due, waits=t.device.type != "cpu"):
        return state
    diverged = state.watch.diverged()
    return t.lose(state, diverged) if diverged else state


def _record(t: Training, state: LoopState, records: list[EpochRecord], before: Lanes) -> None:
    """Report decisions of the method, and let the state follow lanes that have forked."""
    rows = rows_before(t.learner, before)
    if rows is not None:
        state.regroup(rows)
    for record in records:
        t.report.record(state.step, record)


def _evaluate(t: Training, state: LoopState) -> None:
    """Evaluate every lane, report it, and note each cell's best."""
    t.report.progress(t.learner, state, "evaluate", None)
    began = time.perf_counter()
    looks = _within_memory(t, state, partial(t.judge.look, t.learner))
    state.evaluate_seconds += time.perf_counter() - began
    epoch = t.moments.reached(state.step)
    for index, (lane, seen) in enumerate(zip(t.learner.lanes, looks, strict=True)):
        for split, values in seen.splits():
            t.report.metrics(lane.cells, split, state.step, epoch, values)
        better, collapsing = note_cells(state.results, lane.cells, seen, t.judge.score, epoch)
        if collapsing:
            warning = collapse_warning(t.objective, epoch)
            t.report.record(state.step, EpochRecord(index, collapsing, warnings=[warning]))
        if t.settings.early_stopping_patience is not None:
            early_stopping.count(t.learner, index, state, epoch, better)
        if better:
            t.report.best(index, better, state.step, epoch, seen.eval.values)
    state.window = Window()


def _within_memory(t: Training, state: LoopState, attempt: Callable[[], T]) -> T:
    def narrowed(width: int) -> None:
        for index, lane in enumerate(t.learner.lanes):
            t.report.record(state.step, EpochRecord(index, lane.cells, notes=[narrowed_note(width, state.step)]))

    return within_memory(t.learner, attempt, narrowed)
