"""Reads a benchmark's files. Every error names the file and, where there is one, the row."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...data.cells import shown
from ...data.task import DataError, checked_text, not_utf8
from ...sources import depends_on


def listed(folder: Path, ending: str, what: str) -> list[Path]:
    """Files of a folder whose names end in `ending`, sorted by name. Raises DataError when there is none."""
    depends_on(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; it must have {what}, one file {ending} a task")
    found = sorted(path for path in folder.glob(f"*{ending}") if path.is_file())
    if not found:
        raise DataError(f"{folder}: no file ends in {ending}; it must have {what}")
    return found


def read_text(path: Path) -> str:
    """The text of a file, unpacked where it is a .gz. Line ends stay as they are."""
    depends_on(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: not a whole gzip file: {error}; get it again") from error
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise not_utf8(f"{path}:{line}", error) from None


def read_json(path: Path) -> Any:
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON: {error}") from error


def read_json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file and line for a message, object) of each line that is not empty."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: not JSON: {error}: {shown(line)}") from error
        if not isinstance(value, dict):
            raise DataError(f"{where}: expected an object, found {type(value).__name__}: {shown(line)}")
        yield where, value


def text_field(row: dict[str, Any], name: str, where: str) -> str:
    """A text of a row. Raises DataError when it is missing, no text, or cannot be tokenized."""
    value = row.get(name)
    if isinstance(value, str):
        return checked_text(value, f"{where}: {name!r}")
    if name not in row:
        raise DataError(f"{where}: {name!r} is missing; the row has {', '.join(map(repr, row)) or 'nothing'}")
    raise DataError(f"{where}: {name!r} must be a text, and is {shown(value)}")
