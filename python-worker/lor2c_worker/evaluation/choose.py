"""Which epoch a run reports: the one that is best on the evaluation rows, or on rows held out of training.

With `train.holdout` the evaluation rows choose nothing and are only reported. The best evaluation score is kept beside
the reported one all the same: the difference is how much choosing on those rows would have flattered the run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from ..learner import Learner
from ..objective import Objective
from .evaluate import Evaluated, Evaluation
from .scoring import is_better


@dataclass(frozen=True)
class Look:
    """One lane at one time: what it is worth on the evaluation rows and, where there are any, on the held-out ones."""

    eval: Evaluated
    held: Evaluated | None = None

    @property
    def choosing(self) -> Evaluated:
        """Of the rows that choose the epoch."""
        return self.eval if self.held is None else self.held

    def splits(self) -> list[tuple[str, dict[str, float]]]:
        """(name of the split in the protocol's `metrics`, its values)."""
        held = [] if self.held is None else [("holdout", self.held.values)]
        return [*held, ("eval", self.eval.values)]


@dataclass(frozen=True)
class Judge:
    """The evaluations of a run, and the score that chooses its best epoch."""

    eval: Evaluation
    score: str
    #: Rows that are not trained on and choose the epoch instead of the evaluation rows.
    held: Evaluation | None = None

    def look(self, learner: Learner) -> list[Look]:
        """Evaluate every lane. A learner with several forms uses the best one on the rows that choose the epoch."""
        if self.held is None:
            return [Look(seen) for seen in self.eval.of(learner, choose=True)]
        held = self.held.of(learner, choose=True)
        return [Look(seen, chosen) for seen, chosen in zip(self.eval.of(learner), held, strict=True)]


@dataclass
class CellResult:
    """Scores of one cell so far."""

    #: On the evaluation rows, after the epoch that was chosen.
    best_score: float = math.nan
    best_epoch: float = 0
    #: On the rows that chose it: the same number unless rows were held out.
    chosen_score: float = math.nan
    last_score: float = math.nan
    #: The best on the evaluation rows, whichever rows choose.
    eval_best_score: float = math.nan
    eval_best_epoch: float = 0
    #: The predictions of the chosen epoch are all the same.
    collapsed: bool = False
    #: `Evaluated.alike` and its share, after the chosen epoch.
    alike: tuple[float, ...] = ()
    alike_share: float | None = None
    #: The predictions of the newest epoch are all the same.
    last_collapsed: bool = False
    #: `Evaluated.proof` on the evaluation rows after the chosen epoch.
    best_proof: torch.Tensor | None = None
    #: The structure is final, and evaluations since then count below (run/early_stopping.py).
    settled: bool = False
    #: Evaluations in a row without a better score on the rows that choose.
    stale: int = 0
    last_values: dict[str, float] = field(default_factory=dict)
    #: Seconds of optimizer steps: of each step, its time divided by the number of lanes.
    train_seconds: float = 0.0
    #: Real tokens that its lane has trained on.
    tokens: int = 0
    #: Hash of the rows of every step so far, in order; empty before the first (run/batch_order.py).
    batch_order: str = ""


def note(result: CellResult, seen: Look, score: str, epoch: float) -> bool:
    """Record the epoch's scores. Returns True when it is the best so far (the first of equal ones; NaN never)."""
    value, choosing = seen.eval.values[score], seen.choosing.values[score]
    result.last_score, result.last_values, result.last_collapsed = value, seen.eval.values, seen.eval.collapsed
    if result.eval_best_epoch == 0 or is_better(value, result.eval_best_score, score):
        result.eval_best_score, result.eval_best_epoch = value, epoch
    if result.best_proof is not None and not is_better(choosing, result.chosen_score, score):
        return False
    result.chosen_score, result.best_score, result.best_epoch = choosing, value, epoch
    result.best_proof, result.collapsed = seen.eval.proof, seen.eval.collapsed
    result.alike, result.alike_share = seen.eval.alike, seen.eval.alike_share
    return True


def note_cells(
    results: Mapping[str, CellResult], cells: list[str], seen: Look, score: str, epoch: float
) -> tuple[list[str], list[str]]:
    """`note` for all cells of a lane. Returns those whose best epoch this is, and those that collapse with it."""
    before = {cell for cell in cells if results[cell].last_collapsed}
    better = [cell for cell in cells if note(results[cell], seen, score, epoch)]
    return better, [cell for cell in cells if seen.eval.collapsed and cell not in before]


def collapse_warning(objective: Objective, epoch: float) -> str:
    return f"epoch {epoch:.6g}: collapsed: the predictions for all evaluation rows are {objective.one}"
