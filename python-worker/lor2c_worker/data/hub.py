"""Rows from a hub through the `datasets` library, imported only here and only when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..install import install_command
from ..sources import depends_on_the_unknown
from .task import DataError


def hub_rows(dataset: str, config: str | None, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number from 1, row) of one split. Raises DataError with what to do."""
    datasets = _library()
    try:
        rows = datasets.load_dataset(dataset, config, split=split)
    except Exception as error:
        raise _not_found(f"{_named(dataset, config)}, split {split}", error) from error
    yield from enumerate(rows, start=1)


def hub_splits(dataset: str, config: str | None) -> list[str]:
    """Names of the splits of a data set. Raises DataError with what to do."""
    datasets = _library()
    try:
        return [str(name) for name in datasets.get_dataset_split_names(dataset, config)]
    except Exception as error:
        raise _not_found(_named(dataset, config), error) from error


def _library() -> Any:
    depends_on_the_unknown()
    try:
        import datasets  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise DataError(
            f"reading rows from a hub needs the package datasets: {install_command('datasets>=5')}, "
            "or set data.path to a folder with the files"
        ) from None
    return datasets


def _named(dataset: str, config: str | None) -> str:
    return f"{dataset}/{config}" if config else dataset


def _not_found(what: str, error: Exception) -> DataError:
    """The library raises many kinds for an unreachable hub, a missing set or a bad name."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return DataError(f"hub data set {what}: {first}. Or set data.path to a folder.")
