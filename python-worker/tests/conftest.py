"""Shared by all tests: no network, one thread, tiny real models and small real files."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
import torch

torch.set_num_threads(1)

#: Real GLUE files, beside the checkout when this project's own CI runs; elsewhere LOR2C_DATA may point at a copy.
DATA = Path(os.environ.get("LOR2C_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture(scope="session")
def glue_folder() -> Path:
    folder = DATA / "glue"
    if not folder.is_dir():
        pytest.skip("the original GLUE files are not here (LOR2C_DATA names their folder)")
    return folder
