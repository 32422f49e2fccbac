"""Files that answers depend on, each with a stamp that changes when it does, so that answers can be kept."""

from __future__ import annotations

import errno
import sys
import time
from pathlib import Path

#: Nanoseconds. Clocks of file systems tick as seldom as every two seconds: within a tick a change may not show.
_TICK = 2_000_000_000

_stamps: dict[str, str | None] = {}


def depends_on(path: Path) -> None:
    """To be called before a file is read or a folder listed; what is not there has a stamp too."""
    name = str(path.absolute())
    if name not in _stamps:
        _stamps[name] = stamp_of(path)


def depends_on_the_unknown() -> None:
    """The answer comes from where no stamp can tell of a change, such as a hub."""
    _stamps[""] = None


def stamp_of(path: Path) -> str | None:
    """Size, times of content and inode, and number; None for what changed a moment ago. The runner makes the same."""
    try:
        found = path.stat()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "unknown")
    if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < _TICK:
        return None
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def all_sources() -> list[dict[str, str]] | None:
    """Everything so far, with the folders of packages, which change with each that is installed or removed.

    None when something of it has no stamp.
    """
    for entry in sys.path:
        if entry:
            depends_on(Path(entry))
    found = [{"path": path, "stamp": stamp} for path, stamp in _stamps.items() if stamp is not None]
    return found if len(found) == len(_stamps) else None
