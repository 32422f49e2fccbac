"""What every lane is worth on some rows: its values, and a proof that a saved adapter gives them again."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from ..data.encode import eval_batches
from ..data.row_set import RowSet
from ..learner import Learner, ManyForms
from ..objective import RowObjective, at_least_fp32
from .proof import is_finite, proof_of
from .scoring import lower_is_better, score_logits


@dataclass(frozen=True)
class Evaluated:
    """One lane on the rows of an evaluation."""

    values: dict[str, float]
    #: A few numbers that the lane's adapter gives again when it is loaded, float64 on the CPU (`proof_of`).
    proof: torch.Tensor
    #: All predictions are alike.
    collapsed: bool
    #: What the lane said of each row, [N, C] on the CPU; whoever keeps a result for long leaves them out.
    logits: torch.Tensor | None = None
    #: If they are alike: that prediction, as one number or one for each label, and the share of rows it is right for.
    alike: tuple[float, ...] = ()
    alike_share: float | None = None

    @property
    def finite(self) -> bool:
        """Whether the model gives numbers at all."""
        return is_finite(self.proof)


class Evaluation(Protocol):
    """Judges the lanes of a learner, without dropout and without changing them."""

    def of(self, learner: Learner, *, choose: bool = False) -> list[Evaluated]:
        """One result for each lane. A learner with several forms (`ManyForms`) is judged in the form that is in use;
        with `choose` in its best form, which stays in use."""


@dataclass(frozen=True)
class RowEvaluation:
    """Scores the predictions for labelled rows. The proof is of their logits."""

    rows: RowSet
    batch_size: int
    device: torch.device
    objective: RowObjective
    names: tuple[str, ...]
    #: The one of `names` that chooses among forms.
    score: str
    autocast: Callable[[], Any] = nullcontext
    #: Real tokens of one batch instead of `batch_size` rows.
    tokens: int | None = None

    def of(self, learner: Learner, *, choose: bool = False) -> list[Evaluated]:
        return of_forms(learner, self._lanes, self.names, self.score, choose=choose)

    def _lanes(self, learner: Learner) -> list[Evaluated]:
        with self.autocast():
            logits = logits_of(learner, self.rows, self.batch_size, self.device, self.tokens)
        labels, objective = self.rows.labels, self.objective
        return [
            Evaluated(
                score_logits(lane, labels, objective, self.names, self.rows.parts),
                proof_of(lane),
                objective.collapsed(lane, labels),
                lane,
                *alike(objective, lane, labels),
            )
            for lane in logits
        ]


def of_forms(
    learner: Learner,
    lanes: Callable[[Learner], list[Evaluated]],
    names: tuple[str, ...],
    score: str,
    *,
    choose: bool,
) -> list[Evaluated]:
    """What `lanes` finds, as `Evaluation.of` gives it: of a learner with several forms, one result with all of their
    scores `names`. The best form is that of the best `score`."""
    if not isinstance(learner, ManyForms):
        return lanes(learner)
    forms, tried, used = learner.forms(), [], learner.in_use()
    for form in forms:
        learner.use(form)
        tried.append(lanes(learner)[0])
    best = max(range(len(forms)), key=lambda i: _rank(tried[i], score, -i)) if choose else forms.index(used)
    learner.use(forms[best])
    each = {
        f"{name}@{form.suffix}": seen.values[name]
        for form, seen in zip(forms, tried, strict=True)
        for name in names
        if name in seen.values
    }
    chosen = tried[best]
    return [replace(chosen, values=chosen.values | forms[best].values | each)]


def _rank(seen: Evaluated, score: str, place: int) -> tuple[bool, float, int]:
    value = seen.values[score]
    return not math.isnan(value), -value if lower_is_better(score) else value, place


def alike(
    objective: RowObjective, logits: torch.Tensor, labels: torch.Tensor
) -> tuple[tuple[float, ...], float | None]:
    """`Evaluated.alike` and its share, from the logits of one lane, [N, C]. A number is right for no share of rows."""
    if not objective.collapsed(logits, labels):
        return (), None
    predicted = objective.predictions(logits)
    one = tuple(predicted.double().mean(0).reshape(-1).tolist())
    if predicted.is_floating_point():
        return one, None
    right = (predicted == labels).reshape(len(labels), -1).all(1)
    return one, float(right.double().mean())


def logits_of(
    learner: Learner, rows: RowSet, batch_size: int, device: torch.device, tokens: int | None = None
) -> torch.Tensor:
    """Logits of every lane for all rows, in file order and without dropout: [K, N, C] on the CPU, `at_least_fp32`."""
    parts = []
    with torch.inference_mode():
        for chosen in eval_batches(rows, batch_size, tokens):
            batch = rows.batch(chosen, device)
            lanes = [at_least_fp32(learner.forward(batch, None, group)).cpu() for group in learner.groups()]
            parts.append(torch.cat(lanes))
    return torch.cat(parts, dim=1)
