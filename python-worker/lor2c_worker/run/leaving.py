"""Stops some cells of a tree while the others go on."""

from __future__ import annotations

from .. import messages
from ..channel import Channel
from .checkpoint import part_checkpoint, tree_folder
from .loop import LoopState
from .running import TreeRun


def leave(run: TreeRun, channel: Channel, closed: set[str], state: LoopState) -> LoopState:
    """Before a step: take the cells that must stop out of their lanes, give them a checkpoint of their own and send
    `stopped`. Returns the state of the others; its `stopped` is true when none is left."""
    leaving = [cell for cell in run.ids if cell in channel.stopping]
    if not leaving:
        return state
    run.checkpoint(state)
    if len(leaving) == len(run.cells):
        state.stopped = True
        return state
    part_checkpoint(run.folder, tree_folder(run.folder.parent, leaving), leaving, state.step, run.versions)
    rows = run.learner.leave(leaving, run.optimizer)
    state.window.fork(rows)
    run.cells = [cell for cell in run.cells if cell.id not in leaving]
    run.best = {cell: best for cell, best in run.best.items() if cell not in leaving}
    channel.send(messages.Stopped, cells=leaving, step=state.step)
    closed.update(leaving)
    return state.part(run.ids)
