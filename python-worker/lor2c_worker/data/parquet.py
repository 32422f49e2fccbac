"""Rows of Parquet files, as hubs publish data sets. pyarrow is imported only here and only when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..install import install_command
from .cells import checked_header
from .task import DataError

ENDING = ".parquet"
#: Rows that are turned into Python objects at a time.
BATCH = 10_000


def shards(folder: Path, name: str) -> list[Path]:
    """`<name>.parquet`, or the parts `<name>-00000-of-00002.parquet`, ... that a hub cuts a split into, in order.

    Raises DataError when parts are missing: their names say how many there are.
    """
    whole = folder / f"{name}{ENDING}"
    if whole.is_file():
        return [whole]
    found = sorted(path for path in folder.glob(f"{name}-*{ENDING}") if path.is_file())
    counts = {path.stem.rpartition("-of-")[2] for path in found if "-of-" in path.stem}
    if counts and counts != {f"{len(found):05d}"}:
        raise DataError(
            f"data.path {folder}: {len(found)} parts of the split {name}, but their names say "
            f"{' and '.join(str(int(c)) if c.isdigit() else c for c in sorted(counts))}"
        )
    return found


def read_parquet(paths: Sequence[Path]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number from 1 within its file, row). Raises DataError with what to do."""
    try:
        import pyarrow.parquet as parquet  # type: ignore[import-not-found,unused-ignore]
        from pyarrow import ArrowException
    except ImportError:
        raise DataError(
            f"{paths[0]}: reading Parquet needs the package pyarrow: {install_command('pyarrow>=19')}, "
            "or give the rows as TSV, CSV or JSON lines"
        ) from None
    for path in paths:
        number = 0
        try:
            with parquet.ParquetFile(path) as file:
                checked_header(file.schema_arrow.names, str(path))
                for batch in file.iter_batches(BATCH):
                    for row in batch.to_pylist():
                        number += 1
                        yield number, row
        except ArrowException as error:
            raise DataError(f"{path}: not a Parquet file that can be read: {error}") from error
