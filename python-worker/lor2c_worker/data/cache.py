"""The user's cache folder, and write-then-rename into it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from .task import DataError


def cache_folder() -> Path:
    """LOR2C_CACHE, else the platform's cache folder for this program. Made on first use; DataError if it cannot be."""
    try:
        folder = _named_folder()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: this user has no home folder
        raise _unusable(str(error)) from error
    return folder


def _named_folder() -> Path:
    override = os.environ.get("LOR2C_CACHE")
    if override:
        return Path(override).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "lor2c"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "lor2c" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lor2c"


def _unusable(problem: str) -> DataError:
    return DataError(f"the cache folder cannot be used: {problem}; name one that can be written with LOR2C_CACHE")


def write_atomically(path: Path, content: bytes) -> None:
    """Write so that readers see the whole file or none. Two processes may write the same content at once. DataError if
    the folder cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unusable(str(error)) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
