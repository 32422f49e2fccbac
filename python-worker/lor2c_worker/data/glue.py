"""GLUE (Wang et al. 2018): the original TSV files, a hub, or CSV / JSON lines with a column mapping."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..settings import DataSettings
from .hub import hub_rows
from .tables import Row, find_split, read_rows
from .task import DataError, Kind, Split, TaskData

HUB = "nyu-mll/glue"


@dataclass(frozen=True)
class GlueTask:
    """One GLUE task; the fields say where its columns are in the original files and on the hub."""

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

    @property
    def kind(self) -> Kind:
        return "classify" if self.labels else "regress"

    @property
    def num_labels(self) -> int:
        return len(self.labels) or 1

    @property
    def pairs(self) -> bool:
        return self.tsv[1] is not None

    def load(self, data: DataSettings) -> TaskData:
        if data.path is not None and data.hub is not None:
            raise DataError("data.path and data.hub exclude each other: rows come from one place")
        return TaskData(self._split(data, "train"), self._split(data, "eval"), self.labels)

    def _split(self, data: DataSettings, split: str) -> Split:
        where, columns, rows = self._source(data, split)
        text, second, label = columns
        texts, pairs, labels = [], [], []
        for number, row in rows:
            absent = [c for c in columns if c is not None and c not in row]
            if absent:
                raise DataError(
                    f"{where}:{number}: no column {absent[0]!r}; it has {', '.join(map(str, row))}. "
                    f"Name the columns with data.columns: {{text: ..., text_pair: ..., label: ...}}"
                )
            texts.append(str(row[text]))
            if second is not None:
                pairs.append(str(row[second]))
            labels.append(self._label(row[label], f"{where}:{number}"))
        if not texts:
            raise DataError(f"{where}: no rows")
        return Split(tuple(texts), tuple(labels), tuple(pairs) if second is not None else None)

    def _source(self, data: DataSettings, split: str) -> tuple[str, tuple[str, str | None, str], Iterator[Row]]:
        mapped = self._mapped(data)
        if data.path is None:
            name = data.hub or HUB
            hub_split = "train" if split == "train" else "validation"
            config = self.hub_config if name == HUB else None
            return f"{name} {hub_split}", mapped or self.hub, hub_rows(name, config, hub_split)
        path = find_split(Path(data.path).expanduser(), split)
        header = self.header if path.suffix == ".tsv" and mapped is None else None
        default = self.tsv if path.suffix == ".tsv" else self.hub
        return str(path), mapped or default, read_rows(path, header)

    def _mapped(self, data: DataSettings) -> tuple[str, str | None, str] | None:
        if data.columns is None:
            return None
        text, second, label = (data.columns.get(key) for key in ("text", "text_pair", "label"))
        if text is None or label is None or (second is not None) != self.pairs:
            needed = "text, text_pair and label" if self.pairs else "text and label"
            raise DataError(f"data.columns: task {self.name} needs {needed}")
        return text, second, label

    def _label(self, value: Any, where: str) -> Any:
        return self._value(value, where) if self.kind == "regress" else self._class(value, where)

    def _class(self, value: Any, where: str) -> int:
        text = str(value).strip()
        if text in self.labels:
            return self.labels.index(text)
        if text in {str(i) for i in range(len(self.labels))}:
            return int(text)
        raise DataError(f"{where}: label {text!r} is none of {', '.join(self.labels)} (or 0 to {len(self.labels) - 1})")

    def _value(self, value: Any, where: str) -> float:
        assert self.value_range is not None
        low, high = self.value_range
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            raise DataError(f"{where}: {value!r} is not a number") from error
        if not math.isfinite(number) or not low <= number <= high:
            raise DataError(f"{where}: {value!r} is not in {low:g} to {high:g}")
        return number


SST2 = GlueTask(
    name="sst2",
    summary="Sentiment of movie-review sentences (67,349 / 872 rows)",
    source="GLUE SST-2, Socher et al. 2013",
    scores=("accuracy", "f1"),
    tsv=("sentence", None, "label"),
    hub=("sentence", None, "label"),
    hub_config="sst2",
    labels=("negative", "positive"),
)
MRPC = GlueTask(
    name="mrpc",
    summary="Do two sentences paraphrase each other (3,668 / 408 rows)",
    source="GLUE MRPC, Dolan and Brockett 2005",
    scores=("accuracy", "f1"),
    tsv=("#1 String", "#2 String", "Quality"),
    hub=("sentence1", "sentence2", "label"),
    hub_config="mrpc",
    labels=("not_equivalent", "equivalent"),
)
COLA = GlueTask(
    name="cola",
    summary="Is a sentence grammatical (8,551 / 1,043 rows)",
    source="GLUE CoLA, Warstadt et al. 2019",
    scores=("matthews", "accuracy"),
    tsv=("sentence", None, "label"),
    hub=("sentence", None, "label"),
    hub_config="cola",
    labels=("unacceptable", "acceptable"),
    header=("source", "label", "mark", "sentence"),
)
QNLI = GlueTask(
    name="qnli",
    summary="Does a sentence answer a question (104,743 / 5,463 rows)",
    source="GLUE QNLI, Rajpurkar et al. 2016",
    scores=("accuracy",),
    tsv=("question", "sentence", "label"),
    hub=("question", "sentence", "label"),
    hub_config="qnli",
    labels=("entailment", "not_entailment"),
)
RTE = GlueTask(
    name="rte",
    summary="Does one sentence entail the other (2,490 / 277 rows)",
    source="GLUE RTE, Bentivogli et al. 2009",
    scores=("accuracy",),
    tsv=("sentence1", "sentence2", "label"),
    hub=("sentence1", "sentence2", "label"),
    hub_config="rte",
    labels=("entailment", "not_entailment"),
)
STSB = GlueTask(
    name="stsb",
    summary="Similarity of two sentences from 0 to 5 (5,749 / 1,500 rows)",
    source="GLUE STS-B, Cer et al. 2017",
    scores=("pearson", "spearman"),
    tsv=("sentence1", "sentence2", "score"),
    hub=("sentence1", "sentence2", "label"),
    hub_config="stsb",
    labels=(),
    value_range=(0.0, 5.0),
)

TASKS = (SST2, MRPC, COLA, QNLI, RTE, STSB)
