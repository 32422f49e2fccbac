"""The predictions of a finished run for its evaluation rows, as a file beside its adapter."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

from ..data.row_set import RowSet

FILE = "predictions.safetensors"
#: safetensors writes several keys of metadata in any order. One keeps equal predictions equal, byte by byte.
META = "lor2c"
VERSION = 1


@dataclass(frozen=True)
class PredictionsInfo:
    """What the numbers mean, for readers without a database."""

    kind: str
    #: Names of the columns of `scores`; none for a regression, whose one column is the value.
    label_names: tuple[str, ...]
    #: The score that chose the epoch.
    score: str
    epoch: float
    #: Hash of all rows, as in the run's fingerprint: runs with the same one have the same evaluation rows.
    data: str


def write_predictions(folder: Path, rows: RowSet, logits: torch.Tensor, info: PredictionsInfo) -> tuple[Path, int, str]:
    """Write the file, or replace it, in one step. Returns its path, bytes and SHA-256.

    Tensors: `row` [N] int32, from 0 in the order of the evaluation rows as they are used; `label` [N] int64 classes,
    [N] float32 values or [N, C] uint8 for any number of labels; `scores` [N, C] float32, the logits or values of the
    adapter after it was loaded from disk; `part` [N] uint8, an index into the metadata's `parts`, where scores are
    about parts of the rows. logits: [N, C] on the CPU.
    """
    names = sorted(set(rows.parts or ()))
    tensors = {
        "row": np.arange(len(rows), dtype=np.int32),
        "label": _labels(rows.labels),
        "scores": logits.detach().float().contiguous().numpy(),
    }
    if rows.parts is not None:
        place = {name: index for index, name in enumerate(names)}
        tensors["part"] = np.fromiter((place[part] for part in rows.parts), dtype=np.uint8, count=len(rows))
    meta = {"version": VERSION, **asdict(info), "parts": names}
    content = save(tensors, metadata={META: json.dumps(meta, sort_keys=True, ensure_ascii=False)})
    return _replace(folder / FILE, content), len(content), hashlib.sha256(content).hexdigest()


def _labels(labels: torch.Tensor) -> np.ndarray:
    if labels.ndim == 2:
        return labels.to(torch.uint8).numpy()
    return (labels.float() if labels.is_floating_point() else labels.long()).numpy()


def _replace(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path
