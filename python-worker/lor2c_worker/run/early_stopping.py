"""Runs that end before their last epoch because their score no longer improves (`train.early_stopping_patience`).

A run counts the evaluations in a row that are no better than its best one so far. A method that changes its structure
would be another method if it ended before its last change, so its count begins after that one: the first evaluation
with the final structure counts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..evaluation.choose import CellResult
from ..learner import Learner
from .loop_state import LoopState
from .moments import Moments, epoch_text


def count(learner: Learner, lane: int, state: LoopState, epoch: float, better: list[str]) -> None:
    """Note an evaluation of the cells of a lane, at `epoch`. `better`: those that have never been as good."""
    settled = learner.settled(lane, state.step, epoch)
    for cell in learner.lanes[lane].cells:
        result = state.results[cell]
        result.stale = result.stale + 1 if result.settled and cell not in better else 0
        result.settled = result.settled or cell in settled


def ended(results: Mapping[str, CellResult], patience: int | None) -> list[str]:
    """Cells that end here."""
    return [] if patience is None else [cell for cell, result in results.items() if result.stale >= patience]


def notes_of(result: CellResult, step: int, moments: Moments, score: str, patience: int | None) -> list[str]:
    """A note for the record of a cell that ends after `step`, if it ends before its last step."""
    if patience is None or result.stale < patience or step >= moments.total:
        return []
    times = "1 evaluation" if patience == 1 else f"{patience} evaluations"
    at, last = epoch_text(moments.reached(step)), epoch_text(moments.reached(moments.total))
    return [f"stopped early after epoch {at} of {last}: no better {score} for {times}"]
