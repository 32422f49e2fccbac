"""Small random models, saved under the names by which the tests load them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

#: A larger spread than usual: what an adapter changes shows after three layers of 16.
SHAPE: dict[str, Any] = {
    "vocab_size": 100,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,
}
MODELS = {
    "small-bert": lambda: BertModel(BertConfig(**SHAPE)),
    "small-bert-classifier": lambda: BertForSequenceClassification(BertConfig(**SHAPE)),
    "small-roberta-classifier": lambda: RobertaForSequenceClassification(RobertaConfig(**SHAPE)),
    "small-llama-classifier": lambda: LlamaForSequenceClassification(_llama(num_labels=1, pad_token_id=0)),
    "small-decoder": lambda: LlamaForCausalLM(_llama()),
}


def _llama(**more: Any) -> LlamaConfig:
    return LlamaConfig(num_key_value_heads=1, **SHAPE, **more)


def save_all(folder: Path) -> None:
    for name, make in MODELS.items():
        torch.manual_seed(0)
        model = make()
        if model.can_generate():
            model.generation_config.max_new_tokens = 3
        model.save_pretrained(folder / name)


class OwnModule(nn.Module):
    """A module of a user's own over an encoder: takes numbers, (n, length), and gives log-probabilities, (n, 2)."""

    base_model_prefix = "encoder"

    def __init__(self) -> None:
        super().__init__()
        self.encoder = BertModel(BertConfig(**SHAPE), add_pooling_layer=False)
        self.head = nn.Linear(SHAPE["hidden_size"], 2)
        self.config = self.encoder.config

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(input_ids=X.long() % SHAPE["vocab_size"]).last_hidden_state
        return self.head(hidden[:, 0]).log_softmax(-1)

    @classmethod
    def from_pretrained(cls, name: str, dtype: torch.dtype | None = None) -> OwnModule:
        torch.manual_seed(0)
        model = cls().to(dtype or torch.float32)
        # peft reads the one, transformers the other.
        model.name_or_path = model.config._name_or_path = name
        return model
