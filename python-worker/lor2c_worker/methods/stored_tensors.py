"""Where a lane's tensors are in an adapter's folder: each is a tensor there, or a block of one that others share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

TENSORS = "adapter_model.safetensors"


@dataclass(frozen=True)
class Stored:
    """`rows` and `columns`: (i, n), the i-th of n equal blocks of the tensor `name`. Other blocks of it are zero, or of
    other tensors of the lane."""

    name: str
    rows: tuple[int, int] = (0, 1)
    columns: tuple[int, int] = (0, 1)

    def block(self, whole: torch.Tensor) -> torch.Tensor:
        """The view of it in the whole tensor."""
        if self.rows[1] == self.columns[1] == 1:
            return whole
        (i, n), (j, m) = self.rows, self.columns
        return whole.unflatten(0, (n, -1)).unflatten(2, (m, -1))[i, :, j]


def packed(tensors: Mapping[str, torch.Tensor], places: Mapping[str, Stored]) -> dict[str, torch.Tensor]:
    """A lane's tensors, on the CPU, by the names of the folder."""
    found: dict[str, torch.Tensor] = {}
    for name, value in tensors.items():
        at, own = places[name], value.detach().to("cpu")
        if at.rows[1] == at.columns[1] == 1:
            found[at.name] = own.contiguous().clone()
            continue
        shape = (own.shape[0] * at.rows[1], own.shape[1] * at.columns[1])
        at.block(found.setdefault(at.name, own.new_zeros(shape))).copy_(own)
    return found


def fills_blocks(places: Iterable[Stored], folder: Path) -> bool:
    """Whether a folder's tensors are zero beside the blocks of `places`; one that peft trained may be another."""
    blocks: dict[str, list[Stored]] = {}
    for at in places:
        if at.rows[1] > 1 or at.columns[1] > 1:
            blocks.setdefault(at.name, []).append(at)
    if not blocks:
        return True
    tensors = load_file(folder / TENSORS)
    for name, parts in blocks.items():
        for at in parts if name in tensors else []:
            at.block(tensors[name]).zero_()
    return not any(bool(tensors[name].any()) for name in blocks if name in tensors)
