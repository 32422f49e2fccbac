"""Tokens of large tables in the cache folder, so that the next worker need not tokenise the same rows again.

A file has a line of JSON, the place and length of each row, and the tokens. It is written when all rows of a table have
been tokenised, under another name until it is whole. One that is cut or damaged is written anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .blob import Blob
from .cache import cache_folder
from .task import DataError

#: Tables with fewer bytes of tokens are tokenised in a second or two.
LEAST = 4 * 2**20
#: Bytes of all files together; the ones that were not used for the longest time go first.
MOST = 4 * 2**30

_FORMAT, _ENDING, _PIECE = 1, ".tokens", 2**20


@dataclass(frozen=True)
class Tokens:
    """Row i is `blob.read(starts[i], ...)`: `counts[i]` ids of 4 bytes, then as many segment ids of 1 byte if the model
    has segments."""

    starts: np.ndarray  # [N] int64
    counts: np.ndarray  # [N] int32
    segments: bool
    blob: Blob

    def pieces(self) -> Iterator[bytes]:
        yield self.starts.tobytes()
        yield self.counts.tobytes()
        for start in range(0, len(self.blob), _PIECE):
            yield self.blob.read(start, min(_PIECE, len(self.blob) - start))


def find(key: str, rows: int) -> Tokens | None:
    """The tokens of a table of so many rows, if they are kept and whole. `key`: all that decides them."""
    try:
        path = _path(key)
        file = path.open("rb")
    except (OSError, DataError):
        return None
    try:
        head = json.loads(file.readline(1000))
        begin = file.tell()
        size = 12 * rows + head["tokens"]
        if head["format"] != _FORMAT or head["rows"] != rows or os.fstat(file.fileno()).st_size != begin + size:
            raise ValueError("another size")
        if _checksum(iter(lambda: file.read(_PIECE), b"")) != head["crc32"]:
            raise ValueError("another checksum")
        file.seek(begin)
        starts = np.frombuffer(file.read(8 * rows), np.int64).copy()
        counts = np.frombuffer(file.read(4 * rows), np.int32).copy()
        blob = Blob.of(file, begin + 12 * rows, head["tokens"])
        os.utime(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        file.close()
        _say(f"{path} is not used: {error}")
        return None
    return Tokens(starts, counts, bool(head["segments"]), blob)


def keep(key: str, tokens: Tokens) -> None:
    """Keep the tokens of a whole table, unless they are few. A folder that cannot be written costs only a line in the
    log."""
    if len(tokens.blob) < LEAST:
        return
    temporary = None
    try:
        path = _path(key)
        head = {
            "format": _FORMAT,
            "rows": len(tokens.starts),
            "segments": tokens.segments,
            "tokens": len(tokens.blob),
            "crc32": _checksum(tokens.pieces()),
        }
        path.parent.mkdir(exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=_ENDING)
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            file.writelines(tokens.pieces())
        Path(temporary).replace(path)
        _prune(path)
    except (OSError, DataError) as error:
        _say(f"the tokens are not kept for the next run: {error}")
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _path(key: str) -> Path:
    return cache_folder() / "tokens" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{_ENDING}"


def _checksum(pieces: Iterator[bytes]) -> int:
    value = 0
    for piece in pieces:
        value = zlib.crc32(piece, value)
    return value


def _prune(newest: Path) -> None:
    """Remove the files that were not used for the longest time while all are more than `MOST`. A worker that reads one
    of them goes on reading it."""
    files = [(file.stat(), file) for file in newest.parent.iterdir() if file.suffix == _ENDING]
    total = sum(found.st_size for found, _ in files)
    for found, file in sorted(files, key=lambda each: each[0].st_mtime):
        if total <= MOST or file == newest:
            return
        file.unlink(missing_ok=True)
        total -= found.st_size


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
