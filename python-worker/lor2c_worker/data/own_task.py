"""Tasks for any rows of the user: `classify` (one label a row, or a list of them) and `regress`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ..settings import DataSettings, SettingsError, TaskSettings
from .cells import text_of
from .holdout import dev_note, split_off
from .labels import LabelsBuilder
from .own_columns import Columns, columns_of
from .own_labels import Classes, LabelReader, Numbers
from .own_source import Table, tables_of
from .tables import Row
from .task import DataError, Declared, Kind, Split, TaskData, chosen_scores
from .texts import Texts, TextsBuilder

CLASSIFY = ("accuracy", "f1_macro", "f1", "matthews", "balanced_accuracy", "auroc")
MULTI_LABEL = ("f1_macro", "f1", "accuracy", "auroc")
REGRESS = ("pearson", "spearman", "mse", "mae")

#: `TaskData.columns`.
Used = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Read:
    """Rows of a table whose labels have no numbers yet: those depend on the other tables."""

    text: Texts
    pair: Texts | None
    labels: Sequence[Any]
    used: Used

    def split(self, reader: LabelReader) -> Split:
        return Split(self.text, reader.final(self.labels), self.pair)


@dataclass(frozen=True)
class OwnTask:
    """Rows from `data.path` or `data.hub` with the columns of `data.columns`."""

    name: str
    summary: str
    kind: Kind
    scores: tuple[str, ...]
    source: str = "your rows: data.path or data.hub, data.columns"
    pairs: None = None

    def declared(self, task: TaskSettings) -> Declared | None:
        if self.kind == "regress":
            return Declared(1, "regress")
        return None if task.labels is None else Declared(len(task.labels), "classify")

    def load(self, task: TaskSettings, data: DataSettings) -> TaskData:
        reader = self._reader(task)
        train_table, dev_table = tables_of(data)
        read = self._read(train_table, data, reader)
        read_dev = None if dev_table is None else self._read(dev_table, data, reader)
        names, kind = reader.names(), reader.kind
        train = read.split(reader)
        if read_dev is not None and dev_table is not None:
            dev = read_dev.split(reader)
            _alike(train, dev, train_table.place, dev_table.place)
            notes: tuple[str, ...] = ()
        else:
            assert data.dev_rows is not None
            train, dev = split_off(train, data.dev_rows, data.split_seed, kind)
            notes = (dev_note(train, dev, data.dev_rows, data.split_seed, kind),)
        scores = chosen_scores(_scores(kind, len(names)), task.metrics, _described(kind, len(names)))
        return TaskData(train, dev, names, kind, scores, notes, own_labels=True, columns=read.used)

    def _reader(self, task: TaskSettings) -> LabelReader:
        if self.kind == "classify":
            return Classes(task.labels)
        if task.labels is not None:
            raise SettingsError("task.labels: a regression has no labels. Leave them out, or use task: classify")
        return Numbers()

    def _read(self, table: Table, data: DataSettings, reader: LabelReader) -> Read:
        rows, columns, used = self._columns(table, data)
        texts, pairs, labels = TextsBuilder(), TextsBuilder(), LabelsBuilder()
        for number, row in rows:
            where = f"{table.place}:{number}"
            for name in columns.all:
                if name not in row:
                    raise DataError(f"{where}: no column {name!r}; it has {', '.join(map(str, row))}")
            texts.append(_text(row, columns.text, columns.separator, where))
            if columns.pair is not None:
                pairs.append(_text(row, columns.pair, columns.separator, where))
            labels.append(reader.read(row[columns.label], where))
        return Read(texts.done(), pairs.done() if columns.pair is not None else None, labels.done(), used)

    def _columns(self, table: Table, data: DataSettings) -> tuple[Iterator[Row], Columns, Used]:
        rows = table.rows()
        first = next(rows, None)
        if first is None:
            raise DataError(f"{table.place}: no rows")
        found = list(first[1])
        columns = columns_of(data.columns, found, self.kind, table.place)
        return chain([first], rows), columns, columns.used(found)


def _text(row: dict[str, Any], names: tuple[str, ...], separator: str, where: str) -> str:
    return separator.join(text_of(row[name], name, where) for name in names)


def _alike(train: Split, dev: Split, train_place: str, dev_place: str) -> None:
    if (train.pair is None) != (dev.pair is None):
        one, other = ("pairs", "single texts") if dev.pair is None else ("single texts", "pairs")
        raise DataError(f"{train_place} has {one} and {dev_place} has {other}: name the columns with data.columns")


def _scores(kind: Kind, classes: int) -> tuple[str, ...]:
    if kind == "classify":
        return CLASSIFY if classes == 2 else tuple(name for name in CLASSIFY if name != "f1")
    return MULTI_LABEL if kind == "multi_label" else REGRESS


def _described(kind: Kind, classes: int) -> str:
    if kind == "classify":
        return f"a task of {classes} classes"
    return "a task with lists of labels" if kind == "multi_label" else "a regression"


TASKS = (
    OwnTask(
        "classify",
        "Your own rows with one of any number of labels each, or with lists of labels",
        "classify",
        CLASSIFY,
    ),
    OwnTask("regress", "Your own rows with a number each", "regress", REGRESS),
)
