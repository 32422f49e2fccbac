"""Models of the hub by the config.json that they have there: sizes and trainable parameters, without weights."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lor2c_worker.methods import METHODS, count, parse_params
from lor2c_worker.models import empty_model, load_config
from lor2c_worker.run.prepare import check_length
from lor2c_worker.settings import ModelSettings, SettingsError

BASE = {
    **{"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072},
    **{"attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.1, "hidden_act": "gelu"},
    **{"max_position_embeddings": 512, "initializer_range": 0.02},
}
#: What the published files say, without keys that no model reads. Millions of parameters without a head.
HUB: dict[str, tuple[dict[str, Any], int]] = {
    "distilbert/distilbert-base-uncased": (
        {
            **{"model_type": "distilbert", "activation": "gelu", "attention_dropout": 0.1, "dim": 768, "dropout": 0.1},
            **{"hidden_dim": 3072, "initializer_range": 0.02, "max_position_embeddings": 512, "n_heads": 12},
            **{"n_layers": 6, "pad_token_id": 0, "qa_dropout": 0.1, "seq_classif_dropout": 0.2, "tie_weights_": True},
            **{"sinusoidal_pos_embds": False, "vocab_size": 30522},
        },
        66,
    ),
    "google/electra-base-discriminator": (
        BASE
        | {"model_type": "electra", "embedding_size": 768, "layer_norm_eps": 1e-12, "type_vocab_size": 2}
        | {"vocab_size": 30522},
        109,
    ),
    "microsoft/deberta-v3-base": (
        BASE
        | {"model_type": "deberta-v2", "relative_attention": True, "position_buckets": 256, "share_att_key": True}
        | {"norm_rel_ebd": "layer_norm", "pos_att_type": "p2c|c2p", "layer_norm_eps": 1e-7, "type_vocab_size": 0}
        | {"max_relative_positions": -1, "position_biased_input": False, "vocab_size": 128100},
        184,
    ),
    "answerdotai/ModernBERT-base": (
        {
            **{"model_type": "modernbert", "hidden_size": 768, "num_hidden_layers": 22, "num_attention_heads": 12},
            **{"intermediate_size": 1152, "max_position_embeddings": 8192, "vocab_size": 50368, "norm_eps": 1e-5},
            **{"attention_bias": False, "attention_dropout": 0.0, "mlp_bias": False, "norm_bias": False},
            **{"classifier_pooling": "mean", "classifier_dropout": 0.0, "classifier_bias": False},
            **{"global_attn_every_n_layers": 3, "global_rope_theta": 160000.0, "local_rope_theta": 10000.0},
            **{"local_attention": 128, "pad_token_id": 50283, "layer_norm_eps": 1e-5, "initializer_range": 0.02},
        },
        149,
    ),
    "FacebookAI/xlm-roberta-base": (
        BASE
        | {"model_type": "xlm-roberta", "max_position_embeddings": 514, "type_vocab_size": 1, "vocab_size": 250002}
        | {"pad_token_id": 1, "layer_norm_eps": 1e-5},
        277,
    ),
}


@pytest.mark.parametrize("name", HUB)
def test_a_model_of_the_hub_is_known_by_its_config(tmp_path: Path, name: str) -> None:
    content, millions = HUB[name]
    (tmp_path / "config.json").write_text(json.dumps(content))
    settings = ModelSettings(str(tmp_path))
    model = empty_model(settings, 2, "classify", load_config(settings, 2, "classify"))
    backbone = sum(p.numel() for p in model.module.base_model.parameters())
    assert round(backbone / 1e6) == millions
    layers = model.config.num_hidden_layers
    lor2c = parse_params(METHODS["lor2c"], {"rank": 8})
    assert count(METHODS["lor2c"], model, lor2c) == layers * 2 * 8 * 768
    lora = parse_params(METHODS["lora"], {"rank": 8})
    assert count(METHODS["lora"], model, lora) == layers * 2 * 8 * (768 + 768)
    assert model.head_parameters()


@pytest.mark.parametrize(("name", "most"), [("FacebookAI/xlm-roberta-base", 512), ("microsoft/deberta-v3-base", 512)])
def test_roberta_counts_positions_from_its_padding_index_plus_one(tmp_path: Path, name: str, most: int) -> None:
    """So 514 positions hold 512 tokens; other models use all that their config has."""
    (tmp_path / "config.json").write_text(json.dumps(HUB[name][0]))
    model = empty_model(ModelSettings(str(tmp_path)), 2, "classify")
    for length, fits in ((most, True), (most + 1, False)):
        settings: Any = SimpleNamespace(train=SimpleNamespace(max_length=length), model=ModelSettings(name))
        with nullcontext() if fits else pytest.raises(SettingsError, match=f"{name} takes at most {most}"):
            check_length(settings, model, 0)
