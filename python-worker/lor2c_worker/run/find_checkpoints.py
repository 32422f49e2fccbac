"""Which checkpoints some cells can go on from: the farthest that is whole and of these versions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .checkpoint import TREE_FILE, Found, checkpoints_in
from .manifest import Damaged, Manifest, check_files, read_manifest

#: The state of a checkpoint up to release 0.2, which is not opened: reading it could run code.
_FORMER_STATE = "state.pt"


@dataclass(frozen=True)
class _Unusable:
    """A checkpoint, or a folder of some, that some of the wanted cells cannot use."""

    what: str
    cells: set[str]


def find_checkpoints(folder: Path, cells: Iterable[str], versions: dict[str, str]) -> tuple[list[Found], list[str]]:
    """(checkpoints to go on from, farthest step first, each with its share of the cells; one line for each that cannot
    be used). Versions must equal `versions`, since other code computes other numbers."""
    wanted, unusable = set(cells), list[_Unusable]()
    candidates: list[tuple[Path, set[str], Manifest]] = []
    for tree in sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []:
        candidates += _candidates(tree, wanted, versions, unusable)
    # Of those that are as far the smallest: what left a tree has one of its own, and the tree may still be in training.
    candidates.sort(key=lambda entry: (-entry[2].step, len(entry[1]), entry[0]))
    found, left = list[Found](), set(wanted)
    for place, members, manifest in candidates:
        taken = sorted(members & left)
        if not taken:
            continue
        try:
            check_files(place, manifest.files)
        except Damaged as damage:
            what = f"the checkpoint of step {manifest.step} is damaged: {damage}"
            unusable.append(_Unusable(what, members & left))
            continue
        found.append(Found(place, taken, manifest))
        left -= set(taken)
    return found, [f"{entry.what}: {_instead(entry.cells, found)}" for entry in unusable]


def _candidates(
    tree: Path, wanted: set[str], versions: dict[str, str], unusable: list[_Unusable]
) -> list[tuple[Path, set[str], Manifest]]:
    """(folder of the tree, cells that may go on, manifest) of each checkpoint of a tree that may be of use."""
    places, owners, damage = checkpoints_in(tree), set[str](), ""
    try:
        owners = set(json.loads((tree / TREE_FILE).read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if not tree.exists():
            return []  # its runs are finished, and the runner has removed it since
        damage = f"{tree.name}/{TREE_FILE} cannot be read ({error})"
    if owners & wanted and not places and (tree / _FORMER_STATE).exists():
        unusable.append(_Unusable("the checkpoint was written by other versions", owners & wanted))
    found = []
    for place in places:
        try:
            manifest = read_manifest(place)
        except Damaged as error:
            if damage or owners & wanted:
                unusable.append(_Unusable(f"the checkpoint {place.name} is damaged: {error}", owners & wanted))
            continue
        members = set(manifest.cells) & wanted
        if members and (damage or not owners <= set(manifest.cells)):
            why = damage or f"{TREE_FILE} names other runs than its checkpoint"
            unusable.append(_Unusable(f"the checkpoint of step {manifest.step} is damaged: {why}", members))
        elif owners & wanted and manifest.versions != versions:
            what = f"the checkpoint of step {manifest.step} was written by other versions"
            unusable.append(_Unusable(what, owners & wanted))
            break  # so was the one before
        elif owners & wanted:
            found.append((tree, owners & set(manifest.cells), manifest))
    return found


def _instead(cells: set[str], found: list[Found]) -> str:
    steps = [source.manifest.step for source in found if cells & set(source.cells)]
    return f"training goes on from step {max(steps)}" if steps else "training starts from zero"
