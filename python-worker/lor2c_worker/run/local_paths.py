"""Settings without the paths of the machine that trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..models import is_folder

#: Settings besides the model's name that may be a path. Nobody needs these in order to use an adapter.
ROWS_AND_START = (("data", "path"), ("data", "hub"), ("train", "start_from"))
MODEL = ("model", "name")


def without_paths(settings: Mapping[str, Any], *keys: tuple[str, str], mark: str = "") -> dict[str, Any]:
    """A copy in which paths at `keys` are only their last component, with `mark` after it."""
    value: dict[str, Any] = json.loads(json.dumps(settings))
    for part, key in keys:
        if isinstance(inner := value.get(part), dict):
            cut_path(inner, key, mark)
    return value


def cut_path(values: dict[str, Any], key: str, mark: str = "") -> None:
    """Leave only the last component of the value at `key`, with `mark` after it, if it is a path."""
    if isinstance(found := values.get(key), str) and is_folder(found):
        values[key] = f"{Path(found).name}{mark}"
