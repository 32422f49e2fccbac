"""Weights in bfloat16: two bytes each, rounded to 8 significant bits."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .linear import FrozenLinear


class HalfLinear(FrozenLinear):
    """Products in bfloat16 read the held weight itself; others a copy that exists for the moment."""

    held: torch.Tensor

    def store(self, weight: torch.Tensor) -> None:
        self.register_buffer("held", weight.to(torch.bfloat16), persistent=False)

    def dense(self, dtype: torch.dtype) -> torch.Tensor:
        return self.held.to(dtype)


class HalfEmbedding(nn.Embedding):
    """Gives fp32. `weight` is the held tensor, since others share it (tied embeddings)."""

    def __init__(self, weight: torch.Tensor, padding_idx: int | None) -> None:
        nn.Module.__init__(self)  # nn.Embedding's own would make a weight
        self.num_embeddings, self.embedding_dim = weight.shape
        self.padding_idx, self.max_norm, self.norm_type = padding_idx, None, 2.0
        self.scale_grad_by_freq, self.sparse = False, False
        self.weight = nn.Parameter(weight.detach().to(torch.bfloat16), requires_grad=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return F.embedding(ids, self.weight).float()


class HalfOutput(nn.Linear):
    """The output embedding of a language model, which may be that of its inputs; gives the format of its input."""

    def __init__(self, given: nn.Linear) -> None:
        nn.Module.__init__(self)
        self.out_features, self.in_features = given.weight.shape
        half = given.weight.detach().to(torch.bfloat16)
        self.weight = nn.Parameter(half, requires_grad=False)
        self.bias = given.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight.to(x.dtype), self.bias)
