"""The weights that are read are those that name the model in a run's id, however long the worker has known it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import tiny
import torch
from safetensors.torch import load_file, save_file

from lor2c_worker.models import load_model, model_fingerprint
from lor2c_worker.settings import ModelSettings, SettingsError
from lor2c_worker.sources import stamp_of


def shifted(folder: Path) -> Path:
    """Other weights in files of the same names, sizes and times."""
    file = folder / "model.safetensors"
    times = file.stat()
    save_file({name: tensor + 1 for name, tensor in load_file(file).items()}, file, metadata={"format": "pt"})
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file.stat().st_size == times.st_size
    return folder


def test_weights_of_equal_size_and_time_have_another_name(tmp_path: Path) -> None:
    settings = ModelSettings(str(tiny.save(tmp_path / "model")), None)
    while any(stamp_of(file) is None for file in (tmp_path / "model").iterdir()):
        time.sleep(0.1)
    first = model_fingerprint(settings)
    assert model_fingerprint(settings) == first
    shifted(tmp_path / "model")
    assert model_fingerprint(settings) != first


def test_a_branch_that_moves_brings_no_other_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("transformers.utils.hub.constants.HF_HUB_CACHE", str(tmp_path))
    stored, (first, second) = tmp_path / "models--some--model", ("a" * 40, "b" * 40)
    tiny.save(stored / "snapshots" / first)
    tiny.save(stored / "snapshots" / second)
    shifted(stored / "snapshots" / second)
    (stored / "refs").mkdir()
    branch = stored / "refs" / "main"
    branch.write_text(first)
    settings = ModelSettings("some/model", None)
    assert model_fingerprint(settings) == f"some/model@{first}"
    branch.write_text(second)
    weights = load_model(settings, 2, "classify", 0, torch.device("cpu")).module.state_dict()
    assert model_fingerprint(settings) == f"some/model@{first}"
    planned = load_file(stored / "snapshots" / first / "model.safetensors")
    assert all(torch.equal(weights[f"bert.{name}"], tensor) for name, tensor in planned.items())


def test_a_damaged_snapshot_is_named_with_the_folder_to_delete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("transformers.utils.hub.constants.HF_HUB_CACHE", str(tmp_path))
    stored = tmp_path / "models--some--damaged"
    weights = tiny.save(stored / "snapshots" / ("a" * 40)) / "model.safetensors"
    blob = stored / "blobs" / "b"
    blob.parent.mkdir()
    blob.write_bytes(weights.read_bytes()[:10_000])
    weights.unlink()
    weights.symlink_to(blob)
    (stored / "refs").mkdir()
    (stored / "refs" / "main").write_text("a" * 40)
    with pytest.raises(SettingsError, match=f"is cut off: 10,000 of .*: delete the folder {stored}, so that"):
        load_model(ModelSettings("some/damaged", None), 2, "classify", 0, torch.device("cpu"))
