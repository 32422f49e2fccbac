"""Writes predictions row by row: TSV, CSV, JSON lines, Parquet, or the form that GLUE's server takes."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .channel import finite
from .data.task import DataError
from .install import install_command
from .run.adapter_folder import RunInfo
from .settings import SettingsError

#: Tasks whose labels the server takes by name; it takes the number of all others.
_NAMED = ("mnli", "qnli", "rte")


@dataclass(frozen=True)
class Answer:
    """What is said of one row."""

    row: int  # from 1
    where: str
    kept: dict[str, Any]
    label: Any
    score: float | None
    probabilities: list[float]


class Writer(Protocol):
    def write(self, answers: Sequence[Answer]) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Wanted:
    """What the output has besides row and label."""

    info: RunInfo
    #: Column of the input -> its name in the output.
    kept: dict[str, str]
    probabilities: bool
    task: str

    @property
    def scored(self) -> bool:
        return self.info.kind == "classify"

    @property
    def names(self) -> list[str]:
        shares = [f"probability_{name}" for name in self.info.label_names] if self.probabilities else []
        return ["row", *self.kept.values(), "label", *(["score"] if self.scored else []), *shares]

    def cells(self, answer: Answer) -> list[Any]:
        kept = [answer.kept.get(name) for name in self.kept]
        shares = answer.probabilities if self.probabilities and self.info.label_names else []
        return [answer.row, *kept, answer.label, *([answer.score] if self.scored else []), *shares]


def names_of_kept(keep: Sequence[str], found: Sequence[str], own: Sequence[str], where: str) -> dict[str, str]:
    """Names in the output of columns of the input that are kept; `input_` comes before one that the output has itself.
    Raises SettingsError for a column that is not there."""
    kept = {}
    for name in keep:
        if name not in found:
            raise SettingsError(f"--keep {name}: {where} has the columns {', '.join(found)}")
        kept[name] = f"input_{name}" if name in own else name
    if len(set(kept.values())) < len(kept):
        twice = next(name for name in kept.values() if list(kept.values()).count(name) > 1)
        raise SettingsError(f"--keep: two columns of the output would be called {twice}")
    return kept


class _Text:
    """A writer of lines."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.wanted = wanted
        # Half a surrogate pair in a kept column has no UTF-8 form.
        self.file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")

    def close(self) -> None:
        self.file.close()

    def cells(self, answer: Answer) -> list[str]:
        return [_cell(value) for value in self.wanted.cells(answer)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False, default=str)


class _Tsv(_Text):
    def __init__(self, path: Path, wanted: Wanted) -> None:
        super().__init__(path, wanted)
        self.file.write("\t".join(wanted.names) + "\n")

    def write(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            cells = self.cells(answer)
            odd = next((cell for cell in cells if "\t" in cell or "\n" in cell or "\r" in cell), None)
            if odd is not None:
                raise DataError(
                    f"{answer.where}: {odd[:60]!r} has a tab or a line end, which no field of a TSV can have: "
                    "write .csv or .jsonl, or do not keep the column"
                )
            self.file.write("\t".join(cells) + "\n")


class _Csv(_Text):
    def __init__(self, path: Path, wanted: Wanted) -> None:
        super().__init__(path, wanted)
        self.writer = csv.writer(self.file, lineterminator="\n")
        self.writer.writerow(wanted.names)

    def write(self, answers: Sequence[Answer]) -> None:
        self.writer.writerows(self.cells(answer) for answer in answers)


class _JsonLines(_Text):
    def write(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            value = {"row": answer.row, **{out: answer.kept.get(name) for name, out in self.wanted.kept.items()}}
            value["label"] = finite(answer.label) if isinstance(answer.label, float) else answer.label
            if self.wanted.scored:
                value["score"] = None if answer.score is None else finite(answer.score)
            if self.wanted.probabilities and self.wanted.info.label_names:
                shares = zip(self.wanted.info.label_names, map(finite, answer.probabilities), strict=True)
                value["scores"] = dict(shares)
            self.file.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


class _Glue(_Text):
    """`index<TAB>prediction`, by the input's own index, or counted from 0."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        super().__init__(path, wanted)
        self.file.write("index\tprediction\n")

    def write(self, answers: Sequence[Answer]) -> None:
        names = list(self.wanted.info.label_names)
        for answer in answers:
            index = next((answer.kept[name] for name in ("index", "id", "idx") if name in answer.kept), answer.row - 1)
            if self.wanted.info.kind == "regress":
                said = f"{min(5.0, max(0.0, answer.label)):.3f}"
            else:
                said = answer.label if self.wanted.task in _NAMED else str(names.index(answer.label))
            self.file.write(f"{index}\t{said}\n")


class _Parquet:
    def __init__(self, path: Path, wanted: Wanted) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise SettingsError(
                f"writing Parquet needs the package pyarrow: {install_command('pyarrow>=19')}, "
                "or name a file that ends in .tsv, .csv or .jsonl"
            ) from None
        self.pyarrow, self.path, self.wanted = pyarrow, path, wanted
        self.writer: Any = None

    def write(self, answers: Sequence[Answer]) -> None:
        columns = list(zip(*map(self.wanted.cells, answers), strict=True))
        table = self.pyarrow.table(
            {name: list(column) for name, column in zip(self.wanted.names, columns, strict=True)}
        )
        if self.writer is None:
            self.writer = self.pyarrow.parquet.ParquetWriter(self.path, table.schema)
        self.writer.write_table(table.cast(self.writer.schema))

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


WRITERS: dict[str, type[_Tsv | _Csv | _JsonLines | _Parquet | _Glue]] = {
    "tsv": _Tsv,
    "csv": _Csv,
    "jsonl": _JsonLines,
    "parquet": _Parquet,
    "glue": _Glue,
}
