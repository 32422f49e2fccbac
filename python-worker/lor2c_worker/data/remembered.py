"""What was read from files, kept as long as these files stay as they were: a worker reads the rows of a sweep once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Generic, TypeVar

from ..sources import noting, stamp_of

T = TypeVar("T")


class Remembered(Generic[T]):
    """The results of the `most` newest keys. One that was made from a file is made again when the file has changed, or
    changed so shortly before that another change may not show."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[dict[str, str | None], T]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result of `make`, which calls `sources.depends_on` for what it reads. Its exceptions are not kept."""
        kept = self._kept.pop(key, None)
        if kept is None or any(stamp is None or stamp_of(Path(path)) != stamp for path, stamp in kept[0].items()):
            kept = None  # two large results at one time would be too many
            with noting() as files:
                value = make()
            kept = files, value
        self._kept[key] = kept
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return kept[1]
