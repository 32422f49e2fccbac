"""Models by name: packaged ones, local folders and hub ids."""

from __future__ import annotations

from .base_model import BaseModel, base_model, is_folder
from .config import base_config, config_for_counting, load_config
from .fingerprint import chat_fingerprint, model_fingerprint
from .generation import generation_config
from .heads import head_of_task, is_head
from .load import LoadedModel, empty_model, load_model
from .packaged import MODELS, PackagedModel
from .place import commit_of
from .rows import check_rows
from .shapes import known_config
from .storage import Storage, WeightsUse, storage_notes, storage_of
from .thawed import thawed
from .tokenizer import load_tokenizer
from .weights import check_weights, head_note

__all__ = [
    "MODELS",
    "BaseModel",
    "LoadedModel",
    "PackagedModel",
    "Storage",
    "WeightsUse",
    "base_config",
    "base_model",
    "chat_fingerprint",
    "check_rows",
    "check_weights",
    "commit_of",
    "config_for_counting",
    "empty_model",
    "generation_config",
    "head_note",
    "head_of_task",
    "is_folder",
    "is_head",
    "known_config",
    "load_config",
    "load_model",
    "load_tokenizer",
    "model_fingerprint",
    "storage_notes",
    "storage_of",
    "thawed",
]
