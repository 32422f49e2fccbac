"""The table of architectures, which `lor2c_peft` has as data: where a model's layers and their projections are.

A file is read, the package is not imported: peft's import takes more than a second.
"""

from __future__ import annotations

import importlib.util
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Architecture:
    """Paths of the list of layers in the base model, and of the projections in a layer."""

    layers: str
    projections: dict[str, str]


@cache
def architectures() -> tuple[Architecture, ...]:
    """All of the table, by the names of their files."""
    spec = importlib.util.find_spec("lor2c_peft")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the package lor2c_peft, which belongs to lor2c_worker, is not beside it")
    folder = Path(next(iter(spec.submodule_search_locations))) / "architectures"
    return tuple(_read(file) for file in sorted(folder.glob("*.toml")))


def _read(file: Path) -> Architecture:
    return Architecture(**tomllib.loads(file.read_text(encoding="utf-8")))
