"""Models by name: packaged ones, local folders and hub ids."""

from __future__ import annotations

from .load import LoadedModel, empty_model, load_config, load_model, load_tokenizer, model_fingerprint
from .packaged import MODELS, PackagedModel
from .shapes import known_config

__all__ = [
    "MODELS",
    "LoadedModel",
    "PackagedModel",
    "empty_model",
    "known_config",
    "load_config",
    "load_model",
    "load_tokenizer",
    "model_fingerprint",
]
