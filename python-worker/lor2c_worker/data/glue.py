"""GLUE (Wang et al. 2018): the original TSV files, a hub, Parquet, or CSV / JSON lines with a column mapping.

The tasks themselves are in glue_tasks.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..settings import DataSettings, TaskSettings
from .cells import shown, text_of
from .hub import hub_rows
from .labels import Labels, LabelsBuilder
from .tables import Row, Skipped, find_split, read_rows
from .task import DataError, Declared, Kind, Split, TaskData, fixed_labels
from .texts import Texts, TextsBuilder

HUB = "nyu-mll/glue"


@dataclass(frozen=True)
class PartSource:
    """Where a set of rows is: names of its file without ending, in the order of search; and its split on a hub."""

    files: tuple[str, ...]
    hub_split: str
    part: str | None = None


def _joined(splits: list[Split]) -> Split:
    """One split after the other. Either all of them have pairs (and parts), or none has."""
    if len(splits) == 1:
        return splits[0]
    return Split(
        Texts.of(text for split in splits for text in split.text),
        Labels(np.concatenate([np.asarray(split.labels) for split in splits])),
        None if splits[0].pair is None else Texts.of(text for split in splits for text in split.pair or ()),
        tuple(part for split in splits for part in split.part or ()) or None,
    )


def _skipped_notes(split: str, skipped: Skipped) -> list[str]:
    rows = f"{skipped.count} row{'' if skipped.count == 1 else 's'}"
    return [f"{split}: {rows} without all fields left out, as GLUE's own reader does"] if skipped.count else []


@dataclass(frozen=True)
class GlueTask:
    """One GLUE task. The fields say where its columns are in the original files and on the hub."""

    name: str
    summary: str
    source: str
    scores: tuple[str, ...]
    #: Column names of (text, second text or None, label) in the original TSV, and on the hub.
    tsv: tuple[str, str | None, str]
    hub: tuple[str, str | None, str]
    hub_config: str
    #: Class names in the hub's order; empty for regression. TSV labels are these names or their indices.
    labels: tuple[str, ...]
    #: Columns of a TSV that has no header.
    header: tuple[str, ...] | None = None
    #: Closed range of a regression target.
    value_range: tuple[float, float] | None = None
    train: PartSource = PartSource(("train",), "train")
    #: Several where the task is scored on several sets of rows; each then names its part.
    evaluation: tuple[PartSource, ...] = (PartSource(("dev", "validation", "eval"), "validation"),)
    #: Number of rows in the original TSV files that lack fields; GLUE's reader leaves them out too.
    broken_rows: int = 0

    @property
    def kind(self) -> Kind:
        return "classify" if self.labels else "regress"

    @property
    def pairs(self) -> bool:
        return self.tsv[1] is not None

    def declared(self, task: TaskSettings) -> Declared:
        return Declared(len(self.labels) or 1, self.kind)

    def load(self, task: TaskSettings, data: DataSettings) -> TaskData:
        scores = fixed_labels(self, task, data)
        if data.path is not None and data.hub is not None:
            raise DataError("data.path and data.hub exclude each other: rows come from one place")
        train, skipped = self._split(data, self.train)
        parts = [self._split(data, part) for part in self.evaluation]
        notes = _skipped_notes("train", skipped) + [n for _, s in parts for n in _skipped_notes("eval", s)]
        return TaskData(train, _joined([split for split, _ in parts]), self.labels, self.kind, scores, tuple(notes))

    def _split(self, data: DataSettings, source: PartSource) -> tuple[Split, Skipped]:
        skipped = Skipped(self.broken_rows)
        where, columns, rows = self._source(data, source, skipped)
        text, second, label = columns
        texts, pairs, labels = TextsBuilder(), TextsBuilder(), LabelsBuilder()
        for number, row in rows:
            absent = [c for c in columns if c is not None and c not in row]
            if absent:
                raise DataError(
                    f"{where}:{number}: no column {absent[0]!r}; it has {', '.join(map(str, row))}. "
                    f"Name the columns with data.columns: {{text: ..., text_pair: ..., label: ...}}"
                )
            texts.append(text_of(row[text], text, f"{where}:{number}"))
            if second is not None:
                pairs.append(text_of(row[second], second, f"{where}:{number}"))
            labels.append(self.read_label(row[label], f"{where}:{number}"))
        if not len(texts):
            raise DataError(f"{where}: no rows")
        part = None if source.part is None else (source.part,) * len(texts)
        return Split(texts.done(), labels.done(), pairs.done() if second is not None else None, part), skipped

    def _source(
        self, data: DataSettings, source: PartSource, skipped: Skipped
    ) -> tuple[str, tuple[str, str | None, str], Iterator[Row]]:
        mapped = self._mapped(data)
        if data.path is None:
            name = data.hub or HUB
            config = self.hub_config if name == HUB else None
            return f"{name} {source.hub_split}", mapped or self.hub, hub_rows(name, config, source.hub_split)
        paths = find_split(Path(data.path).expanduser(), source.files)
        tsv = paths[0].suffix == ".tsv"
        header = self.header if tsv and mapped is None else None
        where = str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
        return where, mapped or (self.tsv if tsv else self.hub), read_rows(paths, header, skipped)

    def _mapped(self, data: DataSettings) -> tuple[str, str | None, str] | None:
        if data.columns is None:
            return None
        for key in ("text", "text_pair"):
            if not isinstance(data.columns.get(key), str | None):
                raise DataError(f"data.columns.{key}: task {self.name} takes one column; task: classify joins several")
        text, second, label = (data.columns.get(key) for key in ("text", "text_pair", "label"))
        if text is None or label is None or (second is not None) != self.pairs:
            needed = "text, text_pair and label" if self.pairs else "text and label"
            raise DataError(f"data.columns: task {self.name} needs {needed}")
        return text, second, label

    def read_label(self, value: Any, where: str) -> Any:
        """The class or value that a file has for a row. Raises DataError that starts with `where`."""
        return self._value(value, where) if self.kind == "regress" else self._class(value, where)

    def _class(self, value: Any, where: str) -> int:
        text = str(value).strip()
        if text in self.labels:
            return self.labels.index(text)
        if text in {str(i) for i in range(len(self.labels))}:
            return int(text)
        raise DataError(
            f"{where}: label {shown(value)} is none of {', '.join(self.labels)} (or 0 to {len(self.labels) - 1})"
        )

    def _value(self, value: Any, where: str) -> float:
        assert self.value_range is not None
        low, high = self.value_range
        try:
            if isinstance(value, bool):
                raise TypeError
            number = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"{where}: label {shown(value)} is not a number") from error
        if not math.isfinite(number) or not low <= number <= high:
            raise DataError(f"{where}: label {shown(value)} is not in {low:g} to {high:g}")
        return number
