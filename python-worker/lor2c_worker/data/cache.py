"""The user's cache folder, and write-then-rename into it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """LOR2C_CACHE, else the platform's cache folder for this program. Created on first use."""
    override = os.environ.get("LOR2C_CACHE")
    if override:
        folder = Path(override).expanduser()
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Caches" / "lor2c"
    elif os.name == "nt":
        folder = Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "lor2c" / "Cache"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lor2c"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_atomically(path: Path, content: bytes) -> None:
    """Write so that readers see the whole file or none. Two processes may write the same content at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
