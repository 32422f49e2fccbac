"""A model whose frozen weights are held in few bits, as a plain model of transformers."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from ..frozen import LINEARS, HalfEmbedding, HalfOutput
from .load import LoadedModel

_HELD = (*LINEARS.values(), HalfEmbedding, HalfOutput)


def thawed(model: LoadedModel) -> LoadedModel:
    """Every weight in fp32, with the value that its bits stand for. A model without such weights is returned as it is;
    `model` is not to be used afterwards."""
    held = model.module
    if not any(isinstance(child, _HELD) for child in held.modules()):
        return model
    with torch.device("meta"):
        module: nn.Module = type(held)(model.config)
    with torch.no_grad():
        for name, _ in list(module.named_parameters()):
            path, _, leaf = name.rpartition(".")
            value = getattr(held.get_submodule(path), leaf).float()
            setattr(module.get_submodule(path), leaf, nn.Parameter(value, requires_grad=False))
        for name, _ in list(module.named_buffers()):
            path, _, leaf = name.rpartition(".")
            module.get_submodule(path)._buffers[leaf] = held.get_submodule(path)._buffers[leaf]
    module.tie_weights()  # type: ignore[operator]
    return replace(model, module=module.eval())
