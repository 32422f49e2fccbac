"""Sends events of a tree and keeps them in a file, from which a resumed tree sends its new attempts earlier ones."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .. import messages
from ..channel import Channel, to_line
from .manifest import Stamp

#: Events of a run's record that come before its outcome.
_KEPT: dict[str, type[Any]] = {
    "metrics": messages.Metrics,
    "change": messages.Change,
    "module_scores": messages.ModuleScores,
    "ranks": messages.Ranks,
    "log": messages.Log,
}


class EventLog:
    """Appends to `path`. The first `offset` bytes stay. What follows them is cut off, since it was written after the
    checkpoint that the tree resumes."""

    def __init__(self, channel: Channel, path: Path, offset: int = 0) -> None:
        self._channel = channel
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(offset)
        #: Of all bytes so far.
        self._digest = hashlib.sha256(self._file.read(offset))
        self._file.seek(offset)

    def replay(self, cells: Iterable[str]) -> None:
        """Send the events in the file again, for those of `cells` that they name."""
        wanted, end = set(cells), self._file.tell()
        self._file.seek(0)
        for line in self._file:
            kind, fields = json.loads(line)
            named = [cell for cell in fields["cells"] if cell in wanted]
            if named:
                self._channel.send(_KEPT[kind], **fields | {"cells": named})
        self._file.seek(end)

    def send(self, event_type: type[Any], **fields: Any) -> None:
        self._channel.send(event_type, **fields)
        kind = next((name for name, kept in _KEPT.items() if kept is event_type), None)
        if kind is not None:
            line = to_line([kind, fields])
            self._file.write(line)
            self._digest.update(line)

    def log(self, level: str, message: str, cells: list[str]) -> None:
        self.send(messages.Log, cells=cells, level=level, message=message)

    def sync(self) -> Stamp:
        """Write everything to disk. Returns the stamp of the file so far."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return Stamp(self._file.tell(), self._digest.hexdigest())

    def close(self) -> None:
        self._file.close()
