"""Sizes from which the runner forecasts time, memory and disk: the field `shape` of `inspected`."""

from __future__ import annotations

from typing import Any

from torch import nn

from .backbones.hf_backbone import base_of, find_layers, projection_shape
from .methods import Plan
from .models import LoadedModel


def shape_of(model: LoadedModel, method: Plan, params: Any, row_tokens: tuple[float, float, int]) -> dict[str, Any]:
    """`row_tokens`: mean of training rows, mean of evaluation rows, and of the longest training row."""
    config = model.config
    layers, paths = find_layers(base_of(model.module))
    _, inner = projection_shape(layers[0].get_submodule(paths["up"].module), paths["up"])
    train, evaluation, longest = row_tokens
    return {
        "layers": int(config.num_hidden_layers),
        "hidden_size": int(config.hidden_size),
        "intermediate_size": inner,
        "attention_heads": int(config.num_attention_heads),
        "embedding_parameters": sum(m.weight.numel() for m in model.module.modules() if isinstance(m, nn.Embedding)),
        "train_row_tokens": train,
        "eval_row_tokens": evaluation,
        "longest_row_tokens": longest,
        "saved_parameters": method.saved_parameters(model, params),
        "checkpoint_parameters": method.checkpoint_parameters(model, params),
        "kept_parameters": method.kept_parameters(model, params),
        "scored_modules": method.scored_modules(model, params),
    }
