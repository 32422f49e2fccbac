"""What a tree sends the runner during the loop, and what it writes: the best adapters and the checkpoints."""

from __future__ import annotations

import dataclasses
import math
import shutil
from collections.abc import Iterable

import torch

from .. import messages
from ..channel import Throttle, finite, split_finite
from ..learner import EpochRecord, Expected, Lane, Learner
from ..usage import cpu_seconds
from .checkpoint import BEST_FOLDER, Best, forget_worse
from .loop import Report
from .loop_state import LoopState
from .running import TreeRun
from .tree import lane_epochs

#: Seconds between two reports of progress.
PROGRESS_EVERY = 0.25
#: Seconds between two reports of what a run uses: it has them also when its process dies.
USAGE_EVERY = 30.0


def make_report(run: TreeRun) -> Report:
    """Functions that send the loop's reports: progress from time to time, everything else at once."""
    return Report(
        metrics=lambda *args: _metrics(run, *args),
        progress=_Progress(run),
        record=lambda step, record: _record(run, step, record),
        best=lambda *args: _best(run, *args),
        checkpoint=lambda state: run.checkpoint(state) if state.stopped else run.checkpoint_if_due(state),
    )


def _metrics(run: TreeRun, cells: list[str], split: str, step: int, epoch: float, values: dict[str, float]) -> None:
    wire, diverged = split_finite(values)
    run.events.send(messages.Metrics, cells=cells, split=split, step=step, epoch=epoch, values=wire, diverged=diverged)


def _record(run: TreeRun, step: int, record: EpochRecord) -> None:
    """Send decisions, score tables and ranks of a method that changes its structure."""
    for change in record.changes:
        numbers = {"score": finite(change.score), "margin": finite(change.margin)}
        run.events.send(messages.Change, cells=record.cells, step=step, **(dataclasses.asdict(change) | numbers))
    if record.table is not None:
        table = dataclasses.replace(
            record.table, modules=[dataclasses.replace(m, score=finite(m.score)) for m in record.table.modules]
        )
        run.events.send(messages.ModuleScores, cells=record.cells, step=step, **dataclasses.asdict(table))
    if record.ranks is not None:
        run.events.send(messages.Ranks, cells=record.cells, step=step, **dataclasses.asdict(record.ranks))
    for note in record.notes:
        run.events.log("info", note, record.cells)
    for warning in record.warnings:
        run.events.log("warn", warning, record.cells)


def _best(run: TreeRun, lane: int, cells: list[str], step: int, epoch: float, values: dict[str, float]) -> None:
    """Save the lane's adapter once for all its cells, which are equal so far."""
    best = Best(f"step-{step}-{cells[0]}", epoch, values)
    folder = run.folder / BEST_FOLDER / best.folder
    shutil.rmtree(folder, ignore_errors=True)  # of a training that ended before its next checkpoint
    folder.mkdir(parents=True)
    run.prepared.method.save(run.learner, lane, run.prepared.model, folder)
    run.best |= dict.fromkeys(cells, best)
    forget_worse(run.folder, run.best)


def send_tree(run: TreeRun, loop: LoopState, cells: list[str]) -> None:
    """Send what training `cells` together cost. `loop`: their state."""
    learner, sums = run.learner, run.meter.sums()
    lanes = sum(any(cell in cells for cell in lane.cells) for lane in learner.lanes)
    run.events.send(
        messages.Tree,
        cells=cells,
        lane_epochs=loop.lane_steps / run.steps_per_epoch,
        cell_epochs=loop.cell_steps / run.steps_per_epoch,
        lanes=lanes,
        lane_width=learner.width or lanes,
        forks=len(learner.fork_seconds),
        longest_fork_seconds=max(learner.fork_seconds, default=0.0),
        train_seconds=loop.train_seconds,
        evaluate_seconds=loop.evaluate_seconds,
        cpu_seconds=cpu_seconds(),
        peak_memory=sums.peak_memory,
        energy=sums.energy,
    )


def send_usage(run: TreeRun, cells: Iterable[str], seconds: float) -> None:
    """Send what `cells` have used up to now, equal cells that have taken `seconds` each."""
    sums = run.meter.sums()
    share = seconds / sums.seconds if sums.seconds else 0.0
    run.events.send(
        messages.Usage,
        cells=list(cells),
        seconds=seconds,
        memory_mean=sums.memory_mean,
        memory_p99=sums.memory_below(0.99),
        peak_memory=sums.peak_memory,
        utilization_mean=sums.utilization_mean,
        utilization_max=sums.utilization_max,
        cpu_seconds=sums.cpu_seconds * share,
        energy=None if sums.energy is None else sums.energy * share,
    )


def send_usages(run: TreeRun, loop: LoopState, cells: Iterable[str]) -> None:
    """Send what each of these cells has used: one event for those that have taken equal time, as cells of a lane do."""
    alike: dict[float, list[str]] = {}
    for cell in cells:
        alike.setdefault(run.seconds(loop, cell), []).append(cell)
    for seconds, names in alike.items():
        send_usage(run, names, seconds)


class _Progress:
    """Sends one event per lane from time to time. The epochs left include those of lanes that will part later."""

    def __init__(self, run: TreeRun) -> None:
        self._run, self._throttle, self._usage = run, Throttle(PROGRESS_EVERY), Throttle(USAGE_EVERY)
        self._usage.ready()  # there is nothing to tell of yet
        #: Expected events of each lane's cells, and the lanes and epoch for which they were computed.
        self._expected: tuple[list[Lane], int, list[Expected]] | None = None

    def __call__(self, learner: Learner, state: LoopState, phase: str, losses: torch.Tensor | None) -> None:
        if not self._throttle.ready():
            return
        if self._usage.ready():
            send_usages(self._run, state, self._run.ids)
        each = [None] * len(learner.lanes) if losses is None else losses.tolist()
        rate, left = finite(self._rate(state)), self._lane_epochs_left(learner, state.step)
        for lane, loss in zip(learner.lanes, each, strict=True):
            self._run.events.send(
                messages.Progress,
                cells=lane.cells,
                phase=phase,
                step=state.step,
                total_steps=self._run.total_steps,
                epoch=self._run.prepared.moments.epoch(state.step),
                loss=finite(loss),
                lanes=len(learner.lanes),
                lane_epochs_left=left,
                tokens_per_second=rate,
            )

    def _rate(self, state: LoopState) -> float:
        """Real tokens per second, those of each lane counted."""
        return state.tokens / state.train_seconds if state.train_seconds else float("nan")

    def _lane_epochs_left(self, learner: Learner, step: int) -> float:
        epoch, end = step / self._run.steps_per_epoch, self._run.total_steps / self._run.steps_per_epoch
        known = self._expected
        # `lanes` is a new list after every decision. An epoch's end brings new scores, and tries without a candidate.
        if known is None or known[0] is not learner.lanes or known[1] != math.floor(epoch):
            expected = [learner.expected(lane, epoch) for lane in range(len(learner.lanes))]
            known = self._expected = (learner.lanes, math.floor(epoch), expected)
        return sum(lane_epochs(events, end, epoch) for events in known[2])
