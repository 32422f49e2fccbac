"""The three forms of a saved folder, told by its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transformers.utils import GENERATION_CONFIG_NAME

PEFT_CONFIG, OWN_CONFIG, MODEL_CONFIG = "adapter_config.json", "trained.json", "config.json"
#: Form -> the files that a method writes.
_FILES = {
    "peft": (PEFT_CONFIG, "adapter_model.safetensors"),
    "own": (OWN_CONFIG, "trained.safetensors"),
    "whole": (MODEL_CONFIG, "model.safetensors"),
}
#: Those that it may write as well: a language model's.
_OPTIONAL = {"whole": (GENERATION_CONFIG_NAME,)}


@dataclass(frozen=True)
class Form:
    """`peft`: a folder of peft; `own`: one that only lor2c reads; `whole`: a model of transformers."""

    kind: Literal["peft", "own", "whole"]
    #: Content of the JSON file that tells the form.
    config: dict[str, Any]
    #: A tokenizer is in the folder.
    tokenizer: bool

    @property
    def peft_type(self) -> str:
        return str(self.config.get("peft_type", ""))

    def files(self, folder: Path) -> tuple[str, ...]:
        """Names of the files that a run's method writes, config and tensors, and of those of `folder` that it may."""
        there = (name for name in _OPTIONAL.get(self.kind, ()) if (folder / name).is_file())
        return (*_FILES[self.kind], *there)


def form_of(folder: Path) -> Form:
    """Raises ValueError when the folder has no config of a method."""
    tokenizer = (folder / "tokenizer_config.json").is_file()
    for kind, name in (("peft", PEFT_CONFIG), ("own", OWN_CONFIG), ("whole", MODEL_CONFIG)):
        if (folder / name).is_file():
            return Form(kind, read_json(folder / name), tokenizer)  # type: ignore[arg-type]
    raise ValueError(f"{folder} has neither {PEFT_CONFIG} nor {OWN_CONFIG} nor {MODEL_CONFIG}")


def read_json(file: Path) -> dict[str, Any]:
    value = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError(f"{file} is no JSON object")
    return value
