"""Between two steps: a checkpoint when it is due, and cells that end while the others go on."""

from __future__ import annotations

import time

from .. import messages
from ..channel import Channel
from .checkpoint import part_checkpoint, tree_folder
from .finish import finish_cell, keep_best
from .loop_state import LoopState
from .outcome import diverged_at, send_outcome
from .report import send_tree, send_usages
from .running import TreeRun


def leave(run: TreeRun, channel: Channel, closed: set[str], state: LoopState) -> LoopState:
    """Before a step: take the cells that must stop out of their lanes, give them a checkpoint of their own, if any
    is written, and send `stopped`. Returns the state of the others; its `stopped` is true when none is left."""
    leaving = [cell for cell in run.ids if cell in channel.stopping]
    if not leaving:
        run.checkpoint_if_due(state)
        return state
    run.checkpoint(state)
    if len(leaving) == len(run.cells):
        state.stopped = True
        return state
    if state.step and run.saves:
        part_checkpoint(run.folder, tree_folder(run.folder.parent, leaving), leaving)
    send_usages(run, state, leaving)
    channel.send(messages.Stopped, cells=leaving, step=state.step)
    closed.update(leaving)
    return _without(run, leaving, state)


def lose(run: TreeRun, closed: set[str], state: LoopState, diverged: dict[int, int]) -> LoopState:
    """After a step: end the cells of lanes that have diverged as `failed`, with their best adapters so far. Returns the
    state of the others.

    `diverged`: lane -> the first step that was not finite.
    """
    limit = run.prepared.settings.train.stop_after_nonfinite
    gone: list[str] = []
    for lane, step in diverged.items():
        cells = list(run.learner.lanes[lane].cells)
        keep_best(run, cells)
        send_usages(run, state, cells)
        send_outcome(run.events.send, cells, diverged_at(step, limit or 1))
        closed.update(cells)
        gone += cells
    return _without(run, gone, state)


def end_early(run: TreeRun, closed: set[str], state: LoopState, cells: list[str]) -> LoopState:
    """Before a step: finish cells whose score no longer improves, as at the end of a tree. Returns the state of the
    others."""
    began, overhead, part = time.perf_counter(), run.overhead(state), state.part(cells)
    send_tree(run, part, cells)
    for cell in [cell for cell in run.cells if cell.id in cells]:
        finish_cell(run, cell, state.results[cell.id], part, overhead, closed)
    run.counted += overhead * len(cells) + time.perf_counter() - began
    return _without(run, cells, state)


def _without(run: TreeRun, gone: list[str], state: LoopState) -> LoopState:
    run.cells = [cell for cell in run.cells if cell.id not in gone]
    run.best = {cell: best for cell, best in run.best.items() if cell not in gone}
    if run.cells:
        state.regroup(run.learner.leave(gone, run.optimizer))
    part = state.part(run.ids)
    run.counted += state.train_seconds - part.train_seconds
    run.loop = part
    return part
