"""What a method is: its parts Plan, Build, Verify and Store in one. A method's class inherits from `Method`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from ..learner import Learner
from ..models import LoadedModel
from ..settings import Settings, SettingsError
from .plan import Horizon, Plan


@dataclass(frozen=True)
class Cell:
    """One run inside a bundle: its id, the parameters of its method, and what else its lane may have of its own."""

    id: str
    params: Any
    seed: int = 0
    #: Peak learning rates of body and head.
    rates: tuple[float, float] = (0.0, 0.0)
    #: None: the optimizer's.
    weight_decay: float | None = None


def cell_of(id: str, params: Any, settings: Settings) -> Cell:
    train = settings.train
    return Cell(id, params, settings.seed, (train.learning_rate, train.head_lr), train.weight_decay)


class Build(Protocol):
    """Makes a frozen model trainable."""

    #: What `build`, `save` and `load` import, which may take seconds; `import_libraries` does it before training.
    libraries: tuple[str, ...] = ()

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> Learner:
        """Attach to the model. The cells share all settings but those marked `schedule` and, if the method has lanes,
        `number`, and then also seed, rates and weight decay."""
        ...


def import_libraries(method: Build) -> None:
    """Import what the method needs, in no time that is measured as that of a step or an evaluation."""
    for name in method.libraries:
        importlib.import_module(name)


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

    #: `build` and `load` leave the model as it was loaded, so that `load` can use one that has been trained on; where
    #: they don't, the model's parameters show it (`LoadedModel.version`).
    keeps_model: bool = False

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        """Write the lane's trained tensors, head included, as safetensors with a config beside them."""
        ...

    def load(self, model: LoadedModel, params: Any, folder: Path) -> Learner:
        """A learner with one lane that evaluates, on a freshly loaded model, what `save` wrote."""
        ...

    def unmergeable(self, params: Any) -> str | None:
        """Why no weights of the model can hold what `save` wrote; None: `merged` puts it there."""
        return "what it adds is not linear, so that no weights of the model can hold it"

    def merged(self, model: LoadedModel, params: Any, folder: Path) -> nn.Module:
        """A plain model of transformers that computes what `load` does. `model`: freshly loaded, on the CPU, all of it
        in fp32; it may be changed. Raises SettingsError."""
        raise SettingsError(str(self.unmergeable(params)))


class Method(Plan, Build, Verify, Store, Protocol):
    """A way to make a frozen model trainable: `parts`, `build`, `save` and `load`; everything else has a default."""
