"""Rows of a file that is one list in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .cells import shown
from .lines import opened
from .objects import Twice, mapping
from .task import DataError, not_utf8


def read_json(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number from 1, row) of each object of the list. Raises DataError."""
    with opened(path) as file:
        content = file.read()
    try:
        rows = json.loads(content.decode("utf-8-sig"), object_pairs_hook=mapping)
    except UnicodeDecodeError as error:
        raise not_utf8(str(path), error) from None
    except Twice as twice:
        raise DataError(f"{path}: an object has {twice.args[0]!r} twice; rename or remove one of them") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON: {error}. One object a line is a file that ends in .jsonl") from error
    if not isinstance(rows, list):
        raise DataError(f"{path}: expected a list of objects, found {type(rows).__name__}: {shown(rows)}")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise DataError(f"{path}:{number}: expected an object, found {type(row).__name__}: {shown(row)}")
        yield number, row
