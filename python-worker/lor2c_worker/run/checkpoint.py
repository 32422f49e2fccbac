"""Checkpoints of trees in one folder that all trees of the same settings share:

<folder>/<name>/tree.json       cells, step and versions: enough to find what can be resumed
<folder>/<name>/state.pt        learner, optimizer and loop; replaced as a whole
<folder>/<name>/events.ndjson   events so far (event_log.py)
<folder>/<name>/best/<n>/       the best adapter of each lane so far
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .loop_state import LoopState

TREE_FILE, STATE_FILE, EVENTS_FILE, BEST_FOLDER = "tree.json", "state.pt", "events.ndjson", "best"


@dataclass(frozen=True)
class Best:
    """The best adapter of a cell so far. Cells that were in one lane at that time have the same folder."""

    folder: str
    epoch: int
    values: dict[str, float]


@dataclass(frozen=True)
class Found:
    """A checkpoint with some of the wanted cells."""

    folder: Path
    cells: list[str]
    state: dict[str, Any]


def tree_folder(folder: Path, cells: Iterable[str]) -> Path:
    """Where a tree of exactly these cells has its checkpoint."""
    name = hashlib.sha256("\n".join(sorted(cells)).encode()).hexdigest()[:16]
    return folder / name


def find_checkpoints(folder: Path, cells: Iterable[str], versions: dict[str, str]) -> tuple[list[Found], list[str]]:
    """(checkpoints to go on from, farthest step first, each with its share of the cells; one line for each that cannot
    be used). Versions must equal `versions`, since other code computes other numbers."""
    wanted, found, remarks = set(cells), [], []
    candidates = []
    for file in sorted(folder.glob(f"*/{TREE_FILE}")) if folder.is_dir() else []:
        try:
            tree = json.loads(file.read_text(encoding="utf-8"))
            members = set(tree["cells"])
            if not (file.parent / STATE_FILE).exists():
                continue  # training ended before its first checkpoint
            if members & wanted and tree["versions"] != versions:
                remarks.append(
                    f"the checkpoint of step {tree['step']} was written by other versions: training starts from zero"
                )
            elif members & wanted:
                candidates.append((tree["step"], file.parent, members))
        except (OSError, ValueError, KeyError, TypeError) as error:
            remarks.append(f"{file} cannot be read ({error})")
    # Of those that are as far the smallest: what left a tree has one of its own, and the tree may still be in training.
    for _, place, members in sorted(candidates, key=lambda entry: (-entry[0], len(entry[2]), entry[1])):
        taken = sorted(members & wanted)
        if not taken:
            continue
        try:
            state = torch.load(place / STATE_FILE, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged file can raise any error
            remarks.append(f"{place / STATE_FILE} cannot be read ({type(error).__name__}): training starts from zero")
            continue
        found.append(Found(place, taken, state))
        wanted -= set(taken)
    return found, remarks


def prepare_folder(folder: Path, cells: list[str], versions: dict[str, str], source: Found | None) -> int:
    """Make the folder of a tree, with the events and adapters of `source`. Returns the bytes of those events.

    It writes `tree.json` at once, since clean-up reads from it whose folder this is.
    """
    offset = 0 if source is None else int(source.state["events"])
    if source is None or source.folder != folder:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / BEST_FOLDER).mkdir(parents=True)
        _describe(folder, cells, 0, versions)
        if source is not None:
            for cell in source.cells:
                name = source.state["best"][cell]["folder"] if cell in source.state["best"] else None
                if name and not (folder / BEST_FOLDER / name).exists():
                    shutil.copytree(source.folder / BEST_FOLDER / name, folder / BEST_FOLDER / name)
            with (source.folder / EVENTS_FILE).open("rb") as past:
                (folder / EVENTS_FILE).write_bytes(past.read(offset))
    return offset


def write_checkpoint(
    folder: Path, learner: dict[str, Any], loop: LoopState, best: dict[str, Best], events: int, versions: dict[str, str]
) -> None:
    """Replace the state, then delete adapters that are no longer a cell's best."""
    state = {
        **to_cpu(learner),
        "loop": to_cpu(loop.plain()),
        "best": {cell: vars(entry) for cell, entry in best.items()},
        "events": events,
    }
    _replace(folder / STATE_FILE, lambda file: torch.save(state, file))
    _describe(folder, loop.results, loop.step, versions)
    forget_worse(folder, best)


def part_checkpoint(source: Path, target: Path, cells: list[str], step: int, versions: dict[str, str]) -> None:
    """Give some cells of the checkpoint in `source` a checkpoint of their own. Its state also has their neighbours, but
    only the named cells are read from it."""
    state = torch.load(source / STATE_FILE, map_location="cpu", weights_only=True)
    prepare_folder(target, cells, versions, Found(source, cells, state))
    _replace(target / STATE_FILE, lambda file: file.write((source / STATE_FILE).read_bytes()))
    _describe(target, cells, step, versions)


def forget_worse(folder: Path, best: dict[str, Best]) -> None:
    """Delete adapters that are no longer a cell's best, since one of full fine-tuning is a whole model."""
    used = {entry.folder for entry in best.values()}
    for old in (folder / BEST_FOLDER).iterdir():
        if old.name not in used:
            shutil.rmtree(old, ignore_errors=True)


def _describe(folder: Path, cells: Iterable[str], step: int, versions: dict[str, str]) -> None:
    tree = {"cells": sorted(cells), "step": step, "versions": versions}
    _replace(folder / TREE_FILE, lambda file: file.write(json.dumps(tree).encode()))


def _replace(path: Path, write: Any) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def to_cpu(value: Any) -> Any:
    """`value` with every tensor on the CPU, for saving."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu")
    if isinstance(value, dict):
        return {key: to_cpu(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(to_cpu(item) for item in value)
    return value


def best_of(state: dict[str, Any], cells: Iterable[str]) -> dict[str, Best]:
    return {cell: Best(**state["best"][cell]) for cell in cells if cell in state["best"]}
