"""A tree in training: what its loop, its reports, its checkpoints and its end have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..learner import Learner
from ..optim.adamw import LaneAdamW
from .checkpoint import Best, write_checkpoint
from .event_log import EventLog
from .loop_state import LoopState
from .prepare import Prepared
from .tree import TreeCell


@dataclass
class TreeRun:
    """The cells, model, optimizer and files of a tree in training."""

    cells: list[TreeCell]
    prepared: Prepared
    learner: Learner
    optimizer: LaneAdamW
    events: EventLog
    folder: Path
    best: dict[str, Best]
    #: Parameters of the base model with its head, without those that the method adds.
    total_parameters: int
    versions: dict[str, str]

    @property
    def ids(self) -> list[str]:
        return [cell.id for cell in self.cells]

    @property
    def total_steps(self) -> int:
        return self.prepared.moments.total

    @property
    def steps_per_epoch(self) -> int:
        return self.prepared.moments.per_epoch

    def checkpoint(self, loop: LoopState) -> None:
        state = {"learner": self.learner.state(), "optimizer": self.optimizer.state_dict()}
        write_checkpoint(self.folder, state, loop, self.best, self.events.sync(), self.versions)
