"""An adapter folder is complete or absent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lor2c_worker.run.adapter_folder import RUN_FILE, RunInfo, measure_folder, read_info, write_folder
from lor2c_worker.settings import SettingsError

INFO = RunInfo({"seed": 1}, ("a", "b"), "classify", 2, {"accuracy": 0.5}, "0.1.0")


def save(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "weights").write_text(text)


def test_written_folder_reads_back(tmp_path: Path) -> None:
    write_folder(tmp_path / "adapter", INFO, save("one"))
    assert read_info(tmp_path / "adapter") == INFO
    assert sorted(p.name for p in tmp_path.iterdir()) == ["adapter"]


def test_replacing_leaves_only_the_new_one(tmp_path: Path) -> None:
    write_folder(tmp_path / "adapter", INFO, save("one"))
    before = measure_folder(tmp_path / "adapter")
    write_folder(tmp_path / "adapter", INFO, save("two"))
    assert (tmp_path / "adapter" / "weights").read_text() == "two"
    assert measure_folder(tmp_path / "adapter") != before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["adapter"]


def test_a_failing_save_leaves_the_old_one(tmp_path: Path) -> None:
    write_folder(tmp_path / "adapter", INFO, save("one"))

    def broken(folder: Path) -> None:
        (folder / "weights").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_folder(tmp_path / "adapter", INFO, broken)
    assert (tmp_path / "adapter" / "weights").read_text() == "one"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["adapter"]


@pytest.mark.parametrize(("umask", "files", "folders"), [(0o022, 0o644, 0o755), (0o027, 0o640, 0o750)])
def test_all_files_have_the_mode_of_the_process(tmp_path: Path, umask: int, files: int, folders: int) -> None:
    """Otherwise files of safetensors and folders of mkdtemp would be private."""

    def tensors(folder: Path) -> None:
        (folder / "inner").mkdir()
        save_file({"a": torch.zeros(1)}, folder / "weights.safetensors")
        save_file({"a": torch.zeros(1)}, folder / "inner" / "weights.safetensors")

    before = os.umask(umask)
    try:
        write_folder(tmp_path / "adapter", INFO, tensors)
    finally:
        os.umask(before)
    found = [tmp_path / "adapter", *(tmp_path / "adapter").rglob("*")]
    assert {oct(path.stat().st_mode & 0o777) for path in found if path.is_file()} == {oct(files)}
    assert {oct(path.stat().st_mode & 0o777) for path in found if path.is_dir()} == {oct(folders)}


def test_what_is_no_adapter_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no adapter"):
        read_info(tmp_path)
    (tmp_path / RUN_FILE).write_text("{}")
    with pytest.raises(SettingsError, match="is no adapter"):
        read_info(tmp_path)
