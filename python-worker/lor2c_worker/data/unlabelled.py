"""Rows that are to be labelled: from a table, or one text per line. Each row that is there is given out, or is an
error that names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from .glue import GlueTask
from .own_columns import LABELS, columns_of
from .parquet import ENDING as PARQUET
from .tables import ENDINGS, Row, read_rows
from .task import DataError, Kind, Task, checked_text

#: Ending of a file of lines: a text, or two with a tab between them.
LINES = ".txt"
FORMATS = (*ENDINGS, PARQUET, LINES)


@dataclass(frozen=True)
class Source:
    """What to read, and what it is for."""

    path: Path
    #: Ending that says how to read it, one of FORMATS.
    ending: str
    task: Task
    kind: Kind
    pairs: bool
    #: As `data.columns`.
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Unlabelled:
    """One row. `label` is the value as it is in the file; None: the file has no such column."""

    #: What messages call it: file and line.
    where: str
    text: str
    pair: str | None
    label: Any
    values: dict[str, Any]


@dataclass(frozen=True)
class _Used:
    text: tuple[str, ...]
    pair: tuple[str, ...] | None
    label: str | None
    separator: str


def unlabelled_rows(source: Source) -> tuple[list[str], Iterator[Unlabelled]]:
    """(names of the file's columns, its rows in their order). Raises DataError that names file, row and value."""
    if source.ending == LINES:
        return ["text", "text_pair"] if source.pairs else ["text"], _lines(source)
    rows = _without_gaps(source, read_rows([source.path], _header(source)))
    first = next(rows, None)
    if first is None:
        raise DataError(f"{source.path}: no rows")
    names = list(first[1])
    return names, _of_table(source, _used(source, names), chain([first], rows))


def _of_table(source: Source, used: _Used, rows: Iterator[Row]) -> Iterator[Unlabelled]:
    for number, row in rows:
        where = f"{source.path}:{number}"
        yield Unlabelled(
            where,
            _text(row, used.text, used.separator, where),
            None if used.pair is None else _text(row, used.pair, used.separator, where),
            None if used.label is None else row.get(used.label),
            row,
        )


def _text(row: dict[str, Any], names: Sequence[str], separator: str, where: str) -> str:
    parts = []
    for name in names:
        if name not in row:
            raise DataError(f"{where}: no column {name!r}; it has {', '.join(map(str, row))}")
        if not isinstance(row[name], str):
            raise DataError(f"{where}: column {name!r} is {row[name]!r}, not text")
        parts.append(checked_text(row[name], where))
    return separator.join(parts)


def _header(source: Source) -> tuple[str, ...] | None:
    """Names of the columns of a TSV without a header, as CoLA's. Its test file has one."""
    header = source.task.header if isinstance(source.task, GlueTask) and source.ending == ".tsv" else None
    if header is None:
        return None
    with source.path.open("rb") as file:
        first = file.readline().decode("utf-8-sig", "replace").rstrip("\r\n").split("\t")
    return None if set(first) & set(header) or source.columns else header


def _used(source: Source, found: list[str]) -> _Used:
    given = dict(source.columns)
    task = source.task
    if given.get("text") is None and isinstance(task, GlueTask):
        places = [(t, p, label) for t, p, label in (task.tsv, task.hub) if t in found and (p is None or p in found)]
        if places:
            own = dict(zip(("text", "text_pair", "label"), places[0], strict=True))
            given = own | {key: value for key, value in given.items() if value}
    # A label is not needed here; any column stands for it where there is none.
    try:
        columns = columns_of({**given, "label": found[0]}, found, source.kind, str(source.path))
    except DataError as error:
        raise DataError(f"{error}. To label rows with other columns: --columns text=NAME") from None
    if (columns.pair is not None) != source.pairs:
        takes = (
            "pairs of texts: name the second column, e.g. --columns text=a,text_pair=b"
            if source.pairs
            else "single texts"
        )
        has = ", ".join(found)
        raise DataError(f"{source.path} has the columns {has}: task {task.name} takes {takes}")
    names = (
        [given["label"]] if given.get("label") else list(LABELS["regress" if source.kind == "regress" else "classify"])
    )
    label = next((name for name in names if name in found and name not in columns.text), None)
    return _Used(columns.text, columns.pair, label, columns.separator)


def _without_gaps(source: Source, rows: Iterator[Row]) -> Iterator[Row]:
    """Raises DataError at a blank line, which the reader passes over: the rows after it would no longer be those of the
    file. Blank lines at the end of a file are none of its rows."""
    # Where a row has to begin; a field of a CSV may have line ends.
    due = 1 if source.ending == ".jsonl" or _header(source) else 2
    for number, row in rows:
        if number > due and source.ending != PARQUET:
            raise DataError(f"{source.path}:{due}: the line is blank, and no row: remove it, or fill it in")
        inside = (value.count("\n") for value in row.values() if isinstance(value, str))
        due = number + 1 + (sum(inside) if source.ending == ".csv" else 0)
        yield number, row


def _lines(source: Source) -> Iterator[Unlabelled]:
    """An empty line is an empty text. Only \\n, or \\r\\n, ends a line."""
    with source.path.open("rb") as file:
        for number, content in enumerate(file, start=1):
            where = f"{source.path}:{number}"
            try:
                line = content.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                byte = content[error.start]
                raise DataError(f"{where}: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8") from None
            line = line.removesuffix("\n").removesuffix("\r")
            text, tab, pair = line.partition("\t")
            if bool(tab) != source.pairs:
                what = "has a tab, which begins a second text" if tab else "has no second text; a tab begins it"
                takes = "pairs of texts" if source.pairs else "single texts"
                raise DataError(f"{where}: the line {line[:60]!r} {what}: task {source.task.name} takes {takes}")
            values = {"text": text, "text_pair": pair} if source.pairs else {"text": text}
            yield Unlabelled(where, text, pair if source.pairs else None, None, values)


def count_rows(source: Source) -> int | None:
    """How many rows the file has, for a progress bar; None: only reading it tells."""
    if source.ending == PARQUET:
        try:
            import pyarrow.parquet as parquet  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            return None
        rows: int = parquet.read_metadata(source.path).num_rows
        return rows
    if source.ending == ".csv":
        return None
    count, end = 0, b"\n"
    with source.path.open("rb") as file:
        while block := file.read(1 << 20):
            count, end = count + block.count(b"\n"), block[-1:]
    header = source.ending == ".tsv" and _header(source) is None
    return max(0, count + (end != b"\n") - header)
