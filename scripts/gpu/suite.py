"""The tests of the worker that compute on the device of LOR2C_TEST_DEVICE."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from parts import Put
from setup import Setup

WORKER = Path(__file__).resolve().parents[2] / "python-worker"
#: Files with tests that use the fixture `device`. The small form takes the first test only: the suite runs them all.
FILES = ("tests/test_device.py", "tests/test_optimizer.py", "tests/test_seeding.py")
OUTCOME = re.compile(r"^(\S+::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL)\b")


def suite(small: bool, put: Put) -> None:
    """How many tests passed, and the names and last lines of those that did not. Raises when one failed."""
    setup = Setup.of(small)
    # No cache, and no byte code of tests: this may run in a checkout that must stay as it is.
    command = [sys.executable, "-m", "pytest", "-v", "--tb=short", "--color=no", "-p", "no:cacheprovider"]
    command += ["tests/test_seeding.py"] if small else list(FILES)
    environment = {**os.environ, "LOR2C_TEST_DEVICE": setup.device.type, "PYTHONDONTWRITEBYTECODE": "1"}
    outcomes: dict[str, str] = {}
    rest: list[str] = []
    with subprocess.Popen(
        command, cwd=WORKER, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            found = OUTCOME.match(line)
            if found is None:
                rest.append(line.rstrip())
                continue
            outcomes[found[1]] = found[2].lower()
            put("outcomes", {kind: list(outcomes.values()).count(kind) for kind in sorted(set(outcomes.values()))})
            put("not_passed", {name: kind for name, kind in outcomes.items() if kind in ("failed", "error")})
    put("last_lines", rest[-60:] if process.returncode else rest[-1:])
    if process.returncode:
        raise RuntimeError(f"pytest ended with {process.returncode}: {rest[-1] if rest else 'no output'}")
