"""What the worker asks of torch before its first tensor."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch

from lor2c_worker.device import repeatable


@pytest.fixture
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    filled = torch.utils.deterministic.fill_uninitialized_memory
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    yield
    torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = filled


@pytest.mark.usefixtures("as_before")
def test_the_worker_repeats_and_fills_no_memory() -> None:
    repeatable()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.utils.deterministic.fill_uninitialized_memory
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":16:8"
    repeatable()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
