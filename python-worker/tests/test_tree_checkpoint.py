"""Which of several checkpoints a run goes on from."""

from __future__ import annotations

from pathlib import Path

from lor2c_worker.run.checkpoint import describe, step_folder
from lor2c_worker.run.find_checkpoints import find_checkpoints
from lor2c_worker.run.manifest import Manifest, write_manifest

VERSIONS = {"lor2c": "1"}


def checkpoint(folder: Path, name: str, cells: list[str], step: int) -> Path:
    place = folder / name
    (place / step_folder(step)).mkdir(parents=True)
    describe(place, cells)
    write_manifest(place / step_folder(step), Manifest(step, cells, VERSIONS, {}))
    return place


def test_a_run_that_left_a_tree_goes_on_from_its_own_checkpoint(tmp_path: Path) -> None:
    tree = checkpoint(tmp_path, "a", ["one", "other"], 8)  # still in training: soon it knows nothing of `one`
    own = checkpoint(tmp_path, "b", ["one"], 8)
    found, remarks = find_checkpoints(tmp_path, ["one"], VERSIONS)
    assert ([source.folder for source in found], remarks) == ([own], [])
    found, _ = find_checkpoints(tmp_path, ["one", "other"], VERSIONS)
    assert [(source.folder, source.cells) for source in found] == [(own, ["one"]), (tree, ["other"])]


def test_the_farthest_checkpoint_counts(tmp_path: Path) -> None:
    checkpoint(tmp_path, "b", ["one"], 8)
    tree = checkpoint(tmp_path, "a", ["one", "other"], 9)
    found, _ = find_checkpoints(tmp_path, ["one"], VERSIONS)
    assert [source.folder for source in found] == [tree]
