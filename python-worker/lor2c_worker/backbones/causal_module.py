"""A causal language model of transformers as a whole, with whatever a method wraps inside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from ..data.targets import Targets
from .heads import LanguageModelHead
from .hf_backbone import base_of


class CausalModule:
    """Computes losses of targets where the module itself would compute the logits of all tokens."""

    def __init__(self, module: PreTrainedModel) -> None:
        self._base, self._head = base_of(module), LanguageModelHead(module)

    @staticmethod
    def of(module: nn.Module) -> CausalModule | None:
        """The language model that `module` is or wraps; None for a classifier."""
        for inner in module.modules():
            if isinstance(inner, PreTrainedModel) and type(inner).__name__.endswith("ForCausalLM"):
                return CausalModule(inner)
        return None

    def losses(self, inputs: Mapping[str, Any], targets: Targets, at: torch.Tensor | None) -> torch.Tensor:
        """[1, P]. `inputs`: of the base model; `at`: where it has the token before each target, [P], of the positions
        that it computes for them, one row after the other; None: it computes these alone, [1, P, d]."""
        hidden = self._base(**inputs, use_cache=False).last_hidden_state
        if at is not None:
            hidden = hidden.flatten(0, 1).index_select(0, at)[None]
        return self._head.losses(hidden, targets.ids)
