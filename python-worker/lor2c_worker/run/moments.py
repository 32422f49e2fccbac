"""How many steps a run has, and what is due after each: decisions, evaluations, a checkpoint. Pure functions.

Times are in epochs (semantics.md section 3): an epoch's end is one policy, the multiples of a real interval another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from ..schedule import multiples
from ..settings import TrainSettings


def steps_per_epoch(rows: int, settings: TrainSettings) -> int:
    """Optimizer steps of one epoch. A smaller last batch and a smaller last accumulation count."""
    return math.ceil(math.ceil(rows / settings.batch_size) / settings.gradient_accumulation_steps)


def total_steps(rows: int, settings: TrainSettings) -> int:
    full = steps_per_epoch(rows, settings) * settings.num_train_epochs
    return full if settings.max_steps is None else min(full, settings.max_steps)


def schedule_warnings(total: int, per_epoch: int, settings: TrainSettings) -> list[str]:
    """What in the settings cannot take effect in a run of `total` steps, `per_epoch` an epoch."""
    warmup, fixed, evaluate, has = (
        settings.warmup_steps,
        settings.report_epoch,
        settings.eval_steps,
        f"the run has {total:,} steps",
    )
    found = []
    if warmup is not None and warmup >= total:
        found.append(f"train.warmup_steps {warmup:,}: {has}, so its learning rate never reaches the peak")
    if evaluate is not None and evaluate > total:
        found.append(f"train.eval_steps {evaluate:,}: {has}, so it is evaluated at its end only")
    if evaluate is not None and fixed is not None and fixed * per_epoch % evaluate and fixed * per_epoch != total:
        found.append(f"train.report_epoch {fixed}: with train.eval_steps {evaluate} no evaluation is at its end")
    return found


def epoch_text(epoch: float) -> str:
    """`2`, or `1.333`."""
    return f"{epoch:.4g}" if epoch < 1000 else f"{epoch:.0f}"


class Policy(Protocol):
    """Says of every step, counted from 1, whether something is due after it."""

    def due(self, step: int, per_epoch: int) -> bool: ...


@dataclass(frozen=True)
class EpochEnd:
    """After the last step of each epoch."""

    def due(self, step: int, per_epoch: int) -> bool:
        return step % per_epoch == 0


@dataclass(frozen=True)
class Interval:
    """After the first step that reaches the next multiple of `epochs`, a real number above 0."""

    epochs: float

    def due(self, step: int, per_epoch: int) -> bool:
        return multiples(step / per_epoch, self.epochs) > multiples((step - 1) / per_epoch, self.epochs)


@dataclass(frozen=True)
class Every:
    """After every `steps` steps of the run, across its epochs."""

    steps: int

    def due(self, step: int, per_epoch: int) -> bool:
        return step % self.steps == 0


@dataclass(frozen=True)
class Due:
    """What is due after a step, in this order."""

    #: Report the means of the steps since the last such report.
    log: bool
    #: The method decides, as at the end of an epoch.
    decide: bool
    evaluate: bool


@dataclass(frozen=True)
class Moments:
    """The calendar of a run of `total` steps. Whatever its policies say, a run ends with all of them; one without steps
    is evaluated, at epoch 0."""

    total: int
    per_epoch: int
    logging_steps: int
    decide: Policy = EpochEnd()
    evaluate: Policy = EpochEnd()

    @staticmethod
    def of(rows: int, settings: TrainSettings) -> Moments:
        evaluate = EpochEnd() if settings.eval_steps is None else Every(settings.eval_steps)
        total, per_epoch = total_steps(rows, settings), steps_per_epoch(rows, settings)
        return Moments(total, per_epoch, settings.logging_steps, evaluate=evaluate)

    def after(self, step: int) -> Due:
        """What is due after `step`, counted from 1."""
        last = step == self.total
        return Due(
            log=last or step % self.logging_steps == 0,
            decide=last or self.decide.due(step, self.per_epoch),
            evaluate=last or self.evaluate.due(step, self.per_epoch),
        )

    def epoch(self, step: int) -> int:
        """The epoch, counted from 1, that `step`, counted from 1, belongs to; 1 before the first step, 0 if there is
        none."""
        return max(0, step - 1) // self.per_epoch + 1 if self.total else 0

    def reached(self, step: int) -> float:
        """The epochs that `step` steps are: a whole number at the end of an epoch, else a real one."""
        whole, rest = divmod(step, self.per_epoch)
        return step / self.per_epoch if rest else whole

    def place(self, step: int) -> tuple[int, int]:
        """(epoch, counted from 1; step within it, counted from 0) of the step after `step` steps."""
        return step // self.per_epoch + 1, step % self.per_epoch


def save_due(now: float, saved: float, minutes: float) -> bool:
    """Whether a checkpoint is due at `now`, in seconds, when the last one was written at `saved`."""
    return now - saved >= 60.0 * minutes


#: Steps between two looks for lanes that have diverged, on a device that a look would wait for.
LOOK_EVERY = 32


def look_due(step: int, due: Due, *, waits: bool) -> bool:
    """Whether to read, after `step`, which lanes have diverged. `waits`: reading waits for the device.

    Always before decisions and evaluations, which such a lane must not take part in.
    """
    return not waits or due.log or due.decide or due.evaluate or step % LOOK_EVERY == 0
