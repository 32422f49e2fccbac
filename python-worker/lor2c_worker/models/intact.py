"""Whether a file of a model is what its name says: not empty, no pointer of Git LFS, and JSON where it should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..settings import SettingsError

_POINTER = b"version https://git-lfs.github.com/"


def check_intact(file: Path, shown: str, remedy: str) -> None:
    """Raises SettingsError for an unreadable or empty file and for a Git LFS pointer. `shown`: its name in messages."""
    try:
        with file.open("rb") as handle:
            begin = handle.read(len(_POINTER))
    except OSError as error:
        raise SettingsError(f"{shown} cannot be read: {error.strerror or error}") from error
    if begin == _POINTER:
        raise SettingsError(f"{shown} is a Git LFS pointer, not the file itself: run git lfs pull in its folder")
    if not begin:
        raise SettingsError(f"{shown} is empty: {remedy}")


def read_object(file: Path, shown: str) -> dict[str, Any]:
    """The JSON object of a file. Raises SettingsError that names the line."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{shown} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{shown} is not JSON: byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise SettingsError(f"{shown}:{error.lineno}:{error.colno} is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise SettingsError(f"{shown} is not JSON that can be read: it is nested too deeply") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{shown} is not a JSON object")
    return content
