"""Lines of a text file, one after the other, so that a large file never is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .task import DataError, not_utf8


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """(line number from 1, line without its end) of each line. Only `\\n` or `\\r\\n` ends a line: other characters at
    which Python splits text occur inside of sentences. Raises DataError for a line that is not UTF-8.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if number == 1:
                raw = _without_mark(path, raw)
            try:
                line = raw.decode()
            except UnicodeDecodeError as error:
                raise not_utf8(f"{path}:{number}", error) from None
            yield number, line.removesuffix("\n").removesuffix("\r")


#: Byte order marks of encodings that spreadsheets call "Unicode"; the longer ones first, as they begin alike.
_OTHER = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def _without_mark(path: Path, first: bytes) -> bytes:
    for mark, name in _OTHER:
        if first.startswith(mark):
            raise DataError(f"{path}: the file is {name}; save it as UTF-8")
    return first.removeprefix(b"\xef\xbb\xbf")
