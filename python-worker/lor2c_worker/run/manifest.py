"""A list of files with their sizes and checksums, which shows afterwards that each is still what it was."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MANIFEST_FILE = "manifest.json"
_CHUNK = 1 << 20


class Damaged(Exception):
    """A file is not what the manifest says; the message names it."""


@dataclass(frozen=True)
class Stamp:
    """Of a file, or of its beginning: bytes, and their SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`files`: stamps by path, relative to the folder of the tree."""

    step: int
    cells: list[str]
    versions: dict[str, str]
    files: dict[str, Stamp]


def stamp(file: Path, size: int | None = None) -> Stamp:
    """Of the first `size` bytes, or fewer where the file ends before them; None: of the whole file."""
    digest, read = hashlib.sha256(), 0
    with file.open("rb") as handle:
        while chunk := handle.read(_CHUNK if size is None else min(_CHUNK, size - read)):
            digest.update(chunk)
            read += len(chunk)
    return Stamp(read, digest.hexdigest())


def files_below(folder: Path) -> Iterable[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def flush(path: Path) -> None:
    """Wait until the file, or the names in the folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    content = asdict(manifest)
    text = json.dumps({"content": content, "sha256": _digest(content)})
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Raises Damaged when it is not what was written. Does not look at the files that it lists."""
    try:
        whole = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        content: dict[str, Any] = whole["content"]
        if whole["sha256"] != _digest(content):
            raise Damaged(f"{MANIFEST_FILE} does not match its checksum")
        files = {name: Stamp(**entry) for name, entry in content.pop("files").items()}
        return Manifest(**content, files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"{MANIFEST_FILE} cannot be read ({error})") from None


def check_files(root: Path, files: Mapping[str, Stamp]) -> None:
    """Raises Damaged with the first file below `root` that is not as listed. Files may have grown."""
    for name, wanted in files.items():
        try:
            found = stamp(root / name, wanted.size)
        except OSError as error:
            raise Damaged(f"{name} cannot be read ({error.strerror})") from None
        if found.size != wanted.size:
            raise Damaged(f"{name} has {found.size:,} bytes, not {wanted.size:,}")
        if found != wanted:
            raise Damaged(f"{name} does not match its checksum")


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
