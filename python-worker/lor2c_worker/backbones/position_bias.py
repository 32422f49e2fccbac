"""MPNet's relative position bias: added to the scores of every layer, by the distance of two tokens of a row."""

from __future__ import annotations

from typing import Any

import torch


class PositionBias:
    """Computed once for a model whose table is frozen. Where the table trains, it is computed each time, with its
    gradient: optimizers don't all count their changes."""

    def __init__(self, encoder: Any) -> None:
        """`encoder`: MPNet's, which knows the buckets of distances."""
        self._encoder = encoder
        self._kept: tuple[Any, torch.Tensor] | None = None

    def __call__(self, width: int, device: torch.device) -> torch.Tensor:
        """[H, width, width]: head, query, key."""
        weight = self._encoder.relative_attention_bias.weight
        if weight.requires_grad:
            return self._compute(width, device)
        state = (weight.data_ptr(), weight._version)
        if self._kept is None or self._kept[0] != state or self._kept[1].shape[-1] < width:
            with torch.inference_mode(False), torch.no_grad():  # training may add what an evaluation computed
                self._kept = (state, self._compute(width, device))
        return self._kept[1][:, :width, :width]

    def _compute(self, width: int, device: torch.device) -> torch.Tensor:
        rows = torch.empty(1, width, 0, device=device)  # only its shape and device are read
        return self._encoder.compute_position_bias(rows)[0]
