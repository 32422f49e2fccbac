"""The contract between the training loop and what it trains: lanes, slots, forward, decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import torch

if TYPE_CHECKING:
    from .backbones.decoder import Decoder
    from .data.batch import Batch
    from .keyed.seeding import StepKey
    from .optim.adamw import LaneAdamW
    from .optim.slot import Slot

#: Cell -> (epoch, effect) of every event that it will probably have, in order.
Expected = dict[str, list[tuple[float, tuple[object, ...]]]]


@dataclass
class Lane:
    """One trajectory, shared by the cells that have behaved identically so far."""

    cells: list[str]
    #: Keys its initial values, its order of rows and its masks.
    seed: int


@dataclass(frozen=True)
class Change:
    """A change of structure; the fields of the protocol's `change`. Layers are 0-based."""

    kind: Literal["merge", "inject"]
    epoch: float
    span_start: int
    span_end: int
    source: int
    score: float | None
    margin: float | None
    scores_from_epoch: float
    trainable_parameters: int
    detail: str


@dataclass(frozen=True)
class ModuleScore:
    span_start: int
    span_end: int
    kind: Literal["lor2c", "lora"]
    score: float | None


@dataclass(frozen=True)
class ScoreTable:
    """Score of every module of the structure, taken at the end of an epoch, before the decisions there."""

    epoch: float
    score_name: str
    modules: list[ModuleScore]
    trainable_parameters: int


@dataclass(frozen=True)
class ModuleRank:
    module: str  # path in the model
    rank: int


@dataclass(frozen=True)
class RankTable:
    """Rank of every module of a method that moves ranks between them, at the end of an epoch."""

    epoch: float
    modules: list[ModuleRank]


@dataclass(frozen=True)
class EpochRecord:
    """What `cells`, all of lane `lane` (its index after any fork), decided, from which scores, and their ranks."""

    lane: int
    cells: list[str]
    changes: list[Change] = field(default_factory=list)
    table: ScoreTable | None = None
    #: Lines for the run's log.
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ranks: RankTable | None = None


class Learner(Protocol):
    """All that training, checkpoints and reports know about a method. `SingleLane` answers most of it for one lane."""

    lanes: list[Lane]
    #: Lanes that go through the model together; None: all. `use_width` and `narrow` set it.
    width: int | None
    #: Seconds of each fork so far.
    fork_seconds: list[float]

    def slots(self) -> list[Slot]:
        """The trained tensors, always the same objects in the same order until a fork."""

    def groups(self) -> list[list[int]]:
        """Lanes that go through the model together, each group in order. They share a seed, and so rows and masks."""

    def use_width(self, width: int | None, *, fill: bool) -> None:
        """Let `width` lanes go through the model together. `fill`: the last group is filled up with copies, so that no
        product's shape depends on the number of lanes."""

    def use_checkpointing(self) -> None:
        """From now on compute each layer again in the backward instead of keeping what is inside. Changes no number.
        Raises SettingsError where a layer of this method cannot be computed again."""

    def narrow(self) -> int | None:
        """Use half as many lanes together from now on. Returns their number, or None if a group has one lane already.

        Gradients of the step so far must be computed again.
        """

    def forward(self, batch: Batch, step: StepKey | None, lanes: Sequence[int] | None = None) -> torch.Tensor:
        """Logits [K, B, C], or of a language model the cross entropy of each target, [K, P], at least float32. Of one
        of `groups`, or of all lanes if they are one group. `step` None: evaluation, without dropout. A backward adds to
        the gradients of the slots."""

    def penalty(self) -> torch.Tensor | None:
        """What the method adds to the task's loss of every lane while training, [K] with gradient; None: nothing.

        The loop calls it once per step, after the `forward` of the step's first micro-batch.
        """

    def after_backward(self, step: int) -> None:
        """Called between the last backward of a step and its update."""

    def end_step(self, step: int, epoch: float, optimizer: LaneAdamW) -> list[EpochRecord]:
        """Called after update `step` (counted from 1) at fractional epoch `epoch`. May change structure and fork.

        The step's clipped gradients are still available.
        """

    def end_epoch(self, epoch: int, step: int, optimizer: LaneAdamW) -> list[EpochRecord]:
        """Called after the last update of epoch `epoch` (counted from 1), before its evaluation. May fork."""

    def expected(self, lane: int, epoch: float) -> Expected:
        """What the lane's cells will probably do after `epoch`. Cells part where this differs."""

    def settled(self, lane: int, step: int, epoch: float) -> set[str]:
        """Cells of the lane whose method is over with its changes of structure after step `step`, at `epoch`. A run
        that ends early must not end before."""

    def decoder(self) -> Decoder:
        """The model as it is now, with adapters and without dropout, as a decoder that continues texts; of the first
        lane. Raises ValueError for a classifier."""

    def trainable_parameters(self, lane: int) -> tuple[int, int]:
        """(body, head): the lane's present numbers of parameters."""

    def tensors(self, lane: int) -> dict[str, torch.Tensor]:
        """The lane's trained tensors by name, without the lane axis; no copies."""

    def leave(self, cells: Iterable[str], optimizer: LaneAdamW) -> list[int]:
        """Go on without these cells, but not without any. Returns, for each lane that is left, its index before."""

    def state(self) -> dict[str, Any]:
        """All that another process needs to continue, besides the settings and the optimizer's `state_dict`: a dict
        with keys of text, and in it lists, such dicts, tensors and what JSON has. Tensors are not copied."""

    def restore(self, state: dict[str, Any], cells: Iterable[str]) -> list[int]:
        """Continue the lanes of a `state` that have any of `cells`, all of which it must know; drop other cells.

        Returns, for each lane, its index in the state; with them the optimizer resumes. Raises ValueError when the
        state is of another model.
        """


class SingleLane:
    """What a learner answers that has one lane, and no decisions or penalty of its own."""

    width: int | None = None

    def __init__(self, cells: list[str], seed: int) -> None:
        self.lanes = [Lane(cells, seed)]
        self.fork_seconds: list[float] = []

    def groups(self) -> list[list[int]]:
        return [[0]]

    def use_width(self, width: int | None, *, fill: bool) -> None:
        """Nothing to do: there is one group."""

    def narrow(self) -> int | None:
        return None

    def penalty(self) -> torch.Tensor | None:
        return None

    def after_backward(self, step: int) -> None:
        """Nothing to do."""

    def end_step(self, step: int, epoch: float, optimizer: LaneAdamW) -> list[EpochRecord]:
        return []

    def end_epoch(self, epoch: int, step: int, optimizer: LaneAdamW) -> list[EpochRecord]:
        return []

    def expected(self, lane: int, epoch: float) -> Expected:
        return {cell: [] for cell in self.lanes[lane].cells}

    def settled(self, lane: int, step: int, epoch: float) -> set[str]:
        return set(self.lanes[lane].cells)

    def leave(self, cells: Iterable[str], optimizer: LaneAdamW) -> list[int]:
        gone, [lane] = set(cells), self.lanes
        self.lanes = [Lane([cell for cell in lane.cells if cell not in gone], lane.seed)]
        return [0]


@dataclass(frozen=True)
class Form:
    """One of the models that trained tensors make. Its scores are reported as `<score>@<suffix>`."""

    suffix: str
    values: dict[str, float]  # added to the evaluation's values when this form is the best


@runtime_checkable
class ManyForms(Protocol):
    """Implemented by a learner whose trained tensors make several models, e.g. one for each rank.

    Every evaluation scores each form. The best one (the first of equals) gives the run's score. It stays in use, so
    that the saved adapter is that form. Such a learner has a single lane.
    """

    def forms(self) -> list[Form]:
        """The forms, at least one and always the same. Among equal scores the first one is the best."""

    def use(self, form: Form) -> None:
        """Use this form in evaluation (`forward` without a step) and saving from now on. Training is not affected."""

    def in_use(self) -> Form:
        """The form that evaluation and saving use now."""
