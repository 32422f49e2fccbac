"""The training loop: one function, all inputs as arguments. It knows no method, no task and no architecture.

(The one file that may exceed 300 lines.)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from .choose import CellResult, collapse_warning, look, note_cells
from .data.encode import Encoded, train_batches
from .data.task import Kind
from .engine.learner import EpochRecord, Learner
from .engine.loss import lane_losses
from .engine.optimizer import LaneAdamW
from .settings import TrainSettings


@dataclass(frozen=True)
class Report:
    """How the loop tells the outside what happens. Every call names the lane's cells."""

    metrics: Callable[[list[str], str, int, float, dict[str, float]], None]
    progress: Callable[[list[str], str, int, int, float, float], None]
    record: Callable[[int, EpochRecord], None]
    #: Called after the evaluation of an epoch that is the cells' best so far: (lane index, cells, epoch, scores).
    best: Callable[[int, list[str], int, dict[str, float]], None]


@dataclass
class Totals:
    train_seconds: float = 0.0
    tokens: int = 0
    step: int = 0
    stopped: bool = False


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
    """Optimizer steps of one epoch; a last, smaller batch and a last, smaller accumulation both count."""
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
    holdout: Encoded | None = None,
) -> tuple[dict[str, CellResult], Totals]:
    """Train until the last step or until `should_stop`. Returns the result of every cell, and the totals.

    `holdout`: rows that are not trained on and choose the best epoch in the place of the evaluation rows.

    Within an epoch: micro-batches of the seeded permutation; per lane one mean loss per micro-batch, divided by the
    number of micro-batches of the step, and the method's penalty likewise, which the reported loss leaves out;
    clipping and AdamW per lane. At the end of an epoch, in this order: the method's decisions, evaluation of every
    lane, the report (semantics.md section 3).
    """
    total = total_steps(len(train_data), settings)
    schedule = LinearSchedule(total, settings.warmup_ratio)
    per_epoch = steps_per_epoch(len(train_data), settings)
    results = {cell: CellResult() for lane in learner.lanes for cell in lane.cells}
    totals = Totals()
    window = _Window()

    for epoch in range(1, settings.num_train_epochs + 1):
        micro_batches = list(train_batches(train_data, settings.batch_size, seed, epoch))
        for group in range(0, len(micro_batches), settings.gradient_accumulation_steps):
            if totals.step >= total:
                break
            if should_stop():
                totals.stopped = True
                return results, totals
            began = time.perf_counter()
            micro = micro_batches[group : group + settings.gradient_accumulation_steps]
            optimizer.zero_grad()
            step_loss: torch.Tensor | None = None
            for part, rows in enumerate(micro):
                batch = train_data.batch(rows, device)
                with autocast():
                    logits = learner.forward(batch, (totals.step, part))
                losses = lane_losses(logits.float(), batch.labels, kind) / len(micro)
                penalty = learner.penalty()
                whole = losses if penalty is None else losses + penalty / len(micro)
                whole.sum().backward()
                step_loss = losses.detach() if step_loss is None else step_loss + losses.detach()
                totals.tokens += batch.tokens
            assert step_loss is not None
            learner.after_backward(totals.step)
            factor = schedule.factor(totals.step)
            lr, head_lr = settings.learning_rate * factor, settings.head_lr * factor
            norms = optimizer.step(lr, head_lr)
            totals.step += 1
            records = learner.end_step(totals.step, totals.step / per_epoch, optimizer)
            window.add(step_loss, norms)
            for record in records:
                report.record(totals.step, record)
            totals.train_seconds += time.perf_counter() - began

            if totals.step % settings.logging_steps == 0 or totals.step == total:
                for lane, values in enumerate(window.means()):
                    values["learning_rate"] = lr
                    report.metrics(learner.lanes[lane].cells, "train", totals.step, totals.step / per_epoch, values)
                window = _Window()
            elif len(learner.lanes) != len(step_loss):
                window = _Window()  # lanes forked: what was summed belongs to their common past
            _progress(learner, "train", epoch, step_loss, totals, report)

        records = learner.end_epoch(epoch, totals.step, optimizer)
        for record in records:
            report.record(totals.step, record)
        _progress(learner, "evaluate", epoch, None, totals, report)
        with autocast():
            size = settings.eval_batch_size
            looks = look(learner, eval_data, holdout, size, device, kind, score_names, score)
        for index, (evaluated, seen) in enumerate(zip(learner.lanes, looks, strict=True)):
            cells = evaluated.cells
            for split, values in seen.splits():
                report.metrics(cells, split, totals.step, totals.step / per_epoch, values)
            better, collapsing = note_cells(results, cells, seen, score, epoch)
            if collapsing:
                warning = collapse_warning(kind, epoch)
                report.record(totals.step, EpochRecord(index, collapsing, warnings=[warning]))
            if better:
                report.best(index, better, epoch, seen.values)
        window = _Window()
        if totals.step >= total:
            break
    return results, totals


class _Window:
    """Means over the steps since the last report, kept on the device: reading a value waits for the GPU."""

    def __init__(self) -> None:
        self._loss: torch.Tensor | None = None
        self._norm: torch.Tensor | None = None
        self._steps = 0

    def add(self, losses: torch.Tensor, norms: torch.Tensor) -> None:
        self._loss = losses.clone() if self._loss is None else self._loss + losses
        self._norm = norms.clone() if self._norm is None else self._norm + norms
        self._steps += 1

    def means(self) -> list[dict[str, float]]:
        if self._loss is None or self._norm is None:
            return []
        losses, norms = (self._loss / self._steps).tolist(), (self._norm / self._steps).tolist()
        return [{"loss": loss, "grad_norm": norm} for loss, norm in zip(losses, norms, strict=True)]


def _progress(
    learner: Learner, phase: str, epoch: int, losses: torch.Tensor | None, totals: Totals, report: Report
) -> None:
    for index, lane in enumerate(learner.lanes):
        loss = math.nan if losses is None else losses[index]
        rate = totals.tokens / totals.train_seconds if totals.train_seconds else math.nan
        report.progress(lane.cells, phase, totals.step, epoch, loss, rate)  # type: ignore[arg-type]
