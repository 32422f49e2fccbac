"""The kernel that draws masks on a GPU: numpy's bits in Triton's interpreter, and what happens where it fails."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lor2c_worker.keyed.device_numbers import checked, numbers_on
from lor2c_worker.keyed.philox import row_numbers

CPU = torch.device("cpu")

#: Runs in a process of its own, since Triton reads TRITON_INTERPRET when it is imported.
COMPARE = """
import numpy as np, torch
from lor2c_worker.keyed.device_numbers import checked
from lor2c_worker.keyed.philox import NUMBERS, RowStream
from lor2c_worker.keyed.philox_triton import SIZE, row_numbers

assert checked(lambda: row_numbers, torch.device("cpu")) is row_numbers
random, stream, count = np.random.default_rng(1), RowStream(), 0
for blocks in (1, 2, SIZE - 1, SIZE, SIZE + 1):
    for _ in range(8):
        place, step = (int(random.integers(0, 2**63)) for _ in range(2))
        ids = random.integers(0, 2**63, 3).tolist()
        given = [torch.tensor(x) for x in (place, step, ids)]
        for row, line in zip(ids, row_numbers(*given, blocks).numpy(), strict=True):
            assert np.array_equal(stream.use(place, step)(row, NUMBERS * blocks), line), (place, step, row, blocks)
            count += 1
print(count)
"""


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
def test_the_kernel_gives_numpys_bits_for_many_keys() -> None:
    root = Path(__file__).resolve().parents[1]
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    done = subprocess.run([sys.executable, "-c", COMPARE], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "120"), done.stderr


def test_a_kernel_that_fails_or_errs_is_not_used(capfd: pytest.CaptureFixture[str]) -> None:
    def absent() -> object:
        raise ModuleNotFoundError("No module named 'triton'")

    assert checked(absent, CPU) is row_numbers  # type: ignore[arg-type]
    assert "No module named 'triton'" in capfd.readouterr().err
    assert checked(lambda: lambda *given: row_numbers(*given) ^ 1, CPU) is row_numbers
    assert "other numbers than numpy" in capfd.readouterr().err
    assert checked(lambda: lambda *given: row_numbers(*given), CPU) is not row_numbers
    assert capfd.readouterr().err == ""


def test_lack_of_memory_is_no_reason_to_draw_otherwise() -> None:
    def full(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("full")

    with pytest.raises(torch.OutOfMemoryError):
        checked(lambda: full, CPU)


def test_drawing_on_the_device(device: torch.device) -> None:
    drawn = numbers_on(device)
    # It takes the other way with a line that no test would see.
    assert (drawn is not row_numbers) == (device.type == "cuda" and importlib.util.find_spec("triton") is not None)
    given = [torch.tensor(x, device=device) for x in (2**62 + 1, 3, [1, 2, 2**40])]
    expected = row_numbers(*(x.cpu() for x in given), 70)
    assert torch.equal(drawn(*given, 70).cpu(), expected)
