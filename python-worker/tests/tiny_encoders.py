"""Tiny random classifiers of the encoders whose layers, attention or head have a form of their own."""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    ModernBertConfig,
    ModernBertForSequenceClassification,
    PreTrainedModel,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

#: The values of config.model_type.
ENCODERS = ("distilbert", "deberta-v2", "electra", "modernbert", "xlm-roberta")
#: Others of their forms: DeBERTa v2 has a convolution and keys of its own for distances, v3 has not; ModernBERT may
#: classify the mean of all hidden states.
VARIANTS = ("deberta-v2-conv", "modernbert-mean")

_FORMS: dict[str, tuple[Any, Any]] = {
    "distilbert": (DistilBertConfig, DistilBertForSequenceClassification),
    "deberta-v2": (DebertaV2Config, DebertaV2ForSequenceClassification),
    "deberta-v2-conv": (DebertaV2Config, DebertaV2ForSequenceClassification),
    "electra": (ElectraConfig, ElectraForSequenceClassification),
    "modernbert": (ModernBertConfig, ModernBertForSequenceClassification),
    "modernbert-mean": (ModernBertConfig, ModernBertForSequenceClassification),
    "xlm-roberta": (XLMRobertaConfig, XLMRobertaForSequenceClassification),
}
#: What the config calls the number of layers, where it has a name of its own.
_LAYERS = {"distilbert": "n_layers"}
_SHAPE = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
_COMMON = {"max_position_embeddings": 64, "pad_token_id": 0, "initializer_range": 0.2}


def encoder(kind: str, seed: int = 0, p: float = 0.0, layers: int = 3) -> PreTrainedModel:
    """`p`: of every dropout that the type has."""
    torch.manual_seed(seed)
    own, form = _FORMS[kind]
    sizes = {"vocab_size": 25} | _COMMON | ({} if kind == "distilbert" else _SHAPE)
    module = form(own(**(sizes | _settings(kind, p) | {_LAYERS.get(kind, "num_hidden_layers"): layers})))
    for parameter in module.parameters():  # a fresh model has zeros and ones here
        if parameter.ndim == 1:
            parameter.data += 0.1 * torch.randn(parameter.shape)
    return module.eval()


def _settings(kind: str, p: float) -> dict[str, Any]:
    usual = {"hidden_dropout_prob": p, "attention_probs_dropout_prob": p}
    # As microsoft/deberta-v3-base and deberta-v2-xlarge have them.
    deberta = usual | {
        "relative_attention": True,
        "position_buckets": 8,
        "norm_rel_ebd": "layer_norm",
        "position_biased_input": False,
        "pos_att_type": ["p2c", "c2p"],
        "type_vocab_size": 0,
        "layer_norm_eps": 1e-7,
        "cls_dropout": p,
    }
    modern = {
        **{name: p for name in ("attention_dropout", "mlp_dropout", "embedding_dropout", "classifier_dropout")},
        # A window that is shorter than some rows.
        **{"local_attention": 8, "global_attn_every_n_layers": 2},
        **{name: 1 for name in ("bos_token_id", "cls_token_id")},
        **{name: 2 for name in ("eos_token_id", "sep_token_id")},
    }
    return {
        "distilbert": {
            **{"dim": 16, "n_heads": 2, "hidden_dim": 32},
            **{name: p for name in ("dropout", "attention_dropout", "seq_classif_dropout")},
        },
        "deberta-v2": deberta | {"share_att_key": True, "pooler_dropout": p},
        "deberta-v2-conv": deberta | {"conv_kernel_size": 3, "conv_act": "gelu", "pooler_hidden_act": "relu"},
        "electra": usual | {"embedding_size": 12},
        "modernbert": modern,
        "modernbert-mean": modern | {"classifier_pooling": "mean"},
        "xlm-roberta": usual | {"type_vocab_size": 1},
    }[kind]
