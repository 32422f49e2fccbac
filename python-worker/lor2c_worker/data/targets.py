"""Which tokens a language model must predict, as places in the padded batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..device import send

#: Label of a token that does not count, as in Hugging Face's convention.
IGNORED = -100


@dataclass(frozen=True)
class Targets:
    """The P tokens that count, in the order of rows and columns.

    The first token of a row never counts, since nothing comes before it.
    """

    places: torch.Tensor  # [P] int64: row * T + column of the token before each
    ids: torch.Tensor  # [P] int64: the token that comes there

    @staticmethod
    def of(labels: np.ndarray | torch.Tensor, device: torch.device) -> Targets:
        """`labels` [B, T] on the host: of each token its own id, or IGNORED where it does not count."""
        wanted = np.asarray(labels)
        rows, before = np.nonzero(wanted[:, 1:] != IGNORED)
        places, ids = rows * wanted.shape[1] + before, wanted[rows, before + 1].astype(np.int64)
        return Targets(send(torch.from_numpy(places), device), send(torch.from_numpy(ids), device))

    @staticmethod
    def every(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Targets:
        """All real tokens but the first of each row."""
        labels = input_ids.masked_fill(attention_mask == 0, IGNORED)
        return Targets.of(labels.cpu(), input_ids.device)

    def __len__(self) -> int:
        return len(self.ids)
