"""A plugin for pytest in several processes with the same files: each runs the next file that none has taken.

A split made beforehand leaves a core idle at the end, for minutes, since no size of a file tells its seconds.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--taken", required=True, metavar="FOLDER", help="where the processes note which files they took")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """True: nothing is left to do for this test, since another process runs it."""
    name = str(item.path.relative_to(item.config.rootpath)).replace(os.sep, "-")
    return None if _take(Path(item.config.getoption("--taken"), name)) else True


@cache
def _take(place: Path) -> bool:
    try:
        place.mkdir()  # only one process can
    except FileExistsError:
        return False
    return True
