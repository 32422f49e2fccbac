"""What a method says of a run before it: from its settings and the shapes of a model, without weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ..models import LoadedModel, WeightsUse
from .entry import Entry


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


class Plan(Entry, Protocol):
    """The first part of a method. Only `parts` has no default. `model` may be on meta everywhere."""

    def weights_use(self, params: Any) -> WeightsUse:
        """What the method does with the backbone's weights."""
        return "multiplies"

    def parts(self, model: LoadedModel, params: Any) -> list[Part]:
        """Trainable parameters at the start, without the head, from shapes alone."""
        ...

    def changes(self, model: LoadedModel, params: Any) -> list[Part]:
        """Parameters that scheduled changes of structure add, if each finds a candidate; negative ones remove."""
        return []

    def positions(self, params: Any) -> int:
        """Positions that every row needs in the model besides those of its tokens."""
        return 0

    def events(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[PlannedEvent]:
        """All that can part a cell's trajectory from those of its bundle, if each try finds a candidate.

        Cells train as one as long as their events are equal.
        """
        return []

    def saved_parameters(self, model: LoadedModel, params: Any) -> int:
        """Number of parameters that `save` writes besides the head, for forecasts."""
        return count(self, model, params)

    def checkpoint_parameters(self, model: LoadedModel, params: Any) -> int:
        """Parameters of a lane that a checkpoint has with both moments, besides the head."""
        return count(self, model, params)

    def kept_parameters(self, model: LoadedModel, params: Any) -> int:
        """Numbers of a lane that a checkpoint has beside them, without moments: what is frozen but not the model's, and
        running means."""
        return 0

    def scored_modules(self, model: LoadedModel, params: Any) -> int:
        """Modules whose score or rank every epoch's end reports, at the start."""
        return 0

    def check_checkpointing(self, params: Any) -> None:
        """Raises SettingsError when the backward cannot compute layers again (`train.gradient_checkpointing`)."""
        return None

    def require(self) -> None:
        """Raises SettingsError when a package that training needs is missing. Counting does not call it."""
        return None

    def unreached(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[str]:
        """What the settings ask for but a run of this length cannot do, one line each, with what would fit.

        Such a run is refused unless the user allows it. Raises SettingsError when not even `build` would work.
        """
        return []

    def warnings(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[str]:
        """Warnings for the plan of such a run, one line each."""
        return []

    def notes(self, params: Any) -> list[str]:
        """Notes for the record of every run with these settings."""
        return []


def count(method: Plan, model: LoadedModel, params: Any) -> int:
    """Trainable parameters at the start, without the head."""
    return sum(part.count for part in method.parts(model, params))
