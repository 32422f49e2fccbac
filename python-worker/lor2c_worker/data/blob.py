"""Bytes that only grow: in memory while few, then in a temporary file, so that a large table needs no memory."""

from __future__ import annotations

import os
import tempfile
from typing import IO

from ..errors import PlainError

#: Bytes that stay in memory. 500,000 sentences of 20 words are 75 MB of text.
IN_MEMORY = 32 * 2**20


class NoRoom(PlainError, OSError):
    """The temporary folder is full or cannot be written. The message says what to do."""


class Blob:
    """Append and read; the file has no name, so that it is gone with the process."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._limit = in_memory
        self._memory = bytearray()  # all of it, or what is not yet in the file
        self._file: IO[bytes] | None = None
        self._begin, self._written = 0, 0

    @staticmethod
    def of(file: IO[bytes], begin: int, count: int) -> Blob:
        """The `count` bytes of an open file from `begin`; nothing can be appended to them."""
        blob = Blob(in_memory=0)
        blob._file, blob._begin, blob._written = file, begin, count
        return blob

    def __len__(self) -> int:
        return self._written + len(self._memory)

    def append(self, content: bytes) -> int:
        """Returns where the content begins. Raises NoRoom."""
        start = len(self)
        self._memory += content
        if len(self._memory) > (self._limit if self._file is None else _PIECE):
            self._write()
        return start

    def read(self, start: int, count: int) -> bytes:
        """`count` bytes from `start`, which have been appended in one call or in several."""
        if start >= self._written:
            return bytes(self._memory[start - self._written : start - self._written + count])
        assert self._file is not None
        # A read takes no more pages of memory than it returns; a mapped file would count as memory of the process.
        in_file = min(count, self._written - start)
        at = self._begin + start
        content = os.pread(self._file.fileno(), in_file, at)
        while len(content) < in_file:  # the system may return less than was asked for, of 2 GB and more always
            more = os.pread(self._file.fileno(), in_file - len(content), at + len(content))
            if not more:
                raise OSError("the temporary file of the rows is shorter than what was written to it")
            content += more
        return content + self._memory[: count - in_file] if count > in_file else content

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="lor2c-", buffering=0)  # noqa: SIM115 (open as long as this)
            view = memoryview(self._memory)
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise NoRoom(
                f"the rows do not fit into the temporary folder {tempfile.gettempdir()}: {error.strerror}. "
                "Free space there, or let TMPDIR name another folder"
            ) from error
        self._written += len(self._memory)
        self._memory = bytearray()


#: Bytes that are written to the file at a time.
_PIECE = 2**20
