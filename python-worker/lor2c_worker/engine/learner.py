"""The contract between the training loop and whatever is trained: lanes, slots, forward, decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import torch

if TYPE_CHECKING:
    from .optimizer import LaneAdamW

#: (optimizer step counted from 0, micro-batch within the step): the place of every dropout draw.
StepKey = tuple[int, int]
Role = Literal["body", "head"]
#: Of each cell: (epoch, what) of all that it will probably do, in order.
Expected = dict[str, list[tuple[float, tuple[object, ...]]]]


@dataclass(frozen=True)
class Batch:
    """Rows of one micro-batch, right-padded to the longest of them."""

    rows: torch.Tensor  # [B] int64, indices in the data set
    input_ids: torch.Tensor  # [B, T] int64
    attention_mask: torch.Tensor  # [B, T] int64, 1 on real tokens
    token_type_ids: torch.Tensor | None  # [B, T] int64
    labels: torch.Tensor  # [B] int64 or float; [B, T] int64 with -100 for causal language models
    tokens: int  # real tokens
    #: Real tokens of each row, where they are known without asking the device; the padding is on the right then.
    lengths: list[int] | None = None

    def row_lengths(self) -> list[int]:
        """[B]. Waits for a GPU when it has to count."""
        return self.attention_mask.sum(dim=1).tolist() if self.lengths is None else self.lengths


def send(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the host on the device; on CUDA without waiting for what the device is at."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


@dataclass
class Lane:
    """One trajectory, shared by the cells that have behaved identically so far."""

    cells: list[str]


@dataclass(eq=False)
class Slot:
    """A trained tensor. `stacked` tensors have the lane axis first, [K, ...]; others belong to a single lane.

    The per-lane lists are plain Python, so that reading them never waits for a GPU. The learner that owns the slot
    changes them in place when its structure changes; the optimizer reads them at each step.
    """

    name: str
    tensor: torch.Tensor
    role: Role
    stacked: bool = True
    #: The optimizer updates the lane's part. Empty: yes for all.
    trains: list[bool] = field(default_factory=list)
    #: The lane's gradient counts in the clipping norm (a frozen tensor's may: semantics.md 5). Empty: yes for all.
    counts: list[bool] = field(default_factory=list)
    #: Weight decay of the lane where it is not the optimizer's own. Empty or None: the optimizer's.
    decay: list[float | None] = field(default_factory=list)


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
    """Score of every module that was live during an epoch, taken at its end and before its decisions."""

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
    """What `cells`, all of lane `lane` (an index after any fork), decided, and the scores and ranks they saw."""

    lane: int
    cells: list[str]
    changes: list[Change] = field(default_factory=list)
    table: ScoreTable | None = None
    #: Lines for the run's log.
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ranks: RankTable | None = None


class Learner(Protocol):
    """Everything the loop knows of a method."""

    lanes: list[Lane]

    def slots(self) -> list[Slot]:
        """The trained tensors, always the same objects in the same order until a fork."""

    def groups(self) -> list[list[int]]:
        """The lanes, in order, that go through the model together; one group where memory has room for all."""

    def narrow(self) -> int | None:
        """Half as many lanes together from now on, and how many that is. None where a group has a single one.

        What was computed since the last `gather` is dropped.
        """

    def forward(self, batch: Batch, step: StepKey | None, lanes: Sequence[int] | None = None) -> torch.Tensor:
        """Logits [K, B, C] ([K, B, T, V] for causal language models) of one of `groups`, or of all lanes. `step` None:
        evaluation, without dropout."""

    def gather(self) -> None:
        """After the backward of a `forward`: its gradients become those of the slots."""

    def penalty(self) -> torch.Tensor | None:
        """What the method adds to the task's loss of every lane while training, [K] with gradient; None: nothing.

        Asked once per micro-batch after its `forward`, and weighted like that micro-batch's loss.
        """

    def after_backward(self, step: int) -> None:
        """Between the last backward of a step and its update."""

    def end_step(self, step: int, epoch: float, optimizer: LaneAdamW) -> list[EpochRecord]:
        """After update number `step` (counted from 1) at fractional epoch `epoch`. May change structure and fork.

        The gradients of the step, clipped, are still there.
        """

    def end_epoch(self, epoch: int, step: int, optimizer: LaneAdamW) -> list[EpochRecord]:
        """After the last update of epoch `epoch` (counted from 1), before its evaluation. May fork."""

    def expected(self, lane: int, epoch: float) -> Expected:
        """What the lane's cells will probably do after `epoch`; where that differs, they will part."""

    def trainable_parameters(self, lane: int) -> tuple[int, int]:
        """(body, head) of the lane at this moment."""

    def state(self, lane: int) -> dict[str, torch.Tensor]:
        """The lane's trained tensors by name, without the lane axis; no copies."""


@dataclass(frozen=True)
class Form:
    """One way to read trained tensors. Its scores are reported as `<score>@<suffix>`, beside the best form's own."""

    suffix: str
    values: dict[str, float]  # named in the evaluation's values when this form is the best


@runtime_checkable
class ManyForms(Protocol):
    """What a learner may have besides: its trained tensors make several models, e.g. one for each rank.

    Every evaluation scores each form. The best one (the first of equals) gives the run's score; it is left in use when
    the adapter is saved, so that what is loaded again is that form. Such a learner has a single lane.
    """

    def forms(self) -> list[Form]:
        """At least one, always the same, in the order in which ties are decided."""

    def use(self, form: Form) -> None:
        """Evaluation (`forward` without a step) and saving are of this form from now on; training is not concerned."""

    def in_use(self) -> Form:
        """The form that evaluation and saving are of now."""
