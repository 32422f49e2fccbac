"""The texts in the header of a safetensors file, which say what its tensors are.

The library's writer puts several texts in no fixed order, so that two trainings of a run would save different files.
The form: 8 bytes with the header's length, the header as JSON with `__metadata__` first, padded with blanks to a
multiple of 8 bytes, and the tensors.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

_KEY = '{"__metadata__":'
#: What the methods' own files say.
PLAIN = {"format": "pt"}


def write_texts(file: Path, texts: Mapping[str, str]) -> None:
    """Replace the texts of `file`, whose tensors stay as they are. Raises ValueError when its header is none."""
    beside = file.with_name(f".{file.name}")
    with file.open("rb") as source, beside.open("wb") as target:
        target.write(_with_texts(_read(source, file), texts))
        shutil.copyfileobj(source, target, 1 << 20)
    beside.replace(file)


def digest_of_tensors(file: Path) -> bytes:
    """SHA-256 of the file as it is without texts of ours: of its tensors, with their names and order."""
    digest = hashlib.sha256()
    with file.open("rb") as source:
        header = _read(source, file)
        digest.update(_with_texts(header, PLAIN) if header.startswith(_KEY) else _packed(header.encode()))
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.digest()


def _read(source: BinaryIO, file: Path) -> str:
    """The header, without what pads it."""
    size = int.from_bytes(source.read(8), "little")
    header = source.read(size) if size <= file.stat().st_size else b""
    if not header.startswith(b"{"):
        raise ValueError(f"{file} is no file of safetensors")
    return header.decode("utf-8").rstrip(" ")


def _with_texts(header: str, texts: Mapping[str, str]) -> bytes:
    rest = header[1:]
    if header.startswith(_KEY):
        _, end = json.JSONDecoder().raw_decode(header, len(_KEY))
        rest = header[end:].removeprefix(",")
    # As the library writes it: no blanks, and letters as they are.
    own = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    return _packed(f"{_KEY}{own}{'' if rest == '}' else ','}{rest}".encode())


def _packed(header: bytes) -> bytes:
    whole = header + b" " * (-len(header) % 8)
    return len(whole).to_bytes(8, "little") + whole
