"""One cell from settings to outcome: prepare, train, save, reload from disk, re-score."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from . import __version__, messages
from .channel import Channel, Throttle, finite, split_finite
from .checkpoint import RunInfo, measure_folder, write_folder
from .choose import CellResult
from .device import autocast, peak_memory
from .engine.learner import EpochRecord, Learner
from .engine.optimizer import LaneAdamW
from .evaluate import logits_of, majority_score, score_logits
from .methods import Cell, Horizon
from .prepare import Prepared, hash_tensors, load_for, prepare
from .settings import Settings
from .train import Report, Totals, total_steps, train


class ReloadMismatch(RuntimeError):
    """The adapter on disk does not give the scores that were measured in memory."""


class MethodDidNotAct(RuntimeError):
    """The method did not do what its settings say; its scores would be those of something else."""


@dataclasses.dataclass
class CellRun:
    """Everything that is alive while a cell trains."""

    id: str
    folder: Path
    raw_settings: dict[str, Any]
    prepared: Prepared
    learner: Learner
    channel: Channel
    #: Of the base model with its head, before the method adds its own.
    total_parameters: int

    @property
    def adapter(self) -> Path:
        return self.folder / "adapter"


def run_cell(channel: Channel, cell: str, raw_settings: dict[str, Any], folder: Path) -> None:
    """Train one cell and send its events up to the outcome `finished` or `stopped`. Raises what went wrong."""
    began = time.perf_counter()
    settings = Settings.from_json(raw_settings)
    prepared = prepare(settings)
    if prepared.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(prepared.device)
    total_parameters = sum(p.numel() for p in prepared.model.module.parameters())
    learner = prepared.method.build(
        prepared.model,
        [Cell(cell, prepared.params)],
        settings.seed,
        horizon=Horizon(settings.train.num_train_epochs, total_steps(len(prepared.train), settings.train)),
    )
    run = CellRun(cell, folder, raw_settings, prepared, learner, channel, total_parameters)
    optimizer = make_optimizer(run)
    send_started(run)

    results, totals = train(
        learner=learner,
        optimizer=optimizer,
        train_data=prepared.train,
        eval_data=prepared.eval,
        kind=prepared.task.kind,
        score_names=prepared.task.scores,
        score=prepared.score,
        settings=settings.train,
        seed=settings.seed,
        device=prepared.device,
        autocast=partial(autocast, prepared.device, prepared.precision),
        should_stop=channel.stop_requested.is_set,
        report=make_report(run),
        holdout=prepared.holdout,
    )
    if totals.stopped:
        channel.send(messages.Stopped, cells=[cell], step=totals.step)
        return
    result = results[cell]
    check_acted(run)
    check_reload(run, result)
    size, digest = measure_folder(run.adapter)
    channel.send(messages.Artifact, cells=[cell], kind="adapter", path=str(run.adapter), bytes=size, sha256=digest)
    send_finished(run, result, totals, time.perf_counter() - began)


def make_optimizer(run: CellRun) -> LaneAdamW:
    train_settings = run.prepared.settings.train
    return LaneAdamW(
        run.learner.slots(),
        lanes=len(run.learner.lanes),
        betas=(train_settings.adam_beta1, train_settings.adam_beta2),
        eps=train_settings.adam_epsilon,
        weight_decay=train_settings.weight_decay,
        max_grad_norm=train_settings.max_grad_norm,
    )


def send_started(run: CellRun) -> None:
    prepared = run.prepared
    body, head = run.learner.trainable_parameters(0)
    run.channel.send(
        messages.Started,
        cells=[run.id],
        trainable_parameters=body,
        head_parameters=head,
        total_parameters=run.total_parameters,
        train_rows=len(prepared.train),
        eval_rows=len(prepared.eval),
        total_steps=total_steps(len(prepared.train), prepared.settings.train),
        num_epochs=prepared.settings.train.num_train_epochs,
        majority_score=majority_of(prepared),
        score_name=prepared.score,
        initial_weights=hash_tensors({slot.name: slot.tensor for slot in run.learner.slots()}),
        notes=[*prepared.data.notes, *prepared.method.notes(prepared.params)],
    )


def majority_of(prepared: Prepared) -> float | None:
    return majority_score(prepared.eval.labels, prepared.task.kind, prepared.score, prepared.eval.parts)


def make_report(run: CellRun) -> Report:
    """The loop's events on the wire. Progress is throttled; everything else is sent as it comes."""
    total = total_steps(len(run.prepared.train), run.prepared.settings.train)
    throttle, began = Throttle(0.2), time.perf_counter()

    def metrics(cells: list[str], split: str, step: int, epoch: float, values: dict[str, float]) -> None:
        wire, diverged = split_finite(values)
        run.channel.send(
            messages.Metrics, cells=cells, split=split, step=step, epoch=epoch, values=wire, diverged=diverged
        )

    def progress(cells: list[str], phase: str, step: int, epoch: int, loss: float, rate: float) -> None:
        if not throttle.ready():
            return
        left = (time.perf_counter() - began) / step * (total - step) if step else None
        run.channel.send(
            messages.Progress,
            cells=cells,
            phase=phase,
            step=step,
            total_steps=total,
            epoch=epoch,
            loss=finite(float(loss)),
            tokens_per_second=finite(rate),
            seconds_left=left,
        )

    def record(step: int, record: EpochRecord) -> None:
        send_record(run.channel, step, record)

    def best(lane: int, cells: list[str], epoch: int, values: dict[str, float]) -> None:
        save_adapter(run, lane, epoch, values)

    return Report(metrics=metrics, progress=progress, record=record, best=best)


def save_adapter(run: CellRun, lane: int, epoch: int, values: dict[str, float]) -> None:
    prepared = run.prepared
    info = RunInfo(
        settings=run.raw_settings,
        label_names=prepared.data.label_names,
        kind=prepared.task.kind,
        epoch=epoch,
        scores=split_finite(values)[0],
        worker_version=__version__,
    )
    save: Callable[[Path], None] = partial(prepared.method.save, run.learner, lane, prepared.model)
    write_folder(run.adapter, info, save)


def check_acted(run: CellRun) -> None:
    """Raises MethodDidNotAct when what was trained is not what the settings say."""
    reasons = run.prepared.method.check(run.learner, Cell(run.id, run.prepared.params))
    if reasons:
        raise MethodDidNotAct("; ".join(reasons))


def check_reload(run: CellRun, result: CellResult) -> None:
    """Load the saved adapter onto a freshly loaded model and score it again. Raises ReloadMismatch.

    On CPU the scores must be equal, since the same numbers are computed again; on CUDA the logits may differ by
    rounding, so that a row at the decision boundary may fall on the other side.
    """
    prepared = run.prepared
    model = load_for(prepared.settings, prepared.data, prepared.task, prepared.device)
    again = prepared.method.load(model, prepared.params, run.adapter)
    with autocast(prepared.device, prepared.precision):
        logits = logits_of(again, prepared.eval, prepared.settings.train.eval_batch_size, prepared.device)[0]
    before = result.best_logits
    assert before is not None
    labels, kind = prepared.eval.labels, prepared.task.kind
    old = score_logits(before, labels, kind, prepared.task.scores, prepared.eval.parts)
    new = score_logits(logits, labels, kind, prepared.task.scores, prepared.eval.parts)
    largest = float((logits - before).abs().max())
    tolerance = 1e-5 if prepared.precision == "fp32" else 5e-2
    exact = prepared.device.type == "cpu" and old[prepared.score] != new[prepared.score]
    if exact or not largest <= tolerance * max(1.0, float(before.abs().max())):
        raise ReloadMismatch(
            f"the saved adapter scores {prepared.score} {new[prepared.score]:.6f} after reloading, "
            f"{old[prepared.score]:.6f} before saving (largest difference of a logit {largest:.3g})"
        )


def send_record(channel: Channel, step: int, record: EpochRecord) -> None:
    """Decisions, score tables and ranks of a structure-changing method."""
    cells = record.cells
    for change in record.changes:
        channel.send(messages.Change, cells=cells, step=step, **dataclasses.asdict(change))
    if record.table is not None:
        channel.send(messages.ModuleScores, cells=cells, step=step, **dataclasses.asdict(record.table))
    if record.ranks is not None:
        channel.send(messages.Ranks, cells=cells, step=step, **dataclasses.asdict(record.ranks))
    for note in record.notes:
        channel.log("info", note, cells)
    for warning in record.warnings:
        channel.log("warn", warning, cells)


def send_finished(run: CellRun, result: CellResult, totals: Totals, seconds: float) -> None:
    prepared = run.prepared
    run.channel.send(
        messages.Finished,
        cells=[run.id],
        score_name=prepared.score,
        best_score=finite(result.best_score),
        best_epoch=result.best_epoch,
        last_score=finite(result.last_score),
        chosen_on="eval" if prepared.holdout is None else "holdout",
        chosen_score=finite(result.chosen_score),
        eval_best_score=finite(result.eval_best_score),
        eval_best_epoch=result.eval_best_epoch,
        collapsed=result.collapsed,
        majority_score=majority_of(prepared),
        train_seconds=totals.train_seconds,
        total_seconds=seconds,
        train_tokens=totals.tokens,
        trainable_parameters=run.learner.trainable_parameters(0)[0],
        peak_memory=peak_memory(prepared.device),
        notes=prepared.method.remarks(run.learner, Cell(run.id, prepared.params)),
    )
