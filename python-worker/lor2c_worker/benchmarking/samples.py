"""The file of scored rows, `samples.jsonl`: it grows batch by batch, and a later worker goes on from it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from .. import messages
from ..errors import PlainError
from ..settings import from_mapping

FILE, KEY_FILE = "samples.jsonl", "evaluation.json"


class SamplesError(PlainError, ValueError):
    """The folder's samples can't be gone on from. The message says what to do."""


@dataclass(frozen=True)
class Sample(messages.SamplesItem):
    """A scored row: the fields of the protocol's `samples`, and the seconds that it took."""

    seconds: float = 0.0

    def item(self) -> dict[str, Any]:
        """The fields of an item of the protocol's `samples`."""
        return {name: value for name, value in asdict(self).items() if name != "seconds"}


class Samples:
    """The rows in a folder. Whoever has it open is the only one who adds to it, in any process; a process that was
    killed no longer has it.

    `key`: what the rows are of (hashes by name), kept beside them. A folder with another key is refused.
    """

    def __init__(self, folder: Path, key: Mapping[str, str | None]) -> None:
        """Raises SamplesError when the folder has rows of another evaluation, is in use, or is damaged."""
        self.path = folder / FILE
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a+b")
        try:
            self._claim()
            _check_key(folder, dict(key))
            self.rows = self._read()
        except BaseException:
            self._file.close()
            raise

    def _claim(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SamplesError(f"{self.path}: another process is scoring this benchmark; wait for it") from None

    def _read(self) -> dict[str, Sample]:
        """Rows by name. The rest of a line that a killed process had begun goes."""
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            self._file.truncate(whole)
        found: dict[str, Sample] = {}
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                sample = from_mapping(Sample, json.loads(line), "sample")
            except (ValueError, TypeError) as error:
                raise SamplesError(
                    f"{self.path}:{number} is damaged ({error}): delete this file, and all its rows are scored anew"
                ) from error
            found[sample.row] = sample
        return found

    def add(self, samples: Sequence[Sample]) -> None:
        """Append rows; they are on the disk when it returns."""
        lines = [json.dumps(asdict(sample), ensure_ascii=True, allow_nan=False) for sample in samples]
        self._file.write("".join(f"{line}\n" for line in lines).encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self.rows |= {sample.row: sample for sample in samples}

    def measure(self) -> tuple[int, str]:
        """(bytes, sha256) of the file."""
        content = self.path.read_bytes()
        return len(content), hashlib.sha256(content).hexdigest()

    def __enter__(self) -> Samples:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def _check_key(folder: Path, key: dict[str, str | None]) -> None:
    path = folder / KEY_FILE
    if not path.exists():
        new = path.with_name(f".{KEY_FILE}.new")
        new.write_text(json.dumps(key, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        new.replace(path)
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SamplesError(f"{path} is damaged ({error}): delete the folder, and all rows are scored anew") from error
    if found != key:
        differs = next(name for name in sorted({*found, *key}) if found.get(name) != key.get(name))
        raise SamplesError(f"{folder} has rows of another evaluation: its {differs} is {found.get(differs)!r}")
