"""The tests in peft's own source archive, as modules that can be imported.

The archive comes from the package index, once, and is kept in the user's cache folder; nothing of it is part of this
project.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import io
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from lor2c_worker.data.cache import cache_folder, write_atomically
from lor2c_worker.data.pypi_source import download_source
from lor2c_worker.errors import PlainError

#: Source archives of the versions with which the suite passes.
SHA256 = {"0.21.2": "b803ccfb3f3f316004d850284306687833a2235ea278fb56abc856203456142e"}
#: Packages that peft's tests import for methods and models that are not tried here, and what they take from them.
NOT_NEEDED = {"diffusers": "StableDiffusionPipeline", "datasets": "load_dataset"}
#: Their package is called `tests`, as a folder of this project.
PACKAGE = "pefts_tests_unpacked"


def pefts(module: str) -> ModuleType:
    """A file of peft's tests. Skips the file that calls it where the archive can neither be found nor downloaded."""
    folder = _unpacked()
    if folder not in sys.path:
        sys.path.append(folder)
        pytest.register_assert_rewrite(PACKAGE)
    with mock.patch("builtins.__import__", _import):
        return importlib.import_module(f"{PACKAGE}.{module}")


def _import(name: str, globals: Mapping[str, Any] | None = None, *rest: Any) -> Any:
    """For peft's tests only: libraries that ask whether such a package is installed get the true answer."""
    if name in NOT_NEEDED and (globals or {}).get("__package__") == PACKAGE and find_spec(name) is None:
        return SimpleNamespace(**{NOT_NEEDED[name]: type(NOT_NEEDED[name], (), {})})
    return _REAL_IMPORT(name, globals, *rest)


_REAL_IMPORT = builtins.__import__


@cache
def _unpacked() -> str:
    """A folder that is gone when this process ends."""
    archive = _archive()
    if isinstance(archive, str):
        pytest.skip(archive, allow_module_level=True)
    target = Path(_FOLDER.name, PACKAGE)
    target.mkdir()
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as files:
        for member in files.getmembers():
            parts = Path(member.name).parts
            if member.isfile() and len(parts) == 3 and parts[1] == "tests" and parts[2].endswith(".py"):
                content = files.extractfile(member)
                assert content is not None  # isfile() above
                (target / parts[2]).write_bytes(content.read())
    return _FOLDER.name


_FOLDER = tempfile.TemporaryDirectory(prefix="lor2c-pefts-tests-")


@cache
def _archive() -> bytes | str:
    """The archive; where it can be had from nowhere, the reason, so that not every file waits for the network."""
    installed = version("peft")
    if installed not in SHA256:
        pytest.fail(
            f"peft {installed} is installed: add the SHA-256 of its source archive to {__file__}", pytrace=False
        )
    path = cache_folder() / f"peft-{installed}" / f"peft-{installed}.tar.gz"
    if path.exists() and hashlib.sha256(content := path.read_bytes()).hexdigest() == SHA256[installed]:
        return content
    try:
        content = download_source("peft", installed, SHA256[installed])
        write_atomically(path, content)
    except PlainError as error:
        return f"no source archive of peft {installed} here: {str(error).splitlines()[0]}"
    return content
