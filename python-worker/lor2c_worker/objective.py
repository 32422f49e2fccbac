"""One mean loss per lane, so that lanes do not influence each other."""

from __future__ import annotations

from typing import Literal

import torch
from torch.nn import functional as F

#: Label of a token that a causal language model is not trained on.
IGNORED = -100


def lane_losses(
    logits: torch.Tensor, labels: torch.Tensor, kind: Literal["classify", "regress", "causal"]
) -> torch.Tensor:
    """Mean loss of each lane, [K].

    classify: cross entropy, logits [K, B, C], labels [B]. regress: squared error, logits [K, B, 1], labels [B].
    causal: cross entropy of the next token, logits [K, B, T, V], labels [B, T] with IGNORED where not trained.
    """
    lanes = logits.shape[0]
    if kind == "regress":
        return (logits[..., 0] - labels.to(logits.dtype)).square().mean(dim=1)
    if kind == "causal":
        logits, labels = logits[:, :, :-1], labels[:, 1:]
    targets = labels.reshape(-1)
    # A loop instead of one reduction over the stack: the order of the sum must not depend on the number of lanes.
    losses = [F.cross_entropy(logits[k].flatten(0, -2), targets, ignore_index=IGNORED) for k in range(lanes)]
    return torch.stack(losses)
