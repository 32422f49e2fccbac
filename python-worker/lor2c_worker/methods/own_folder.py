"""The folder of a method that no library reads: trained tensors by name, and a JSON file beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

TENSORS, CONFIG = "trained.safetensors", "trained.json"


def write_trained(folder: Path, tensors: Mapping[str, torch.Tensor], config: Mapping[str, Any]) -> None:
    whole = {name: value.detach().to("cpu").contiguous().clone() for name, value in tensors.items()}
    save_file(whole, folder / TENSORS, metadata={"format": "pt"})
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_trained(folder: Path, method: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """(tensors by name, config). Raises ValueError when another method wrote the folder."""
    if not (folder / CONFIG).is_file():
        raise ValueError(f"{folder} has no {CONFIG}: it is not an adapter of {method}")
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    if config.get("method") != method:
        raise ValueError(f"{folder} is an adapter of {config.get('method')!r}, not of {method}")
    return load_file(folder / TENSORS), config


def fill(state: Mapping[str, torch.Tensor], tensors: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Copy `tensors` into `state`. Raises ValueError when names or shapes differ."""
    odd = sorted(set(state) ^ set(tensors)) or [n for n in sorted(state) if state[n].shape != tensors[n].shape]
    if odd:
        raise ValueError(f"{folder / TENSORS} does not fit these settings, e.g. {odd[0]}")
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(tensors[name])
