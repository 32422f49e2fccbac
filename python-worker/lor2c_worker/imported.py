"""Which copy of a package is imported: the installed one, or another that comes before it. Standard library only."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
from pathlib import Path


def imported_version(name: str, *modules: str) -> str:
    """Version of the installed package `name`; `another copy (FOLDER)` if one of its modules comes from elsewhere.

    `modules`: names to import it by; none: what its files say, which takes some milliseconds. Imports nothing. Raises
    PackageNotFoundError if it is not installed.
    """
    package = importlib.metadata.distribution(name)
    home = Path(str(package.locate_file(""))).resolve()
    for module in modules or top_modules(package):
        found = folder_of(module)
        if found not in (None, home) and not is_editable(package):
            return f"another copy ({found})"
    return package.version


def folder_of(module: str) -> Path | None:
    """The folder in which the import system finds `module`; None for one without a file."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.has_location or spec.origin is None:
        return None
    # Only the folder may be a link: tools such as uv link each file into an environment from their cache.
    # A compiled package is `__init__.cpython-311-x86_64-linux-gnu.so`.
    file = Path(spec.origin)
    return (file.parent.parent if file.name.partition(".")[0] == "__init__" else file.parent).resolve()


def top_modules(package: importlib.metadata.Distribution) -> list[str]:
    names = (package.read_text("top_level.txt") or "").split()
    if names:
        return names
    paths = [line.split(",")[0] for line in (package.read_text("RECORD") or "").splitlines()]
    packages = [path.removesuffix("/__init__.py") for path in paths if path.endswith("/__init__.py")]
    files = [path.removesuffix(".py") for path in paths if path.endswith(".py")]
    return sorted({name for name in packages + files if name.isidentifier()})


def is_editable(package: importlib.metadata.Distribution) -> bool:
    """Installed with `pip install -e`, so that its files are elsewhere on purpose."""
    origin = json.loads(package.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))
