"""What every lane is worth on texts: the mean loss of the tokens that count, and its perplexity."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..data.encode import eval_batches
from ..data.row_set import RowSet
from ..learner import Learner
from .evaluate import Evaluated, of_forms
from .proof import proof_of
from .scoring import SCORES


@dataclass(frozen=True)
class LanguageEvaluation:
    """Scores the losses of texts. The proof is of each row's sum of losses; there are no predictions to keep."""

    rows: RowSet
    batch_size: int
    device: torch.device
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
            sums, counts = losses_of(learner, self.rows, self.batch_size, self.device, self.tokens)
        return [Evaluated(self._values(lane.numpy(), counts), proof_of(lane[:, None]), False) for lane in sums]

    def _values(self, sums: np.ndarray, counts: np.ndarray) -> dict[str, float]:
        return {name: SCORES[name](counts, sums) for name in ("loss", *self.names)}


def losses_of(
    learner: Learner, rows: RowSet, batch_size: int, device: torch.device, tokens: int | None = None
) -> tuple[torch.Tensor, np.ndarray]:
    """(sum of the losses of each row, [K, N] float64, for every lane; number of its tokens that count, [N]), in file
    order and without dropout, on the CPU."""
    sums, counts = [], []
    with torch.inference_mode():
        for chosen in eval_batches(rows, batch_size, tokens):
            batch = rows.batch(chosen, device)
            assert batch.targets is not None
            lanes = [learner.forward(batch, None, group).double().cpu() for group in learner.groups()]
            losses, owner = torch.cat(lanes), batch.targets.places.cpu() // batch.input_ids.shape[1]
            sums.append(losses.new_zeros(len(losses), len(chosen)).index_add_(1, owner, losses))
            counts.append(np.bincount(owner.numpy(), minlength=len(chosen)))
    return torch.cat(sums, dim=1), np.concatenate(counts)
