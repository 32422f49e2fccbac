"""The training loop: one function, all inputs as arguments. It knows no method, no task and no architecture.

(The one file that may exceed 300 lines.)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch

from ..data.encode import Encoded, train_batches
from ..data.task import Kind
from ..evaluation.choose import CellResult, collapse_warning, look, note_cells
from ..learner import EpochRecord, Learner
from ..optim.adamw import LaneAdamW
from ..settings import TrainSettings
from .gradients import narrowed_note, step_gradients, within_memory


@dataclass(frozen=True)
class Report:
    """Functions with which the loop reports. Every call names the lane's cells."""

    metrics: Callable[[list[str], str, int, float, dict[str, float]], None]
    progress: Callable[[Learner, LoopState, str, torch.Tensor | None], None]
    record: Callable[[int, EpochRecord], None]
    #: Called after an evaluation that is the cells' best so far: (lane index, cells, epoch, scores).
    best: Callable[[int, list[str], int, dict[str, float]], None]
    #: Called where training can be resumed: at the end of every epoch, and when it stops.
    checkpoint: Callable[[LoopState], None] = lambda state: None


@dataclass
class LoopState:
    """Progress of training: all that a resumed run needs besides the learner and the optimizer."""

    results: dict[str, CellResult]
    #: Current epoch, counted from 1, and the optimizer steps done in it.
    epoch: int = 1
    epoch_steps: int = 0
    step: int = 0
    #: Real tokens of every cell so far.
    tokens: int = 0
    train_seconds: float = 0.0
    evaluate_seconds: float = 0.0
    #: (step, cells of each lane from that step on), one entry for each step at which the lanes changed.
    lanes_from: list[tuple[int, list[list[str]]]] = field(default_factory=list)
    window: Window = field(default_factory=lambda: Window())
    stopped: bool = False

    @property
    def lane_steps(self) -> int:
        """Optimizer steps times the lanes that took them."""
        ends = [*(start for start, _ in self.lanes_from[1:]), self.step]
        return sum((end - start) * len(lanes) for (start, lanes), end in zip(self.lanes_from, ends, strict=True))

    @property
    def cell_steps(self) -> int:
        """Optimizer steps times the cells in those lanes."""
        return self.step * len(self.results)

    def part(self, cells: Iterable[str]) -> LoopState:
        """The state of some of the cells, as if only their lanes had trained so far."""
        results = {cell: self.results[cell] for cell in cells}

        def kept(lanes: list[list[str]]) -> list[list[str]]:
            own = [[cell for cell in lane if cell in results] for lane in lanes]
            return [lane for lane in own if lane]

        part = replace(self, results=results, lanes_from=[(step, kept(lanes)) for step, lanes in self.lanes_from])
        share = part.lane_steps / self.lane_steps if self.lane_steps else 1.0
        part.train_seconds, part.evaluate_seconds = self.train_seconds * share, self.evaluate_seconds * share
        return part

    @staticmethod
    def of(learner: Learner) -> LoopState:
        return LoopState({cell: CellResult() for lane in learner.lanes for cell in lane.cells})


@dataclass(frozen=True)
class LinearSchedule:
    """Linear warm-up from 0 over ceil(ratio * total) steps, then linear to 0 at `total` (semantics.md 6).

    The first step has factor 0 when there is a warm-up.
    """

    total: int
    warmup_ratio: float

    @property
    def warmup(self) -> int:
        return math.ceil(self.warmup_ratio * self.total)

    def factor(self, step: int) -> float:
        """Multiplier of the peak learning rate for optimizer step `step`, counted from 0."""
        if step < self.warmup:
            return step / self.warmup
        return max(0.0, (self.total - step) / max(1, self.total - self.warmup))


def steps_per_epoch(rows: int, settings: TrainSettings) -> int:
    """Optimizer steps of one epoch. A smaller last batch and a smaller last accumulation count."""
    return math.ceil(math.ceil(rows / settings.batch_size) / settings.gradient_accumulation_steps)


def total_steps(rows: int, settings: TrainSettings) -> int:
    full = steps_per_epoch(rows, settings) * settings.num_train_epochs
    return full if settings.max_steps is None else min(full, settings.max_steps)


def train(
    learner: Learner,
    optimizer: LaneAdamW,
    train_data: Encoded,
    eval_data: Encoded,
    kind: Kind,
    score_names: tuple[str, ...],
    score: str,
    settings: TrainSettings,
    seed: int,
    device: torch.device,
    autocast: Callable[[], Any],
    should_stop: Callable[[], bool],
    report: Report,
    state: LoopState | None = None,
    holdout: Encoded | None = None,
    leave: Callable[[LoopState], LoopState] = lambda state: state,
) -> LoopState:
    """Train from `state` (None: from the start) until the last step or until `should_stop`.

    `leave`: called before each step; takes cells that must stop out of their lanes and returns the state of the others.

    `holdout`: rows that are not trained on and choose the best epoch instead of the evaluation rows.

    Within an epoch: micro-batches of the seeded permutation; per lane one mean loss per micro-batch, divided by the
    number of micro-batches of the step, and the method's penalty likewise, which the reported loss leaves out;
    clipping and AdamW per lane. At the end of an epoch, in this order: the method's decisions, evaluation of every
    lane, the report (semantics.md section 3).
    """
    state = LoopState.of(learner) if state is None else state
    state.stopped = False
    total = total_steps(len(train_data), settings)
    schedule = LinearSchedule(total, settings.warmup_ratio)
    per_epoch = steps_per_epoch(len(train_data), settings)
    accumulation = settings.gradient_accumulation_steps

    def narrowed(width: int) -> None:
        assert state is not None
        for index, lane in enumerate(learner.lanes):
            report.record(state.step, EpochRecord(index, lane.cells, notes=[narrowed_note(width, state.step)]))

    while state.epoch <= settings.num_train_epochs and not (state.step >= total and state.epoch_steps == 0):
        micro_batches = list(train_batches(train_data, settings.batch_size, seed, state.epoch))
        for group in range(state.epoch_steps * accumulation, len(micro_batches), accumulation):
            if state.step >= total:
                break
            if should_stop():
                state.stopped = True
                report.checkpoint(state)
                return state
            state = leave(state)
            if state.stopped:
                return state
            began = time.perf_counter()
            micro = micro_batches[group : group + accumulation]
            before = [list(lane.cells) for lane in learner.lanes]
            parts = [train_data.batch(rows, device) for rows in micro]
            gradients = partial(step_gradients, learner, optimizer, parts, state.step, kind, autocast)
            step_loss = within_memory(learner, gradients, narrowed)
            state.tokens += sum(batch.tokens for batch in parts)
            learner.after_backward(state.step)
            factor = schedule.factor(state.step)
            lr, head_lr = settings.learning_rate * factor, settings.head_lr * factor
            norms = optimizer.step(lr, head_lr)
            state.step += 1
            state.epoch_steps += 1
            state.window.add(step_loss, norms)
            records = learner.end_step(state.step, state.step / per_epoch, optimizer)
            if len(learner.lanes) != len(before):
                rows = _rows_before(learner, before)
                state.window.fork(rows)
                step_loss = step_loss[rows]
            for record in records:
                report.record(state.step, record)
            _count_step(state, time.perf_counter() - began, before)

            if state.step % settings.logging_steps == 0 or state.step == total:
                for lane, values in enumerate(state.window.means()):
                    values["learning_rate"] = lr
                    report.metrics(learner.lanes[lane].cells, "train", state.step, state.step / per_epoch, values)
                state.window = Window()
            report.progress(learner, state, "train", step_loss)

        records = learner.end_epoch(state.epoch, state.step, optimizer)
        for record in records:
            report.record(state.step, record)
        report.progress(learner, state, "evaluate", None)
        began = time.perf_counter()
        with autocast():
            size = settings.eval_batch_size
            looking = partial(look, learner, eval_data, holdout, size, device, kind, score_names, score)
            looks = within_memory(learner, looking, narrowed)
        state.evaluate_seconds += time.perf_counter() - began
        for index, (evaluated, seen) in enumerate(zip(learner.lanes, looks, strict=True)):
            cells = evaluated.cells
            for split, values in seen.splits():
                report.metrics(cells, split, state.step, state.step / per_epoch, values)
            better, collapsing = note_cells(state.results, cells, seen, score, state.epoch)
            if collapsing:
                warning = collapse_warning(kind, state.epoch)
                report.record(state.step, EpochRecord(index, collapsing, warnings=[warning]))
            if better:
                report.best(index, better, state.epoch, seen.values)
        state.window = Window()
        state.epoch, state.epoch_steps = state.epoch + 1, 0
        report.checkpoint(state)
    return state


def _rows_before(learner: Learner, before: list[list[str]]) -> list[int]:
    """For each lane, the index of the lane in `before` that it comes from."""
    origin = {cell: row for row, cells in enumerate(before) for cell in cells}
    return [origin[lane.cells[0]] for lane in learner.lanes]


def _count_step(state: LoopState, seconds: float, lanes: list[list[str]]) -> None:
    """Count a step that these lanes have taken."""
    state.train_seconds += seconds
    if not state.lanes_from or state.lanes_from[-1][1] != lanes:
        state.lanes_from.append((state.step - 1, lanes))
    for result in state.results.values():
        result.train_seconds += seconds / len(lanes)


class Window:
    """Means over the steps since the last report. Kept on the device, since reading a value waits for the GPU."""

    def __init__(self) -> None:
        self.losses: torch.Tensor | None = None
        self.norms: torch.Tensor | None = None
        self.steps = 0

    def add(self, losses: torch.Tensor, norms: torch.Tensor) -> None:
        self.losses = losses.clone() if self.losses is None else self.losses + losses
        self.norms = norms.clone() if self.norms is None else self.norms + norms
        self.steps += 1

    def fork(self, rows: list[int]) -> None:
        """Lane i continues lane rows[i], with its sums so far."""
        if self.losses is not None and self.norms is not None:
            self.losses, self.norms = self.losses[rows], self.norms[rows]

    def means(self) -> list[dict[str, float]]:
        if self.losses is None or self.norms is None:
            return []
        losses, norms = (self.losses / self.steps).tolist(), (self.norms / self.steps).tolist()
        return [{"loss": loss, "grad_norm": norm} for loss, norm in zip(losses, norms, strict=True)]
