"""What a method is: its parts Plan, Build, Verify and Store in one. A method's class inherits from `Method`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..learner import Learner
from ..models import LoadedModel
from .plan import Horizon, Plan


@dataclass(frozen=True)
class Cell:
    """One run inside a bundle: its id and the parameters of its method."""

    id: str
    params: Any


class Build(Protocol):
    """Makes a frozen model trainable."""

    def build(self, model: LoadedModel, cells: list[Cell], seed: int, *, horizon: Horizon) -> Learner:
        """Attach to the model. The cells share all settings but those marked `schedule`."""
        ...


class Verify(Protocol):
    """Whether the method acted as a cell's settings say, after its training."""

    def check(self, learner: Learner, cell: Cell) -> list[str]:
        """Why the method did not act as the settings say. Empty: it did."""
        return []

    def remarks(self, learner: Learner, cell: Cell) -> list[str]:
        """Notes for the record on how the method acted, when nothing failed."""
        return []


class Store(Protocol):
    """Writes what was trained, and reads it again."""

    #: `build` and `load` leave the model as it was loaded, so that `load` can use one that has been trained on.
    keeps_model: bool = False

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        """Write the lane's trained tensors, head included, as safetensors with a config beside them."""
        ...

    def load(self, model: LoadedModel, params: Any, folder: Path) -> Learner:
        """A learner with one lane that evaluates, on a freshly loaded model, what `save` wrote."""
        ...


class Method(Plan, Build, Verify, Store, Protocol):
    """A way to make a frozen model trainable: `parts`, `build`, `save` and `load`; everything else has a default."""
