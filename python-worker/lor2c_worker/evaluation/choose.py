"""Which epoch a run reports: the one that is best on the evaluation rows, or on rows held out of training.

With `train.holdout` the evaluation rows choose nothing and are only reported. The best evaluation score is kept beside
the reported one all the same: the difference is how much choosing on those rows would have flattered the run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from ..data.encode import Encoded
from ..data.task import Kind
from ..learner import Learner
from .evaluate import evaluate, is_collapsed


@dataclass(frozen=True)
class Look:
    """One lane at an epoch end: its scores on the evaluation rows and, where there are any, on the held-out ones."""

    values: dict[str, float]
    #: On the evaluation rows, [N, C].
    logits: torch.Tensor
    collapsed: bool
    held: dict[str, float] | None = None

    def splits(self) -> list[tuple[str, dict[str, float]]]:
        """(name of the split in the protocol's `metrics`, its values)."""
        held = [] if self.held is None else [("holdout", self.held)]
        return [*held, ("eval", self.values)]


@dataclass
class CellResult:
    """Scores of one cell so far."""

    #: On the evaluation rows, after the epoch that was chosen.
    best_score: float = math.nan
    best_epoch: int = 0
    #: On the rows that chose it: the same number unless rows were held out.
    chosen_score: float = math.nan
    last_score: float = math.nan
    #: The best on the evaluation rows, whichever rows choose.
    eval_best_score: float = math.nan
    eval_best_epoch: int = 0
    #: The predictions of the chosen epoch are all the same.
    collapsed: bool = False
    #: The predictions of the newest epoch are all the same.
    last_collapsed: bool = False
    #: Evaluation logits of the chosen epoch, [N, C].
    best_logits: torch.Tensor | None = None
    last_values: dict[str, float] = field(default_factory=dict)
    #: Seconds of optimizer steps: of each step, its time divided by the number of lanes.
    train_seconds: float = 0.0


def look(
    learner: Learner,
    data: Encoded,
    held: Encoded | None,
    batch_size: int,
    device: torch.device,
    kind: Kind,
    names: tuple[str, ...],
    score: str,
) -> list[Look]:
    """Evaluate every lane. A learner with several forms uses the one that is best on the rows that choose the epoch."""
    held_values: list[dict[str, float]] | None = None
    if held is not None:
        _, held_values = evaluate(learner, held, batch_size, device, kind, names, score)
    logits, values = evaluate(learner, data, batch_size, device, kind, names, score if held is None else None)
    return [
        Look(
            values[lane],
            logits[lane],
            is_collapsed(logits[lane], data.labels, kind),
            None if held_values is None else held_values[lane],
        )
        for lane in range(len(values))
    ]


def note(result: CellResult, seen: Look, score: str, epoch: int) -> bool:
    """Record the epoch's scores. Returns True when it is the best so far (the first of equal ones; NaN never)."""
    value, choosing = seen.values[score], (seen.values if seen.held is None else seen.held)[score]
    result.last_score, result.last_values, result.last_collapsed = value, seen.values, seen.collapsed
    if result.eval_best_epoch == 0 or _better(value, result.eval_best_score):
        result.eval_best_score, result.eval_best_epoch = value, epoch
    if result.best_logits is not None and not _better(choosing, result.chosen_score):
        return False
    result.chosen_score, result.best_score, result.best_epoch = choosing, value, epoch
    result.best_logits, result.collapsed = seen.logits.clone(), seen.collapsed
    return True


def note_cells(
    results: Mapping[str, CellResult], cells: list[str], seen: Look, score: str, epoch: int
) -> tuple[list[str], list[str]]:
    """`note` for all cells of a lane. Returns those whose best epoch this is, and those that collapse with it."""
    before = {cell for cell in cells if results[cell].last_collapsed}
    better = [cell for cell in cells if note(results[cell], seen, score, epoch)]
    return better, [cell for cell in cells if seen.collapsed and cell not in before]


def collapse_warning(kind: Kind, epoch: int) -> str:
    what = "one value" if kind == "regress" else "one class"
    return f"epoch {epoch}: collapsed: the predictions for all evaluation rows are {what}"


def _better(value: float, than: float) -> bool:
    return value > than or (math.isnan(than) and not math.isnan(value))
