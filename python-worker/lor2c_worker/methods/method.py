"""What a method is. Add a file with a class over `Hooks` and one line in methods/__init__.py."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..learner import Learner
from ..models import LoadedModel
from ..settings import SettingsError, Since, from_mapping


@dataclass(frozen=True)
class Cell:
    """One run inside a bundle: its id and the parameters of its method."""

    id: str
    params: Any


@dataclass(frozen=True)
class Horizon:
    """Planned length of a run. `steps`: optimizer steps, fewer than those of all epochs when `max_steps` ends it."""

    epochs: int
    steps: int
    steps_per_epoch: int
    #: The user allows that some scheduled events fall after the end (train.allow_unreached_events).
    may_fall_short: bool = False


@dataclass(frozen=True)
class PlannedEvent:
    """An event at the end of an epoch (0: at the start of training), with all that decides it."""

    epoch: float
    what: str
    #: The event will probably find a candidate.
    probable: bool


@dataclass(frozen=True)
class Part:
    """Some trainable parameters: their place, the formula that counts them, and their number."""

    place: str
    formula: str
    count: int


class Hooks:
    """Defaults for most of `Method`. A method's class overrides what differs."""

    family: str | None = None

    def changes(self, model: LoadedModel, params: Any) -> list[Part]:
        return []

    def positions(self, params: Any) -> int:
        return 0

    def events(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[PlannedEvent]:
        return []

    def saved_parameters(self, model: LoadedModel, params: Any) -> int | None:
        return None

    def checkpoint_parameters(self, model: LoadedModel, params: Any) -> int | None:
        return None

    def require(self) -> None:
        return None

    def unreached(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[str]:
        return []

    def warnings(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[str]:
        return []

    def notes(self, params: Any) -> list[str]:
        return []

    def check(self, learner: Learner, cell: Cell) -> list[str]:
        return []

    def remarks(self, learner: Learner, cell: Cell) -> list[str]:
        return []


class Method(Protocol):
    """A way to make a frozen model trainable. `Hooks` has defaults for most of it."""

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def family(self) -> str | None:
        """Methods of one family share bundles: their cells may differ in settings marked `schedule`."""

    @property
    def Params(self) -> type:
        """Frozen dataclass of the method's settings. The metadata of each field document it (see `setting`)."""

    def parts(self, model: LoadedModel, params: Any) -> list[Part]:
        """Trainable parameters at the start, without the head, from shapes alone (`model` may be on meta)."""

    def changes(self, model: LoadedModel, params: Any) -> list[Part]:
        """Parameters that scheduled changes of structure add, if each finds a candidate; negative ones remove."""

    def positions(self, params: Any) -> int:
        """Positions that every row needs in the model besides those of its tokens."""

    def events(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[PlannedEvent]:
        """All that can part a cell's trajectory from those of its bundle, if each try finds a candidate.

        Cells train as one as long as their events are equal. `model` may be on meta.
        """

    def saved_parameters(self, model: LoadedModel, params: Any) -> int | None:
        """Number of parameters that `save` writes besides the head, for forecasts; None: those that train first."""

    def checkpoint_parameters(self, model: LoadedModel, params: Any) -> int | None:
        """Trained parameters of a lane in a checkpoint, besides the head; None: the method writes no checkpoints."""

    def require(self) -> None:
        """Raises SettingsError when a package that training needs is missing. Counting does not call it."""

    def unreached(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[str]:
        """What the settings ask for but a run of this length cannot do, one line each, with what would fit.

        Such a run is refused unless the user allows it. Raises SettingsError when not even `build` would work.
        `model` may be on meta.
        """

    def warnings(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[str]:
        """Warnings for the plan of such a run, one line each. `model` may be on meta."""

    def notes(self, params: Any) -> list[str]:
        """Notes for the record of every run with these settings."""

    def build(self, model: LoadedModel, cells: list[Cell], seed: int, *, horizon: Horizon) -> Learner:
        """Attach to the model. The cells share all settings but those marked `schedule`."""

    def check(self, learner: Learner, cell: Cell) -> list[str]:
        """After training: why the method did not act as the cell's settings say. Empty: it did."""

    def remarks(self, learner: Learner, cell: Cell) -> list[str]:
        """After training: notes for the record on how the method acted, when nothing failed."""

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        """Write the lane's trained tensors, head included, as safetensors with a config beside them."""

    def load(self, model: LoadedModel, params: Any, folder: Path) -> Learner:
        """A learner with one lane that evaluates, on a freshly loaded model, what `save` wrote."""


def setting(
    default: Any,
    doc: str,
    *,
    unit: str | None = None,
    source: str | None = None,
    minimum: float | None = None,
    exclusive_minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] | None = None,
    schedule: bool = False,
    since: Since | None = None,
) -> Any:
    """A dataclass field with its documentation and limits. The catalog and the spec's checks are made from it.

    `schedule`: cells that differ only in such settings train in one bundle.
    """
    metadata = {
        "doc": doc,
        "unit": unit,
        "source": source,
        "minimum": minimum,
        "exclusive_minimum": exclusive_minimum,
        "maximum": maximum,
        "choices": choices,
        "schedule": schedule,
        "since": since,
    }
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def count(method: Method, model: LoadedModel, params: Any) -> int:
    """Trainable parameters at the start, without the head."""
    return sum(part.count for part in method.parts(model, params))


def parse_params(method: Method, values: dict[str, Any]) -> Any:
    """The method's Params from plain values. Raises SettingsError that names the key."""
    try:
        return from_mapping(method.Params, values, f"method {method.name}")
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, SettingsError) else SettingsError(f"method {method.name}: {error}") from error
