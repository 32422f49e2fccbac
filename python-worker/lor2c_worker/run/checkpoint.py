"""Checkpoints of trees, in one folder that all trees of the same settings share:

<folder>/<name>/tree.json        the cells that may go on from it: who owns the folder
<folder>/<name>/step-<n>/        a checkpoint, complete since it has this name: learner, optimizer and loop
                                 (state_files.py), and the checksums of all of its files, those below included
<folder>/<name>/events.ndjson    events so far (event_log.py); a checkpoint knows how many of its bytes are its own
<folder>/<name>/best/<n>/        the best adapters of the lanes, as of the checkpoints and of now

The newest checkpoint and the one before are kept. What does not match its checksum is not used.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .manifest import Damaged, Manifest, Stamp, files_below, flush, read_manifest, stamp, write_manifest
from .state_files import read_state, read_values, write_state

TREE_FILE, EVENTS_FILE, BEST_FOLDER = "tree.json", "events.ndjson", "best"
_STEP, _NEW = "step-", ".new"


@dataclass(frozen=True)
class Best:
    """The best adapter of a cell so far. Cells that were in one lane at that time have the same folder."""

    folder: str
    epoch: float
    values: dict[str, float]


@dataclass(frozen=True)
class Found:
    """A checkpoint from which some of the wanted cells can go on."""

    folder: Path  # of the tree
    cells: list[str]
    manifest: Manifest

    @property
    def place(self) -> Path:
        return self.folder / step_folder(self.manifest.step)

    @property
    def events(self) -> int:
        """Bytes of its events."""
        return self.manifest.files[EVENTS_FILE].size

    def read(self) -> dict[str, Any]:
        """Its state: `learner`, `optimizer`, `loop` and `best`."""
        return read_state(self.place)


def tree_folder(folder: Path, cells: Iterable[str]) -> Path:
    """Where a tree of exactly these cells has its checkpoints."""
    name = hashlib.sha256("\n".join(sorted(cells)).encode()).hexdigest()[:16]
    return folder / name


def step_folder(step: int) -> str:
    return f"{_STEP}{step}"


def checkpoints_in(folder: Path) -> list[Path]:
    """The checkpoints of a tree, the newest first."""
    found = [
        (int(path.name.removeprefix(_STEP)), path)
        for path in folder.glob(f"{_STEP}*")
        if path.name.removeprefix(_STEP).isdecimal()
    ]
    return [path for _, path in sorted(found, reverse=True)]


def prepare_folder(folder: Path, cells: list[str], source: Found | None) -> int:
    """Make the folder of a tree, with the events and adapters of `source`. Returns the bytes of those events.

    It writes `tree.json` at once, since clean-up reads from it whose folder this is.
    """
    if source is None or source.folder != folder:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / BEST_FOLDER).mkdir(parents=True)
        describe(folder, cells)
        if source is not None:
            _copy_files(source, folder)
    else:
        for newer in checkpoints_in(folder):  # training comes there again
            if newer != source.place:
                shutil.rmtree(newer)
            else:
                break
    return 0 if source is None else source.events


def _copy_files(source: Found, folder: Path) -> None:
    for name in source.manifest.files:
        if name.startswith(f"{BEST_FOLDER}/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.folder / name, folder / name)
    with (source.folder / EVENTS_FILE).open("rb") as past:
        (folder / EVENTS_FILE).write_bytes(past.read(source.events))


def write_checkpoint(
    folder: Path,
    step: int,
    cells: list[str],
    state: dict[str, Any],
    best: dict[str, Best],
    events: Stamp,
    versions: dict[str, str],
) -> None:
    """Write the state at `step`, with the events and adapters so far. Keeps the checkpoint before, and deletes those
    before that, and adapters that none needs."""
    place, before = folder / step_folder(step), checkpoints_in(folder)
    describe(folder, cells)
    if place in before:
        return  # nothing has happened since
    for old in before[1:]:
        shutil.rmtree(old)
    new = folder / _NEW
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    write_state(new, {**state, "best": {cell: vars(entry) for cell, entry in best.items()}})
    known = _files_of(before[0]) if before else {}
    files = {f"{place.name}/{file.name}": _written(file) for file in files_below(new)}
    for name in sorted({entry.folder for entry in best.values()}):
        for file in files_below(folder / BEST_FOLDER / name):
            path = file.relative_to(folder).as_posix()
            files[path] = known[path] if path in known else _written(file)
    _complete(new, Manifest(step, sorted(cells), versions, {**files, EVENTS_FILE: events}), place)
    forget_worse(folder, best)


def part_checkpoint(source: Path, target: Path, cells: list[str]) -> None:
    """Give some cells of the newest checkpoint in `source` one of their own. Its state also has their neighbours, but
    only the named cells are read from it."""
    place = checkpoints_in(source)[0]
    manifest, best = read_manifest(place), read_values(place)["best"]
    used = {best[cell]["folder"] for cell in cells if cell in best}
    files = {
        name: entry
        for name, entry in manifest.files.items()
        if not name.startswith(f"{BEST_FOLDER}/") or name.split("/")[1] in used
    }
    own = Manifest(manifest.step, sorted(cells), manifest.versions, files)
    prepare_folder(target, cells, Found(source, cells, own))
    shutil.copytree(place, target / _NEW)
    _complete(target / _NEW, own, target / place.name)


def _written(file: Path) -> Stamp:
    flush(file)
    return stamp(file)


def _complete(new: Path, manifest: Manifest, place: Path) -> None:
    """Give a checkpoint its manifest and its name, on the disk."""
    write_manifest(new, manifest)
    for file in files_below(new):
        flush(file)
    new.rename(place)
    flush(place.parent)


def forget_worse(folder: Path, best: dict[str, Best]) -> None:
    """Delete adapters that are neither a cell's best nor in a checkpoint: one of full fine-tuning is a whole model."""
    used = {entry.folder for entry in best.values()}
    for place in checkpoints_in(folder):
        used |= {name.split("/")[1] for name in _files_of(place) if name.startswith(f"{BEST_FOLDER}/")}
    for old in (folder / BEST_FOLDER).iterdir():
        if old.name not in used:
            shutil.rmtree(old, ignore_errors=True)


def _files_of(place: Path) -> dict[str, Stamp]:
    try:
        return read_manifest(place).files
    except Damaged:
        return {}  # nobody can go on from it


def describe(folder: Path, cells: Iterable[str]) -> None:
    """Write `tree.json`."""
    temporary = folder / f"{TREE_FILE}.tmp"
    temporary.write_text(json.dumps({"cells": sorted(cells)}), encoding="utf-8")
    flush(temporary)
    temporary.replace(folder / TREE_FILE)


def best_of(state: dict[str, Any], cells: Iterable[str]) -> dict[str, Best]:
    return {cell: Best(**state["best"][cell]) for cell in cells if cell in state["best"]}
