"""What a spec and the catalog know of a method: its name, where it comes from, and its settings."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

from ..settings import SettingsError, Since, from_mapping


class Entry(Protocol):
    """A method in the catalog."""

    name: str
    summary: str
    source: str
    #: Methods of one family share bundles: their cells may differ in settings marked `schedule`.
    family: str | None = None
    #: Cells are lanes of one learner, which may also differ in settings marked `number`, seed, rates and weight decay.
    lanes: bool = False
    #: False: nothing trains. A run has no steps, one evaluation of the model as it is, and no adapter.
    trains: bool = True
    #: Frozen dataclass of the method's settings. The metadata of each field document it (see `setting`).
    Params: type


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
    alone: str | None = None,
    schedule: bool = False,
    number: bool = False,
    since: Since | None = None,
) -> Any:
    """A dataclass field with its documentation and limits. The catalog and the spec's checks are made from it. `alone`:
    a text that may stand in the place of a list.

    `schedule`: cells that differ only in such settings train in one bundle. `number`: so they do as lanes of their own,
    if the method has lanes.
    """
    metadata = {
        "doc": doc,
        "unit": unit,
        "source": source,
        "minimum": minimum,
        "exclusive_minimum": exclusive_minimum,
        "maximum": maximum,
        "choices": choices,
        "alone": alone,
        "schedule": schedule,
        "number": number,
        "since": since,
    }
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def parse_params(method: Entry, values: dict[str, Any]) -> Any:
    """The method's Params from plain values. Raises SettingsError that names the key."""
    try:
        return from_mapping(method.Params, values, f"method {method.name}")
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, SettingsError) else SettingsError(f"method {method.name}: {error}") from error
