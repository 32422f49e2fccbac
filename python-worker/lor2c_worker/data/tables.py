"""Rows of a split's files as dictionaries: raw TSV as GLUE publishes it, CSV, JSON lines, Parquet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..sources import depends_on
from .cells import checked_header, shown
from .json_list import read_json
from .lines import lines_of
from .objects import Twice, mapping
from .parquet import ENDING as PARQUET
from .parquet import read_parquet, shards
from .task import DataError

#: Endings of a split's file, in the order they are looked for; Parquet comes last.
ENDINGS = (".tsv", ".csv", ".jsonl")
#: Of files of instructions, which are often one list in JSON, and compressed.
TEXT_ENDINGS = (*ENDINGS, ".json", ".jsonl.gz", ".json.gz")
#: Of files whose rows are objects of JSON.
JSON_ENDINGS = (".jsonl", ".json", ".jsonl.gz", ".json.gz")

Row = tuple[int, dict[str, Any]]


def find_split(folder: Path, names: Sequence[str], endings: Sequence[str] = ENDINGS) -> list[Path]:
    """The file of a split in a folder, or its parts.

    The first of `names` that has a file counts. Raises DataError when a name has files of several kinds, and, with a
    list of what was looked for, when there is none.
    """
    depends_on(folder)
    if folder.is_file():
        raise DataError(f"data.path {folder} is a file; give its folder, with train and dev files")
    if not folder.is_dir():
        raise DataError(f"data.path {folder}: no such file or folder; a folder must have e.g. train.tsv and dev.tsv")
    for name in names:
        found = [[path] for ending in endings if (path := folder / f"{name}{ending}").is_file()]
        if parts := shards(folder, name):
            found.append(parts)
        if len(found) > 1:
            both = " and ".join(paths[0].name for paths in found)
            raise DataError(f"data.path {folder} has {both}: keep one of them, so that it is clear which rows to use")
        if found:
            for path in found[0]:
                depends_on(path)
            return found[0]
    wanted = [f"{name}{ending}" for name in names for ending in (*endings, PARQUET, f"-*{PARQUET}")]
    raise DataError(f"data.path {folder}: no file of the {names[0]} split; looked for {', '.join(wanted)}")


@dataclass
class Skipped:
    """Incomplete rows of a TSV that `read_rows` left out: `most` are allowed, `count` were found."""

    most: int = 0
    count: int = 0


def read_rows(
    paths: Sequence[Path], columns: tuple[str, ...] | None = None, skipped: Skipped | None = None
) -> Iterator[Row]:
    """(number of the line where the row begins, or its number in a Parquet file; row) of each row, one at a time.

    `columns` names the fields of a TSV without a header. TSV is raw: tab-separated, a quote is an ordinary character
    (GLUE's own reader does the same). Up to `skipped.most` rows with too few fields are left out and counted there.
    Raises DataError that names file and row.
    """
    path = paths[0]
    if path.suffix == PARQUET:
        yield from read_parquet(paths)
    elif path.suffix == ".tsv":
        yield from _tsv(path, columns, skipped or Skipped())
    elif path.suffix == ".csv":
        yield from _csv(path)
    elif path.name.endswith((".json", ".json.gz")):
        yield from read_json(path)
    else:
        yield from _jsonl(path)


def _tsv(path: Path, columns: tuple[str, ...] | None, skipped: Skipped) -> Iterator[Row]:
    for number, line in lines_of(path):
        if columns is None:
            columns = checked_header(line.split("\t"), f"{path}:{number}")
            continue
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) < len(columns) and skipped.count < skipped.most:
            skipped.count += 1
            continue
        if len(fields) != len(columns):
            raise DataError(
                f"{path}:{number}: {len(fields)} tab-separated fields, expected {len(columns)}: {shown(line)}"
            )
        yield number, dict(zip(columns, fields, strict=True))


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)  # max_length cuts long texts, as those of the other formats
    reader = csv.reader((f"{line}\n" for _, line in lines_of(path)), strict=True)
    columns: tuple[str, ...] | None = None
    begin = 1
    try:
        for fields in reader:
            if columns is None:
                columns = checked_header(fields, f"{path}:{begin}")
            elif fields:  # a blank line has none
                if len(fields) != len(columns):
                    raise DataError(
                        f"{path}:{begin}: {len(fields)} fields, but the header has {len(columns)}: "
                        f"{shown(','.join(fields))}"
                    )
                yield begin, dict(zip(columns, fields, strict=True))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}:{begin}: {_reason(error)}") from error


#: How the csv module's messages begin, and words that help more.
_CSV_REASONS = {
    "unexpected end of data": "a quote opens in this row and never closes; a quote inside of quotes is written twice",
    "new-line character seen": "a carriage return outside of quotes: quote the field, or end rows with a line feed",
    "',' expected after": "text after a closing quote; a quote inside of quotes is written twice",
}


def _reason(error: csv.Error) -> str:
    return next((words for begin, words in _CSV_REASONS.items() if str(error).startswith(begin)), str(error))


def _jsonl(path: Path) -> Iterator[Row]:
    for number, line in lines_of(path):
        if not line.strip():
            continue
        try:
            value = json.loads(line, object_pairs_hook=mapping)
        except Twice as twice:
            raise DataError(
                f"{path}:{number}: {twice.args[0]!r} is there twice; rename or remove one of them"
            ) from None
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}:{number}: not JSON: {error}: {shown(line)}") from error
        if not isinstance(value, dict):
            raise DataError(f"{path}:{number}: expected an object, found {type(value).__name__}: {shown(line)}")
        yield number, value
