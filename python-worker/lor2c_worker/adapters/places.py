"""Where adapters go in a model, by the paths of its modules."""

from __future__ import annotations

from typing import Any

from torch import nn

from ..backbones.hf_backbone import find_layers
from .injection import QUERY_AND_VALUE


class Places:
    """Paths of the layers of a model that is not wrapped yet, the projections in a layer that an injection takes, and
    the hidden size."""

    def __init__(self, model: nn.Module) -> None:
        prefix = getattr(model, "base_model_prefix", "")
        base = getattr(model, prefix) if prefix and hasattr(model, prefix) else model
        names = {id(module): name for name, module in model.named_modules()}
        layers, projections = find_layers(base)
        self.layers = [names[id(layer)] for layer in layers]
        self.projections = {name: projections[name] for name in QUERY_AND_VALUE.projections}
        config: Any = model.config
        self.hidden = int(config.hidden_size)
