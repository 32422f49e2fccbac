"""The adapter folder of a run: written under a temporary name, renamed when it is complete."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..data import task_of
from ..data.task import Kind
from ..settings import Settings, SettingsError, renewed

#: Beside the method's own files. With it the adapter can be used without the database.
RUN_FILE = "lor2c.json"


@dataclass(frozen=True)
class RunInfo:
    """Content of `lor2c.json`: how to load the model again and what its answers mean."""

    settings: dict[str, Any]
    #: In the order of the head's outputs, as `id2label`; none for regression.
    label_names: tuple[str, ...]
    kind: Kind
    epoch: float
    scores: dict[str, float | None]
    worker_version: str
    #: Whether a row has two segments; None in folders of worker 0.1, whose task says it.
    pairs: bool | None = None
    #: What always answering the most frequent label of the evaluation rows scores (a regression's mean target), for
    #: those of `scores` that say something about that.
    constant_scores: dict[str, float] = field(default_factory=dict)
    #: `fp32` or `mixed`: what `train.precision: auto` became; None in older folders.
    precision: str | None = None

    @property
    def num_labels(self) -> int:
        """Width of the head: 1 for regression."""
        return len(self.label_names) or 1

    @property
    def takes_pairs(self) -> bool:
        """Whether a row has two texts."""
        return bool(task_of(Settings.from_json(self.settings).task.name).pairs if self.pairs is None else self.pairs)

    @property
    def id2label(self) -> dict[int, str]:
        """Empty for regression."""
        return dict(enumerate(self.label_names))

    @property
    def label2id(self) -> dict[str, int]:
        return {name: number for number, name in self.id2label.items()}

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {"id2label": {str(number): name for number, name in self.id2label.items()}}


def write_folder(folder: Path, info: RunInfo, save: Callable[[Path], object]) -> None:
    """`place_folder` with what `save` writes, and `lor2c.json`."""

    def fill(temporary: Path) -> None:
        save(temporary)
        text = json.dumps(info.as_json(), indent=2, ensure_ascii=False, allow_nan=False)
        (temporary / RUN_FILE).write_text(text + "\n", encoding="utf-8")

    place_folder(folder, fill)


def place_folder(folder: Path, fill: Callable[[Path], object]) -> None:
    """Call `fill(temporary folder)`, and put the result at `folder`, replacing what was there.

    A reader sees the old folder or the new one, never a mixture; a crash leaves at most a hidden temporary folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        fill(temporary)
        for file in temporary.rglob("*"):
            if file.is_file():
                _flush(file)
        _make_ordinary(temporary)
        _replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _make_ordinary(folder: Path) -> None:
    """Give files and folders the modes that the umask asks for: mkdtemp and safetensors make theirs private."""
    fresh = folder / ".mode"
    fresh.touch()
    file_mode = fresh.stat().st_mode & 0o777
    fresh.unlink()
    folder_mode = file_mode | (file_mode & 0o444) >> 2
    for path in (folder, *folder.rglob("*")):
        path.chmod(folder_mode if path.is_dir() else file_mode)


def _flush(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())


def _replace(new: Path, folder: Path) -> None:
    """Rename `new` to `folder`. A directory cannot be renamed over another one, so the old one is renamed first."""
    if not folder.exists():
        new.rename(folder)
        return
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old)


def read_info(folder: Path) -> RunInfo:
    """Read `lor2c.json`, of this version or an earlier one.

    Raises SettingsError when the folder is no adapter that lor2c wrote, or one that no method of today can load.
    """
    path = folder / RUN_FILE
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        value["label_names"] = tuple(value["label_names"])
        value.pop("id2label", None)
        info = RunInfo(**value)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"{folder} is no adapter of lor2c ({type(error).__name__}: {error})") from error
    try:
        return replace(info, settings=renewed(info.settings))
    except SettingsError as error:
        raise SettingsError(f"{folder}: {error}") from error


def measure_folder(folder: Path) -> tuple[int, str]:
    """Total bytes, and a SHA-256 over names and contents of all files."""
    digest, total = hashlib.sha256(), 0
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        content = file.read_bytes()
        total += len(content)
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + hashlib.sha256(content).digest())
    return total, digest.hexdigest()
