"""The files that answers depend on, each with a stamp that changes with it, so that the runner can keep answers."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Nanoseconds. Some file systems keep times to two seconds, and a second change within them may not show.
_TICK = 2_000_000_000

_stamps: dict[str, str | None] = {}
#: Files that are read within each `noting`, the innermost last.
_noted: list[dict[str, str | None]] = []


def depends_on(path: Path) -> None:
    """Call this before a file is read or a folder is listed. A missing file has a stamp too."""
    name = str(path.absolute())
    if name in _stamps and not _noted:
        return
    stamp = stamp_of(path)
    _stamps.setdefault(name, stamp)
    for files in _noted:
        files.setdefault(name, stamp)


@contextmanager
def noting() -> Iterator[dict[str, str | None]]:
    """Gives the files that are read within, each with its present stamp."""
    files: dict[str, str | None] = {}
    _noted.append(files)
    try:
        yield files
    finally:
        _noted.pop()


def depends_on_the_unknown() -> None:
    """Call this when an answer depends on a source without stamps, such as a hub."""
    _stamps[""] = None


def stamp_of(path: Path) -> str | None:
    """Size, mtime, ctime and inode number, as in cli/worker/stamp.ts; None for a file that changed a moment ago."""
    try:
        found = path.stat()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "unknown")
    if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < _TICK:
        return None
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def all_sources() -> list[dict[str, str]] | None:
    """All files and folders so far, and the folders of packages, which change when a package is installed or removed.

    None when one of them has no stamp.
    """
    for entry in sys.path:
        if entry:
            depends_on(Path(entry))
    found = [{"path": path, "stamp": stamp} for path, stamp in _stamps.items() if stamp is not None]
    return found if len(found) == len(_stamps) else None
