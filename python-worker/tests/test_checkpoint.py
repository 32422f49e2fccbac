"""An adapter folder is whole or absent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lor2c_worker.checkpoint import RUN_FILE, RunInfo, measure_folder, read_info, write_folder
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


def test_what_is_no_adapter_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no adapter"):
        read_info(tmp_path)
    (tmp_path / RUN_FILE).write_text("{}")
    with pytest.raises(SettingsError, match="holds no adapter"):
        read_info(tmp_path)
