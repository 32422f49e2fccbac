"""What the worker says about variables and folders of the user that it cannot use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lor2c_worker.data.cache import cache_folder, write_atomically
from lor2c_worker.data.task import DataError
from lor2c_worker.device import configure_threads
from lor2c_worker.settings import SettingsError
from lor2c_worker.variables import stored_variables


def test_a_cache_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    for variables in ({"LOR2C_CACHE": str(file)}, {"LOR2C_CACHE": "", "XDG_CACHE_HOME": str(file)}):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(DataError, match=rf"cache folder cannot be used: .*{file}.*LOR2C_CACHE"):
            cache_folder()
    with pytest.raises(DataError, match="LOR2C_CACHE"):
        write_atomically(file / "downloaded", b"content")


def test_a_user_without_a_home_folder_is_told_of_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("LOR2C_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(DataError, match=r"Could not determine home directory.*LOR2C_CACHE"):
        cache_folder()


@pytest.mark.parametrize(("named", "threads"), [(None, 1), ("", 1), ("2", 2), (" 2 ", 2), ("2,1", 2)])
def test_omp_num_threads_is_read_as_openmp_reads_it(
    monkeypatch: pytest.MonkeyPatch, named: str | None, threads: int
) -> None:
    if named is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", named)
    before = torch.get_num_threads()
    try:
        assert configure_threads() == threads == torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("named", ["two", "0", "-1"])
def test_omp_num_threads_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", named)
    with pytest.raises(SettingsError, match=f"OMP_NUM_THREADS is '{named}'"):
        configure_threads()


def test_a_worker_that_cannot_start_for_such_a_reason_shows_no_traceback() -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "lor2c_worker"],
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"OMP_NUM_THREADS": "two"},
        stdin=subprocess.PIPE,  # stays open: a worker whose stdin ends says nothing more
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stderr is not None
        told = worker.stderr.read()
    assert worker.returncode == 1
    assert told.endswith("OMP_NUM_THREADS is 'two'; it must be a number of threads, e.g. 1, or unset\n")
    assert "Traceback" not in told


def test_variables_that_are_stored_with_a_run() -> None:
    own = str(Path(__file__).parent.parent)
    stored = {
        "CUBLAS_WORKSPACE_CONFIG": ":16:8",
        "CUDA_VISIBLE_DEVICES": "0",
        "HF_ENDPOINT": "https://***@mirror.example/hub",
        "HF_HOME": "/models",
        "LD_PRELOAD": "/lib/x.so",
        "LOR2C_CACHE": "/cache",
        "OMP_NUM_THREADS": "2",
        "PYTHONPATH": "/mine",
        "PYTORCH_CUDA_ALLOC_CONF": "x",
        "TORCHINDUCTOR_CACHE_DIR": "/t",
        "TORCH_DEVICE_BACKEND_AUTOLOAD": "0",
    }
    changed = {"HF_ENDPOINT": "https://user:pass@mirror.example/hub", "PYTHONPATH": os.pathsep.join([own, "/mine"])}
    secret = dict.fromkeys(("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_PASSWORD", "TORCH_API_KEY", "HF_AUTH"), "x")
    other = {"HOME": "/root", "PATH": "/bin", "LOR2C_DB": "x", "PYTHONUTF8": "1", "CUDA_HOME": ""}
    usual = {
        "OMP_WAIT_POLICY": "PASSIVE",
        "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128",
        "TOKENIZERS_PARALLELISM": "true",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    assert stored_variables(stored | changed | secret | other | usual) == stored
    assert stored_variables({"PYTHONPATH": own, "TOKENIZERS_PARALLELISM": "false"}) == {
        "TOKENIZERS_PARALLELISM": "false"
    }
