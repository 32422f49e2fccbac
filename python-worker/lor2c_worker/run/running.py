"""A tree in training: what its loop, its reports, its checkpoints and its end have in common."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from ..learner import Learner
from ..optim.adamw import LaneAdamW
from .checkpoint import Best, write_checkpoint
from .event_log import EventLog
from .loop_state import LoopState
from .meter import Meter
from .moments import save_due
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
    #: Whether checkpoints are written. Without, the folder only has the best adapters and the events until the end.
    saves: bool
    best: dict[str, Best]
    #: Parameters of the base model with its head, without those that the method adds.
    total_parameters: int
    versions: dict[str, str]
    #: Of everything that the tree uses.
    meter: Meter
    #: The newest state of its loop.
    loop: LoopState
    #: When the tree began, in seconds of a clock that only runs forward.
    began: float = field(default_factory=time.perf_counter)
    #: Seconds of it that are counted elsewhere: of cells that have left it, less those of steps before a checkpoint.
    counted: float = 0.0
    #: Seconds outside of steps before a checkpoint, of each cell.
    earlier: float = 0.0
    #: When the last checkpoint was written, or training began; in seconds of a clock that only runs forward.
    _saved: float = field(default_factory=time.monotonic)

    @property
    def ids(self) -> list[str]:
        return [cell.id for cell in self.cells]

    @property
    def total_steps(self) -> int:
        return self.prepared.moments.total

    @property
    def steps_per_epoch(self) -> int:
        return self.prepared.moments.per_epoch

    def overhead(self, loop: LoopState) -> float:
        """Seconds of the tree outside of steps so far, divided by its cells."""
        return (time.perf_counter() - self.began - self.counted - loop.train_seconds) / len(self.cells)

    def seconds(self, loop: LoopState, cell: str) -> float:
        """Seconds of one cell so far: its lane's share of the steps, and its own of the rest."""
        return loop.results[cell].train_seconds + self.earlier + self.overhead(loop)

    def checkpoint(self, loop: LoopState) -> None:
        """Write a checkpoint between two steps. There is none before the first step, when nothing would be lost."""
        if loop.step and self.saves:
            state = {"learner": self.learner.state(), "optimizer": self.optimizer.state_dict(), "loop": loop.plain()}
            state["usage"] = {"sums": self.meter.sums().plain(), "overhead": self.earlier + self.overhead(loop)}
            write_checkpoint(self.folder, loop.step, self.ids, state, self.best, self.events.sync(), self.versions)
        self._saved = time.monotonic()

    def checkpoint_if_due(self, loop: LoopState) -> None:
        """Write a checkpoint if the last one is as old as `train.checkpoint_minutes`."""
        if save_due(time.monotonic(), self._saved, self.prepared.settings.train.checkpoint_minutes):
            self.checkpoint(loop)
