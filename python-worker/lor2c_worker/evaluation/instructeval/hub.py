"""Rows of a benchmark's data set on the hub, with places for messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...data.hub import hub_configs, hub_rows

#: What to do without the hub.
_INSTEAD = "give a folder with the benchmarks' files"


def configs(dataset: str) -> list[str]:
    """Names of a data set's configurations, sorted. Raises DataError with what to do."""
    return sorted(hub_configs(dataset, instead=_INSTEAD))


def rows(dataset: str, config: str | None, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place for a message, row) of each row of a split. Raises DataError with what to do."""
    where = f"{place(dataset, config, split)}, row"
    for number, row in hub_rows(dataset, config, split, instead=_INSTEAD):
        yield f"{where} {number}", row


def place(dataset: str, config: str | None, split: str) -> str:
    return f"hub data set {dataset}{f'/{config}' if config else ''}, split {split}"
