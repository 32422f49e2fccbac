"""Shapes of the models in the tables, for counting parameters on a machine that reaches no hub.

They are from the models' published config.json; counting needs neither weights nor tokenizers. Training loads the real
config instead.
"""

from __future__ import annotations

from transformers import LlamaConfig, MPNetConfig, PretrainedConfig, RobertaConfig


def _roberta(layers: int, hidden: int, heads: int) -> RobertaConfig:
    return RobertaConfig(
        vocab_size=50265,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * hidden,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
    )


def known_config(name: str) -> PretrainedConfig | None:
    """The config of a well-known hub id, or of a packaged model that may have to be fetched; None for any other."""
    if name in ("FacebookAI/roberta-base", "roberta-base"):
        return _roberta(12, 768, 12)
    if name in ("FacebookAI/roberta-large", "roberta-large"):
        return _roberta(24, 1024, 16)
    if name == "meta-llama/Llama-2-7b-hf":
        return LlamaConfig(
            vocab_size=32000,
            hidden_size=4096,
            num_hidden_layers=32,
            num_attention_heads=32,
            num_key_value_heads=32,
            intermediate_size=11008,
            max_position_embeddings=4096,
        )
    if name == "mpnet":
        return MPNetConfig(vocab_size=30527, max_position_embeddings=514, layer_norm_eps=1e-5)
    if name == "smollm2-135m":
        return LlamaConfig(
            vocab_size=49152,
            hidden_size=576,
            num_hidden_layers=30,
            num_attention_heads=9,
            num_key_value_heads=3,
            intermediate_size=1536,
            max_position_embeddings=8192,
            tie_word_embeddings=True,
        )
    return None
