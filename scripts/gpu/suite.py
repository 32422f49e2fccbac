"""The tests of the worker that compute on the device of LOR2C_TEST_DEVICE."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from parts import Put
from setup import Setup

WORKER = Path(__file__).resolve().parents[2] / "python-worker"
#: Files with tests that use the fixture `device`, and of whole runs, which take a GPU where there is one.
FILES = (
    "test_device.py",
    "test_philox_triton.py",
    "test_memory.py",
    "test_train.py",
    "test_leaving.py",
    "test_tree_checkpoint.py",
    "test_early_stopping.py",
)


def suite(small: bool, put: Put) -> None:
    """How many tests passed, and what those said that did not. Raises when one failed. The small form runs one test,
    since it may itself run within the suite."""
    import pytest

    os.environ["LOR2C_TEST_DEVICE"] = Setup.of(small).device.type
    os.chdir(WORKER)
    # A checkout stays as it is, without a cache.
    arguments = ["-q", "--tb=short", "--color=no", "-p", "no:cacheprovider"]
    chosen = ["tests/test_device.py", "-k", "repeats"] if small else [f"tests/{file}" for file in FILES]
    sys.dont_write_bytecode = True
    code = pytest.main([*arguments, *chosen], plugins=[_Watch(put)])
    if code != 0:
        raise RuntimeError(f"pytest ended with {code!r}")


class _Watch:
    """Tells `put` about each test as it ends, so that a part that is cut off has told about the others."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._outcomes: dict[str, str] = {}
        self._said: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when != "call" and report.passed:
            return
        self._outcomes[report.nodeid] = report.outcome
        if report.failed:
            self._said[report.nodeid] = str(report.longrepr)[-2000:]
            self._put("failed", self._said)
        self._put("outcomes", dict(Counter(self._outcomes.values())))
