"""Models by name: packaged ones, local folders and hub ids."""

from __future__ import annotations

from .load import (
    LoadedModel,
    config_for_counting,
    empty_model,
    load_config,
    load_model,
    load_tokenizer,
    model_fingerprint,
)
from .packaged import MODELS, PackagedModel
from .shapes import known_config

__all__ = [
    "MODELS",
    "LoadedModel",
    "PackagedModel",
    "config_for_counting",
    "empty_model",
    "known_config",
    "load_config",
    "load_model",
    "load_tokenizer",
    "model_fingerprint",
]
