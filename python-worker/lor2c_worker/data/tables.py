"""Rows of a split's files as dictionaries: raw TSV as GLUE publishes it, CSV, JSON lines, Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..sources import depends_on
from .parquet import ENDING as PARQUET
from .parquet import read_parquet, shards
from .task import DataError, not_utf8

#: Endings of a split's file, in the order they are looked for; Parquet comes last.
ENDINGS = (".tsv", ".csv", ".jsonl")

Row = tuple[int, dict[str, Any]]


def find_split(folder: Path, names: Sequence[str]) -> list[Path]:
    """The file of a split in a folder, or its parts.

    The first of `names` that has a file counts. Raises DataError when a name has files of several kinds, and, with a
    list of what was looked for, when there is none.
    """
    depends_on(folder)
    if folder.is_file():
        raise DataError(f"data.path {folder} is a file; give its folder, with train and dev files")
    if not folder.is_dir():
        raise DataError(f"data.path {folder}: no such folder; it must have the split files, e.g. train.tsv and dev.tsv")
    for name in names:
        found = [[path] for ending in ENDINGS if (path := folder / f"{name}{ending}").is_file()]
        if parts := shards(folder, name):
            found.append(parts)
        if len(found) > 1:
            both = " and ".join(paths[0].name for paths in found)
            raise DataError(f"data.path {folder} has {both}: keep one of them, so that it is clear which rows to use")
        if found:
            for path in found[0]:
                depends_on(path)
            return found[0]
    wanted = [f"{name}{ending}" for name in names for ending in (*ENDINGS, PARQUET, f"-*{PARQUET}")]
    raise DataError(f"data.path {folder}: no file of the {names[0]} split; looked for {', '.join(wanted)}")


@dataclass
class Skipped:
    """Incomplete rows of a TSV that `read_rows` left out: `most` are allowed, `count` were found."""

    most: int = 0
    count: int = 0


def read_rows(
    paths: Sequence[Path], columns: tuple[str, ...] | None = None, skipped: Skipped | None = None
) -> Iterator[Row]:
    """(line or row number, row) of each row. `columns` names the fields of a TSV without a header. Raises DataError.

    TSV is raw: tab-separated, a quote is an ordinary character (GLUE's own reader does the same). Up to `skipped.most`
    rows with too few fields are left out and counted there.
    """
    path = paths[0]
    if path.suffix == PARQUET:
        yield from read_parquet(paths)
        return
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(str(path), error) from None
    if path.suffix == ".tsv":
        yield from _tsv(path, content, columns, skipped or Skipped())
    elif path.suffix == ".csv":
        reader = csv.DictReader(io.StringIO(content), strict=True)
        try:
            for row in reader:
                if None in row or None in row.values():
                    raise DataError(f"{path}:{reader.line_num}: the row has more or fewer fields than the header")
                yield reader.line_num, row
        except csv.Error as error:
            raise DataError(f"{path}:{reader.line_num}: {error}") from error
    else:
        yield from _jsonl(path, content)


def _tsv(path: Path, content: str, columns: tuple[str, ...] | None, skipped: Skipped) -> Iterator[Row]:
    # Only \n ends a row; str.splitlines also splits at characters that occur inside sentences.
    lines = content.split("\n")
    first = 0
    if columns is None:
        columns = tuple(lines[0].rstrip("\r").split("\t"))
        first = 1
    for number, line in enumerate(lines[first:], start=first + 1):
        line = line.rstrip("\r")
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) < len(columns) and skipped.count < skipped.most:
            skipped.count += 1
            continue
        if len(fields) != len(columns):
            raise DataError(f"{path}:{number}: {len(fields)} tab-separated fields, expected {len(columns)}")
        yield number, dict(zip(columns, fields, strict=True))


def _jsonl(path: Path, content: str) -> Iterator[Row]:
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}:{number}: not JSON: {error}") from error
        if not isinstance(value, dict):
            raise DataError(f"{path}:{number}: expected an object, found {type(value).__name__}")
        yield number, value
