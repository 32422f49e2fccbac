"""Tiny random causal language models of each family that generation knows."""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

VOCABULARY = 60
SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
FAMILIES = ("llama", "mistral", "qwen2")


def causal(family: str, seed: int = 0) -> PreTrainedModel:
    """In evaluation mode. Mistral's window is short enough to cut what tests give it."""
    torch.manual_seed(seed)
    if family == "llama":
        return LlamaForCausalLM(LlamaConfig(**SHAPE)).eval()
    if family == "mistral":
        return MistralForCausalLM(MistralConfig(**SHAPE, sliding_window=8)).eval()
    return Qwen2ForCausalLM(Qwen2Config(**SHAPE)).eval()
