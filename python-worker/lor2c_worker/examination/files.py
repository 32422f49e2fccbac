"""The files that rows were read from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

#: What a file's ending says about its content.
FORMATS = {
    ".tsv": "TSV",
    ".csv": "CSV",
    ".jsonl": "JSON lines",
    ".json": "JSON",
    ".parquet": "Parquet",
    ".txt": "text",
}
_BOM = b"\xef\xbb\xbf"


def files_read(names: Iterable[str]) -> list[dict[str, Any]]:
    """Facts about those of the names that are files; the others are folders in which files were looked for."""
    return [_file(path) for path in map(Path, names) if path.is_file()]


def _file(path: Path) -> dict[str, Any]:
    packed, ending = path.suffix == ".gz", Path(path.name.removesuffix(".gz")).suffix
    kind = FORMATS.get(ending, ending.removeprefix(".") or "file") + (", gzip" if packed else "")
    return {
        "path": str(path),
        "format": kind,
        "encoding": None if packed or kind == "Parquet" else _encoding(path),
        "bytes": path.stat().st_size,
    }


def _encoding(path: Path) -> str:
    """The loaders read UTF-8 and nothing else."""
    with path.open("rb") as file:
        return "UTF-8 with a byte-order mark" if file.read(3) == _BOM else "UTF-8"
