"""A damaged checkpoint is named and not used: the one before it is, or the start."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from stopping import after_step, record, train
from worker import only, settings

from lor2c_worker import messages
from lor2c_worker.run.checkpoint import EVENTS_FILE, TREE_FILE, checkpoints_in
from lor2c_worker.run.find_checkpoints import find_checkpoints
from lor2c_worker.run.manifest import MANIFEST_FILE, read_manifest
from lor2c_worker.run.state_files import read_state, write_state

#: 2 steps an epoch; a checkpoint after every step, stopped within the third epoch.
STOP, EPOCHS = 5, 4


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    gc.freeze()
    folder = tmp_path_factory.mktemp("tiny")
    tiny.save(folder / "model")
    tiny.save_rows(folder / "data", train=15, dev=6)
    method = {"name": "imlor2c", "rank": 2, "merges": 1, "injections": 0}
    return settings(folder, method=method, num_train_epochs=EPOCHS, logging_steps=1, checkpoint_minutes=1e-9)


@pytest.fixture(scope="module")
def undisturbed(wanted: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("whole")
    return record(train(folder, wanted), folder)


@pytest.fixture(scope="module")
def stopped(wanted: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoints of a stopped run: two."""
    folder = tmp_path_factory.mktemp("stopped")
    (end,) = only(train(folder, wanted, stop=after_step(STOP)), messages.Stopped)
    assert end.step == STOP
    return folder


def tree_in(folder: Path) -> Path:
    (tree,) = (folder / "checkpoints").iterdir()
    return tree


def flip(at: float) -> Callable[[Path], object]:
    def damage(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[int(at * (len(content) - 1))] ^= 1
        file.write_bytes(content)

    return damage


#: Ways to damage a file.
DAMAGES = {
    **{f"a byte at {at} flipped": flip(at) for at in (0.0, 0.3, 0.5, 0.9, 1.0)},
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "empty": lambda file: file.write_bytes(b""),
    "gone": Path.unlink,
}


def test_every_damage_of_every_file_is_named(wanted: dict[str, Any], stopped: Path, tmp_path: Path) -> None:
    whole = tree_in(stopped)
    newest, before = checkpoints_in(whole)
    versions = read_manifest(newest).versions
    assert [newest.name, before.name] == [f"step-{STOP}", f"step-{STOP - 1}"]
    (found,), remarks = find_checkpoints(whole.parent, ["c"], versions)
    assert (found.manifest.step, remarks) == (STOP, [])
    files = [file.relative_to(whole) for file in sorted(whole.rglob("*")) if file.is_file()]
    assert {file.parts[0] for file in files} == {newest.name, before.name, "best", TREE_FILE, EVENTS_FILE}
    checked = set(read_manifest(newest).files) | {TREE_FILE, f"{newest.name}/{MANIFEST_FILE}"}
    for file in files:
        for name, damage in DAMAGES.items():
            copy = tmp_path / "checkpoints"
            shutil.copytree(whole, copy / whole.name)
            damage(copy / whole.name / file)
            found_now, remarks = find_checkpoints(copy, ["c"], versions)
            step = found_now[0].manifest.step if found_now else None
            if file.as_posix() not in checked:
                # Of the checkpoint before; its own manifest is read, and said to be damaged, but nothing is lost.
                assert step == STOP, (file, name)
                assert all(file.name in remark for remark in remarks), (file, name, remarks)
            else:
                assert step in (None, STOP - 1), (file, name)
                assert file.name in remarks[0], (file, name, remarks)
                end = f"goes on from step {step}" if step else "starts from zero"
                assert all(remark.endswith(f"training {end}") for remark in remarks), (file, name, remarks)
            if file.parts[0] == newest.name:
                assert step == STOP - 1, (file, name)
            shutil.rmtree(copy)


@pytest.mark.parametrize(
    ("file", "resumed"),
    [(f"step-{STOP}/state.safetensors", STOP - 1), (EVENTS_FILE, None), ("best", None), (TREE_FILE, None)],
)
def test_a_run_whose_checkpoint_is_damaged_ends_as_an_undisturbed_one(
    wanted: dict[str, Any], undisturbed: list[Any], stopped: Path, tmp_path: Path, file: str, resumed: int | None
) -> None:
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    damaged = tree_in(tmp_path) / file
    shutil.rmtree(damaged) if damaged.is_dir() else flip(0.5)(damaged)
    # It stops once more, so that what was damaged is not found again by the last training.
    for stop, start in ((after_step(STOP + 1), resumed), (None, STOP + 1)):
        events = train(tmp_path, wanted, stop=stop)
        assert [e.resumed_step for e in only(events, messages.Started)] == [start]
        warned = [e for e in only(events, messages.Log) if "is damaged" in e.message]
        assert bool(warned) == (stop is not None)
    assert record(events, tmp_path) == undisturbed


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    shared = torch.arange(6.0).view(2, 3)
    state = {
        "a": {"whole": shared, "again": shared, "row": shared[1], "turned": shared.T},
        "b": [torch.tensor(2.5), torch.zeros(0, 3), torch.tensor([1.5], dtype=torch.bfloat16), (1, None)],
        "c": {"nan": float("nan"), "small": 0.1 + 0.2, "half of a pair": "\ud83c", "empty": {}},
    }
    write_state(tmp_path, state)
    found = read_state(tmp_path)
    for name, tensor in state["a"].items():
        assert torch.equal(found["a"][name], tensor), name
    assert [t.dtype for t in found["b"][:3]] == [torch.float32, torch.float32, torch.bfloat16]
    assert (found["b"][0].item(), tuple(found["b"][1].shape), found["b"][3]) == (2.5, (0, 3), [1, None])
    assert str(found["c"]) == str(state["c"])
    with pytest.raises(TypeError, match="the state has the key 1 at a: keys are text"):
        write_state(tmp_path, {"a": {1: 2}})
