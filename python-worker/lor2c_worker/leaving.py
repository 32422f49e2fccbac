"""Cells that were asked to stop while the rest of their tree goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import messages
from .channel import Channel
from .engine.bank_learner import BankLearner
from .train import LoopState
from .tree_checkpoint import part_checkpoint, tree_folder

if TYPE_CHECKING:
    from .run_tree import TreeRun


def leave(run: TreeRun, channel: Channel, closed: set[str], state: LoopState) -> LoopState:
    """Before a step: cells that are to stop leave their lanes, with a checkpoint of their own and the outcome
    `stopped`. Returns the state of the others; it is stopped where there are none."""
    leaving = [cell for cell in run.ids if cell in channel.stopping]
    if not leaving:
        return state
    run.checkpoint(state)
    if len(leaving) == len(run.cells):
        state.stopped = True
        return state
    assert isinstance(run.learner, BankLearner)  # all others train a cell alone
    part_checkpoint(run.folder, tree_folder(run.folder.parent, leaving), leaving, state.step, run.versions)
    rows = run.learner.leave(leaving, run.optimizer)
    state.window.fork(rows)
    run.cells = [cell for cell in run.cells if cell.id not in leaving]
    run.best = {cell: best for cell, best in run.best.items() if cell not in leaving}
    channel.send(messages.Stopped, cells=leaving, step=state.step)
    closed.update(leaving)
    return state.part(run.ids)
