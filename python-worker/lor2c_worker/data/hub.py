"""Rows from a hub through the `datasets` library, imported only here and only when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..doing import doing
from ..install import install_command
from ..sources import depends_on_the_unknown
from .task import DataError

#: What to do without a hub.
_INSTEAD = "set data.path to a folder with the files"


def hub_rows(
    dataset: str, config: str | None, split: str, *, named: bool = False, instead: str = _INSTEAD
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number from 1, row) of one split. Raises DataError with what to do.

    `named`: the number of a class that the data set has a name for is given as that name, and -1, which stands for
    no label, as None. `instead`: what a message offers to do without the hub.
    """
    datasets = _library(instead)
    try:
        with doing("hub", _named(dataset, config)):
            rows = datasets.load_dataset(dataset, config, split=split)
    except Exception as error:
        raise _not_found(f"{_named(dataset, config)}, split {split}", error, instead) from error
    classes = {column: names for column, feature in rows.features.items() if (names := _names(feature))}
    if not named or not classes:
        yield from enumerate(rows, start=1)
        return
    for number, row in enumerate(rows, start=1):
        yield number, row | {column: _named_class(row[column], names) for column, names in classes.items()}


def _names(feature: Any) -> list[str] | None:
    """Of a column of classes, or of lists of classes."""
    names = getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None)
    return list(names) if names else None


def _named_class(value: Any, names: list[str]) -> Any:
    if isinstance(value, list):
        return [_named_class(each, names) for each in value]
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else None


def hub_splits(dataset: str, config: str | None) -> list[str]:
    """Names of the splits of a data set. Raises DataError with what to do."""
    datasets = _library(_INSTEAD)
    try:
        return [str(name) for name in datasets.get_dataset_split_names(dataset, config)]
    except Exception as error:
        raise _not_found(_named(dataset, config), error, _INSTEAD) from error


def hub_configs(dataset: str, *, instead: str = _INSTEAD) -> list[str]:
    """Names of the configurations of a data set. Raises DataError with what to do."""
    datasets = _library(instead)
    try:
        return [str(name) for name in datasets.get_dataset_config_names(dataset)]
    except Exception as error:
        raise _not_found(dataset, error, instead) from error


def _library(instead: str) -> Any:
    depends_on_the_unknown()
    try:
        import datasets  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise DataError(
            f"reading rows from a hub needs the package datasets: {install_command('datasets>=5')}, or {instead}"
        ) from None
    return datasets


def _named(dataset: str, config: str | None) -> str:
    return f"{dataset}/{config}" if config else dataset


def _not_found(what: str, error: Exception, instead: str) -> DataError:
    """The library raises many kinds for an unreachable hub, a missing set or a bad name."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return DataError(f"hub data set {what}: {first.rstrip('. ')}. Or {instead}.")
