"""Trains learners through the worker's own loop, and keeps what it reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from lor2c_worker.data.batch import Batch
from lor2c_worker.data.encode import train_batches
from lor2c_worker.data.row_set import RowSet
from lor2c_worker.data.targets import Targets
from lor2c_worker.evaluation.choose import Judge
from lor2c_worker.evaluation.evaluate import Evaluated, Evaluation, RowEvaluation
from lor2c_worker.evaluation.language import LanguageEvaluation
from lor2c_worker.learner import EpochRecord, Learner
from lor2c_worker.objective import Classify, LanguageModel, RowObjective
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.optim.stacked import Rate
from lor2c_worker.run.loop import Report, Training
from lor2c_worker.run.moments import Moments
from lor2c_worker.settings import TrainSettings

CPU = torch.device("cpu")
SETTINGS = TrainSettings(
    num_train_epochs=3,
    batch_size=8,
    eval_batch_size=16,
    gradient_accumulation_steps=1,
    learning_rate=1e-2,
    warmup_ratio=0.1,
    weight_decay=0.1,
    adam_beta1=0.9,
    adam_beta2=0.999,
    adam_epsilon=1e-8,
    max_grad_norm=1.0,
    max_length=32,
    precision="fp32",
    logging_steps=1,
)


@dataclass(frozen=True)
class Given:
    """A `RowSet` of rows that are tensors already, padded on the right."""

    input_ids: torch.Tensor  # [N, T] int64
    attention_mask: torch.Tensor  # [N, T] int64
    labels: torch.Tensor  # [N], or [N, T] for a language model, IGNORED where a token does not count
    parts = None

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: Sequence[int], device: torch.device) -> Batch:
        """Without the columns that hold nothing but padding."""
        index = torch.tensor(list(rows))
        mask = self.attention_mask[index]
        width = int(mask.sum(1).max())
        labels, ids, tokens = self.labels[index], self.input_ids[index, :width], int(mask.sum())
        if labels.ndim == 1:
            return Batch(index, ids, mask[:, :width], None, labels, tokens)
        targets = Targets.of(labels[:, :width], device)
        return Batch(index, ids, mask[:, :width], None, targets.ids, tokens, targets=targets)


def in_order(rows: int, size: int) -> Callable[[int, int], list[range]]:
    """The `order` of rows 0 to `rows` - 1, `size` at a time, in every epoch."""
    return lambda seed, epoch: [range(first, min(rows, first + size)) for first in range(0, rows, size)]


class Noting(LaneAdamW):
    """Keeps the learning rates (body, head) of each step."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rates: list[tuple[Rate, Rate]] = []

    def step(self, lr_body: Rate, lr_head: Rate) -> torch.Tensor:
        self.rates.append((lr_body, lr_head))
        return super().step(lr_body, lr_head)


@dataclass(frozen=True)
class Kept:
    """Judges as `inner` does, and keeps what it finds, evaluation by evaluation."""

    inner: Evaluation
    found: list[list[Evaluated]] = field(default_factory=list)

    def of(self, learner: Learner, *, choose: bool = False) -> list[Evaluated]:
        self.found.append(self.inner.of(learner, choose=choose))
        return self.found[-1]


@dataclass
class Seen:
    """What the loop reported. Values of each cell, in order."""

    #: split -> cell -> (step, values)
    metrics: dict[str, dict[str, list[tuple[int, dict[str, float]]]]] = field(default_factory=dict)
    records: list[tuple[int, EpochRecord]] = field(default_factory=list)
    best: list[tuple[str, int]] = field(default_factory=list)

    def values(self, split: str, name: str, cell: str) -> list[float]:
        """One value of each report of a split about a cell."""
        return [values[name] for _, values in self.metrics.get(split, {}).get(cell, [])]

    def report(self) -> Report:
        def metrics(cells: list[str], split: str, step: int, epoch: float, values: dict[str, float]) -> None:
            for cell in cells:
                self.metrics.setdefault(split, {}).setdefault(cell, []).append((step, values))

        return Report(
            metrics=metrics,
            progress=lambda *args: None,
            record=lambda step, record: self.records.append((step, record)),
            best=lambda lane, cells, step, epoch, values: self.best.extend((cell, epoch) for cell in cells),
        )


def training_of(
    learner: Learner,
    rows: RowSet,
    seen: Seen,
    settings: TrainSettings = SETTINGS,
    *,
    optimizer: LaneAdamW | None = None,
    evaluated: RowSet | None = None,
    held: RowSet | None = None,
    objective: RowObjective | LanguageModel | None = None,
    order: Callable[[int, int], Sequence[Sequence[int]]] | None = None,
    names: tuple[str, ...] = ("accuracy",),
    **others: Any,
) -> Training:
    """The loop's inputs. `evaluated`: the training rows unless given. `others`: as `Training` has them."""
    objective = Classify() if objective is None else objective
    casting = {name: value for name, value in others.items() if name == "autocast"}

    def evaluation(data: RowSet) -> Evaluation:
        if isinstance(objective, LanguageModel):
            return LanguageEvaluation(data, settings.eval_batch_size, CPU, ("loss",), "loss", **casting)
        return RowEvaluation(data, settings.eval_batch_size, CPU, objective, names, names[0], **casting)

    score = "loss" if isinstance(objective, LanguageModel) else names[0]
    judge = Judge(
        evaluation(rows if evaluated is None else evaluated), score, None if held is None else evaluation(held)
    )
    inputs: dict[str, Any] = {
        "learner": learner,
        "optimizer": optimizer or LaneAdamW(learner.slots(), len(learner.lanes), weight_decay=settings.weight_decay),
        "rows": rows,
        "order": order or partial(_order, rows, settings.batch_size),
        "objective": objective,
        "judge": judge,
        "settings": settings,
        "moments": Moments.of(len(rows), settings),
        "device": CPU,
        "report": seen.report(),
    }
    return Training(**(inputs | others))


def _order(rows: RowSet, batch_size: int, seed: int, epoch: int) -> list[Sequence[int]]:
    return train_batches(rows, batch_size, seed, epoch)
