"""Shared by all tests: no network, one thread, tiny real models and small real files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
# On Intel's processors the last bit of MKL's small products depends on where their operands lie in memory, so that a
# reloaded model is not bit-equal. Training allows for that; tests that compare bits need the strict mode.
if "GenuineIntel" in (Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""):
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# `cuda` runs the tests that have the fixture `device`, and every worker, on the first GPU; `cpu` hides all GPUs.
os.environ.setdefault("LOR2C_TEST_DEVICE", "cpu")
os.environ.update({"CUDA_VISIBLE_DEVICES": ""} if os.environ["LOR2C_TEST_DEVICE"] == "cpu" else {})

# Tests share the benchmark's models, rows and counter of operations.
sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts" / "bench"))

import pytest

# Before anything loads the distutils of Python: setuptools, which peft's BOFT needs, refuses to come after it.
import setuptools  # noqa: F401
import tiny
import torch
from worker import Worker

from lor2c_worker import messages
from lor2c_worker.errors import PlainError
from lor2c_worker.models.packaged import resolve

torch.set_num_threads(1)

#: Folder of the original GLUE files: LOR2C_DATA, else a folder beside the checkout.
DATA = Path(os.environ.get("LOR2C_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture(scope="session")
def device() -> torch.device:
    """Where tests compute that take it."""
    return torch.device("cuda", 0) if os.environ["LOR2C_TEST_DEVICE"] == "cuda" else torch.device("cpu")


@pytest.fixture(scope="session")
def glue_folder() -> Path:
    folder = DATA / "glue"
    if not folder.is_dir():
        pytest.skip("the original GLUE files are not here (LOR2C_DATA names their folder)")
    return folder


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The folder of model smollm2-135m. It is fetched and converted once, in the user's cache folder."""
    try:
        return Path(resolve("smollm2-135m"))
    except PlainError as error:
        pytest.skip(f"no smollm2-135m here: {error}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny.save(folder / "model")
    tiny.save_rows(folder / "data")
    return folder


@pytest.fixture(scope="session")
def workers() -> Iterator[list[Worker]]:
    """All that `worker` has started."""
    started: list[Worker] = []
    yield started
    assert [worker.close() for worker in started] == [0] * len(started)


@pytest.fixture(scope="module")
def worker(workers: list[Worker], tmp_path_factory: pytest.TempPathFactory) -> Worker:
    """One process for the tests of all files, since its start takes longer than most of them. Where a failed test has
    left it at work or dead, the next file gets a new one."""
    if not workers or not workers[-1].is_idle():
        workers.append(Worker(tmp_path_factory.mktemp("worker") / "stderr.log"))
        ready = next(workers[-1].events())
        assert isinstance(ready, messages.Ready)
        assert ready.protocol == messages.PROTOCOL_VERSION
    return workers[-1]
