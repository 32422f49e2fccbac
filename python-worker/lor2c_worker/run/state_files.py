"""Nested plain values and tensors as two files that are safe to open: JSON, and safetensors for the tensors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

VALUES_FILE, TENSORS_FILE = "state.json", "state.safetensors"
#: In the JSON, {_TENSOR: name} stands for the tensor of that name.
_TENSOR = "$tensor"


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write dicts with keys of text, lists, tensors and what JSON has; tuples become lists, and floats keep their bits.

    A tensor that occurs several times is written once. Raises TypeError for anything else.
    """
    tensors: dict[str, torch.Tensor] = {}
    values = _split(state, "", tensors, {})
    save_file(tensors, folder / TENSORS_FILE)
    (folder / VALUES_FILE).write_text(json.dumps(values), encoding="utf-8")


def read_state(folder: Path) -> dict[str, Any]:
    """What `write_state` wrote, with its tensors on the CPU."""
    state: dict[str, Any] = _join(read_values(folder), load_file(folder / TENSORS_FILE))
    return state


def read_values(folder: Path) -> dict[str, Any]:
    """Only the plain values."""
    values: dict[str, Any] = json.loads((folder / VALUES_FILE).read_text(encoding="utf-8"))
    return values


def _split(value: Any, path: str, tensors: dict[str, torch.Tensor], known: dict[tuple[Any, ...], str]) -> Any:
    if isinstance(value, torch.Tensor):
        # Cells of one lane share what they have in common, e.g. the logits of their best epoch.
        same = (value.device, value.data_ptr(), value.dtype, value.shape, value.stride())
        if value.numel() and same in known:
            return {_TENSOR: known[same]}
        known[same] = path
        tensors[path] = _whole(value)
        return {_TENSOR: path}
    if isinstance(value, dict):
        if odd := [key for key in value if not isinstance(key, str) or key == _TENSOR]:
            raise TypeError(f"the state has the key {odd[0]!r} at {path or 'its top'}: keys are text")
        return {key: _split(item, f"{path}/{key}" if path else key, tensors, known) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_split(item, f"{path}/{index}", tensors, known) for index, item in enumerate(value)]
    return value


def _whole(tensor: torch.Tensor) -> torch.Tensor:
    """On the CPU, contiguous, and alone in its memory: safetensors does not write views of a larger one."""
    own = tensor.detach().to("cpu").contiguous()
    return own if own.untyped_storage().nbytes() == own.nbytes else own.clone()


def _join(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_TENSOR}:
            return tensors[value[_TENSOR]]
        return {key: _join(item, tensors) for key, item in value.items()}
    return [_join(item, tensors) for item in value] if isinstance(value, list) else value
