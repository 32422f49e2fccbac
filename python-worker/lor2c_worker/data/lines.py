"""Lines of a text file, one after the other, so that a large file never is in memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from .task import DataError, not_utf8


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked if its name ends in .gz. Raises DataError when it is damaged."""
    if path.suffix != ".gz":
        with path.open("rb") as plain:
            yield plain
        return
    try:
        with gzip.open(path, "rb") as packed:
            yield cast(BinaryIO, packed)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: no intact gzip file ({error}): fetch it again") from error


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """(line number from 1, line without its end) of each line. Only `\\n` or `\\r\\n` ends a line: other characters at
    which Python splits text occur inside of sentences. Raises DataError for a line that is not UTF-8.
    """
    with opened(path) as file:
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
