"""Random models of known shapes and random rows of realistic lengths: enough to measure speed, and nothing to load."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, BertConfig, LlamaConfig, PretrainedConfig, RobertaConfig

from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.data.task import Split
from lor2c_worker.models import LoadedModel, head_of_task, known_config

SEED = 17
#: Lengths of MRPC's training rows in tokens, at every sixteenth of them; their mean is 53.
MRPC_LENGTHS = (19, 33, 38, 41, 44, 46, 49, 51, 53, 56, 58, 60, 62, 65, 69, 73, 103)


def config_of(name: str) -> PretrainedConfig | None:
    """The shape of a name without `-random`; None for a name that is not known."""
    own: dict[str, PretrainedConfig] = {
        "minilm": BertConfig(
            vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
        ),
        # A decoder of 110 million parameters with grouped keys.
        "llama-small": LlamaConfig(
            vocab_size=32000,
            hidden_size=768,
            num_hidden_layers=12,
            num_attention_heads=12,
            num_key_value_heads=4,
            intermediate_size=2048,
            pad_token_id=0,
        ),
        "tiny": RobertaConfig(
            vocab_size=64,
            hidden_size=16,
            num_hidden_layers=4,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=130,
            type_vocab_size=1,
        ),
        "tiny-12": BertConfig(
            vocab_size=64, hidden_size=16, num_hidden_layers=12, num_attention_heads=2, intermediate_size=32
        ),
        "tiny-llama": LlamaConfig(
            vocab_size=64,
            hidden_size=16,
            num_hidden_layers=3,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=32,
            pad_token_id=0,
        ),
    }
    return own.get(name) or known_config(name)


def random_model(config: PretrainedConfig, device: torch.device) -> LoadedModel:
    """A frozen classifier of two classes with random weights, in evaluation mode."""
    torch.manual_seed(SEED)
    module = AutoModelForSequenceClassification.from_config(config)
    head = head_of_task(config.model_type, "classify")
    return LoadedModel(module.to(device).eval().requires_grad_(False), None, head)


@dataclass(frozen=True)
class RandomTokens:
    """Stands for a tokenizer: a text is the number of its tokens."""

    vocabulary: int
    pad_token_id: int

    def __call__(self, texts: list[str], *, max_length: int, **_: Any) -> dict[str, list[list[int]]]:
        own = random.Random(SEED)
        lengths = [min(int(text), max_length) for text in texts]
        return {"input_ids": [[own.randrange(5, self.vocabulary) for _ in range(length)] for length in lengths]}


def random_rows(config: PretrainedConfig, count: int, longest: int | None = None) -> Encoded:
    """`count` rows of two classes with the lengths of MRPC's, in a random order, cut to `longest` tokens."""
    own = random.Random(SEED + 1)
    lengths = [str(own.choice(MRPC_LENGTHS)) for _ in range(count)]
    split = Split(tuple(lengths), tuple(own.randrange(2) for _ in range(count)))
    tokens = RandomTokens(int(config.vocab_size), int(config.pad_token_id or 0))
    return encode(split, tokens, "classify", longest or max(MRPC_LENGTHS))
