"""Where the user's rows are: a folder with a file for each split, one file, or a data set of a hub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..settings import DataSettings
from ..sources import depends_on
from .hub import hub_rows, hub_splits
from .tables import ENDINGS, JSON_ENDINGS, PARQUET, Row, find_split, read_rows
from .task import DataError

DEV = ("dev", "validation", "eval")


@dataclass(frozen=True)
class Table:
    """One set of rows. `place` starts the messages about its rows."""

    place: str
    files: tuple[Path, ...] = ()
    #: (data set, configuration, split) on the hub.
    hub: tuple[str, str | None, str] | None = None

    @property
    def varies(self) -> bool:
        """Whether rows may have different columns, as objects of JSON do."""
        return any(file.name.endswith(JSON_ENDINGS) for file in self.files)

    def rows(self) -> Iterator[Row]:
        return hub_rows(*self.hub, named=True) if self.hub is not None else read_rows(self.files)


def tables_of(data: DataSettings, endings: Sequence[str] = ENDINGS) -> tuple[Table, Table | None]:
    """(training rows, evaluation rows). None when `data.dev_rows` is to split them off. Raises DataError."""
    if (data.path is None) == (data.hub is None):
        both = "exclude each other: rows come from one place" if data.path else "are both null: rows come from one"
        raise DataError(f"data.path and data.hub {both}")
    if data.hub is not None:
        return _of_hub(data, data.hub)
    if data.config is not None:
        raise DataError("data.config is the configuration of a data set on the hub; it does not go with data.path")
    path = Path(data.path or "").expanduser()
    return (_of_file(data, path, endings), None) if path.is_file() else _of_folder(data, path, endings)


def _of_file(data: DataSettings, path: Path, endings: Sequence[str]) -> Table:
    if data.dev_rows is None:
        raise DataError(
            f"data.path {path} is one file: set data.dev_rows to a number of rows (or a share, e.g. 0.1) that are "
            "split off to evaluate on, or give a folder with train and dev files"
        )
    for key in ("train_split", "dev_split"):
        if getattr(data, key) is not None:
            raise DataError(f"data.{key} chooses among splits; data.path {path} is one file")
    if not path.name.endswith((*endings, PARQUET)):
        raise DataError(f"data.path {path}: the name must end in {', '.join((*endings, PARQUET))}")
    depends_on(path)
    return _files([path])


def _of_folder(data: DataSettings, path: Path, endings: Sequence[str]) -> tuple[Table, Table | None]:
    train = _files(find_split(path, (data.train_split or "train",), endings))
    if data.dev_rows is None:
        return train, _files(find_split(path, (data.dev_split,) if data.dev_split else DEV, endings))
    if data.dev_split is not None:
        raise _two_ways(data)
    try:
        dev = find_split(path, DEV, endings)
    except DataError:
        return train, None
    raise DataError(
        f"data.dev_rows splits evaluation rows off the training rows, but data.path {path} has {dev[0].name}: "
        "leave out data.dev_rows, or give the training file alone as data.path"
    )


def _of_hub(data: DataSettings, name: str) -> tuple[Table, Table | None]:
    def table(split: str) -> Table:
        return Table(f"{name} {split}", hub=(name, data.config, split))

    train = table(data.train_split or "train")
    if data.dev_rows is not None:
        if data.dev_split is not None:
            raise _two_ways(data)
        return train, None
    if data.dev_split is not None:
        return train, table(data.dev_split)
    splits = hub_splits(name, data.config)
    dev = next((split for split in DEV if split in splits), None)
    if dev is None:
        raise DataError(
            f"hub data set {name} has the splits {', '.join(splits)} and none of {', '.join(DEV)}: name one with "
            "data.dev_split, or split rows off with data.dev_rows"
        )
    return train, table(dev)


def _two_ways(data: DataSettings) -> DataError:
    return DataError(
        f"data.dev_split {data.dev_split!r} and data.dev_rows exclude each other: evaluation rows come from one of them"
    )


def _files(paths: list[Path]) -> Table:
    place = str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
    return Table(place, tuple(paths))
