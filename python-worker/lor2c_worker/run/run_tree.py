"""A tree of cells from settings to outcomes: prepare, begin or go on from a checkpoint, train, save and check each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import torch

from .. import messages
from ..channel import Channel
from ..learner import Learner
from ..methods import Horizon
from ..models import storage_notes
from ..optim.adamw import LaneAdamW
from ..versions import versions
from .checkpoint import EVENTS_FILE, Found, best_of, prepare_folder, tree_folder
from .device_usage import metered
from .event_log import EventLog
from .finish import finish_cell, majority_of
from .lane_width import fit_memory
from .leaving import end_early, leave, lose
from .loop import Training, train
from .loop_state import LoopState
from .meter import Meter
from .prepare import Prepared, check_planned, hash_tensors, horizon_of, load_for, prepare
from .repeats import check_repeats
from .report import make_report, send_tree, send_usages
from .running import TreeRun
from .start_from import start_from
from .tree import TreeCell


def run_tree(
    channel: Channel,
    cells: Sequence[TreeCell],
    folder: Path,
    source: Found | None,
    closed: set[str],
    saves: bool = True,
) -> None:
    """Train the cells and send their events up to the outcomes `finished`, `failed` (of a single cell) or `stopped`.

    `folder`: where trees of these settings have their checkpoints. `source`: the checkpoint that all cells go on from.
    Adds every cell that has its outcome to `closed`. An error of the others is raised. `saves`: whether checkpoints are
    written.
    """
    with metered(channel.send) as meter:
        run, started = _begin(channel, list(cells), folder, source, meter, saves)
        try:
            _train(channel, run, started, source, closed)
        except Exception:
            left = [cell for cell in run.ids if cell not in closed]
            with suppress(Exception):  # what ended the training may also keep it from being measured
                send_usages(run, run.loop, left)
            raise
        finally:
            run.events.close()


def _train(
    channel: Channel, run: TreeRun, started: list[dict[str, Any]], source: Found | None, closed: set[str]
) -> None:
    """Train up to the outcomes, those of cells that an error ends aside."""
    loop = run.loop
    for fields in started:
        channel.send(messages.Started, **fields, resumed_step=None if source is None else loop.step)
    run.events.replay(run.ids)
    prepared, settings = run.prepared, run.prepared.settings
    fit_memory(run, loop.step)
    if source is None:
        few = prepared.train.batch(range(min(2, len(prepared.train))), prepared.device)
        check_repeats(run.learner, few, prepared.autocast)
    training = Training(
        learner=run.learner,
        optimizer=run.optimizer,
        rows=prepared.train,
        order=prepared.order,
        objective=prepared.training_objective,
        judge=prepared.judge,
        settings=settings.train,
        moments=prepared.moments,
        device=prepared.device,
        report=make_report(run),
        autocast=prepared.autocast,
        should_stop=channel.stop_requested.is_set,
        leave=partial(leave, run, channel, closed),
        lose=partial(lose, run, closed),
        end_early=partial(end_early, run, closed),
        rates={cell.id: cell.cell.rates for cell in run.cells},
    )
    loop = train(training, loop)
    if not run.cells:
        return
    if loop.stopped:
        send_usages(run, loop, run.ids)
        channel.send(messages.Stopped, cells=run.ids, step=loop.step)
        closed.update(run.ids)
        return
    send_tree(run, loop, run.ids)
    overhead = run.overhead(loop)
    for cell in run.cells:
        finish_cell(run, cell, loop.results[cell.id], loop, overhead, closed)


def _begin(
    channel: Channel, cells: list[TreeCell], folder: Path, source: Found | None, meter: Meter, saves: bool
) -> tuple[TreeRun, list[dict[str, Any]]]:
    began = time.perf_counter()
    first, ids = cells[0], [cell.id for cell in cells]
    prepared = prepare(first.settings)
    check_planned(prepared, first.planned)
    if prepared.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(prepared.device)
    total = prepared.model.total()
    horizon = horizon_of(first.settings, len(prepared.train))
    learner = prepared.method.build(
        prepared.model,
        [cell.cell for cell in cells],
        horizon=horizon,
    )
    if first.settings.train.gradient_checkpointing:
        learner.use_checkpointing()
    if first.settings.train.start_from is not None:
        start_from(first.settings, learner, load_for(first.settings, prepared.data, prepared.device))
    optimizer = _optimizer(prepared, learner)
    own = tree_folder(folder, ids)
    current = versions(first.settings.train.precision)
    events = EventLog(channel, own / EVENTS_FILE, prepare_folder(own, ids, source))
    run = TreeRun(
        cells, prepared, learner, optimizer, events, own, saves, {}, total, current, meter, LoopState.of(learner), began
    )
    started = _started(run, horizon)
    if source is None:
        return run, started
    state = source.read()
    rows = learner.restore(state["learner"], ids)
    optimizer.resume(state["optimizer"], rows)
    run.best = best_of(state, ids)
    if "usage" in state:  # an older worker's has none
        meter.go_on(state["usage"]["sums"])
        run.earlier = state["usage"]["overhead"]
    run.loop = LoopState.restored(state["loop"], rows, ids, prepared.device)
    run.counted = -run.loop.train_seconds
    return run, started


def _optimizer(prepared: Prepared, learner: Learner) -> LaneAdamW:
    train_settings = prepared.settings.train
    return LaneAdamW(
        learner.slots(),
        lanes=len(learner.lanes),
        betas=(train_settings.adam_beta1, train_settings.adam_beta2),
        eps=train_settings.adam_epsilon,
        weight_decay=train_settings.weight_decay,
        max_grad_norm=train_settings.max_grad_norm,
    )


def _started(run: TreeRun, horizon: Horizon) -> list[dict[str, Any]]:
    """Fields of the `started` events, one per lane and notes, from the learner's initial state."""
    cells, prepared, learner = run.cells, run.prepared, run.learner
    unmeasured = () if run.meter.note is None else (run.meter.note,)
    lane_of = {cell: lane for lane, entry in enumerate(learner.lanes) for cell in entry.cells}
    groups: dict[tuple[int, tuple[str, ...]], list[str]] = {}
    for cell in cells:
        notes = (
            *prepared.data.notes,
            *storage_notes(prepared.settings.model),
            *cell.method.notes(cell.params),
            *unmeasured,
        )
        groups.setdefault((lane_of[cell.id], notes), []).append(cell.id)
    found = []
    for (lane, notes), ids in groups.items():
        body, head = learner.trainable_parameters(lane)
        fields: dict[str, Any] = {
            "cells": ids,
            "trainable_parameters": body,
            "head_parameters": head,
            "total_parameters": run.total_parameters,
            "train_rows": len(prepared.train),
            "eval_rows": len(prepared.eval),
            "total_steps": horizon.steps,
            "num_epochs": horizon.epochs,
            "majority_score": majority_of(prepared),
            "score_name": prepared.score,
            "initial_weights": hash_tensors(learner.tensors(lane)),
            "notes": list(notes),
        }
        found.append(fields)
    return found
