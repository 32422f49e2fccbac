"""A model's config.json: found, read, and checked before transformers sees it."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, PretrainedConfig

from ..data.task import Kind
from ..doing import doing
from ..settings import ModelSettings, SettingsError
from .heads import for_task
from .intact import check_intact, read_object
from .packaged import MODELS, resolve
from .place import cached_config, check_folder, commit_of, first_line, not_found, note_sources
from .shapes import known_config

#: Keys of config.json that count something.
_SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
    # DistilBERT
    "dim",
    "n_layers",
    "n_heads",
    "hidden_dim",
)


def load_config(settings: ModelSettings, num_labels: int, kind: Kind) -> PretrainedConfig:
    """The model's config for the task. Raises SettingsError when the model cannot be found or has no known head."""
    return for_task(base_config(settings), settings.name, num_labels, kind)


def base_config(settings: ModelSettings) -> PretrainedConfig:
    """The model's config as it is stored; all who ask get the same object. Raises SettingsError."""
    found = _find_config(settings.name, settings.revision, local_only=False)
    if isinstance(found, str):
        raise SettingsError(found)
    return found


def config_for_counting(settings: ModelSettings, num_labels: int, kind: Kind) -> tuple[PretrainedConfig, str]:
    """(config, its description). Asks no hub about a model with built-in shapes. Raises SettingsError."""
    name, known = settings.name, known_config(settings.name)
    if known is None:
        return load_config(settings, num_labels, kind), f"config of {name}"
    local = _find_config(name, settings.revision, local_only=True)
    if isinstance(local, str):
        what = f"built-in shapes of {name} (its config is not on this machine)"
        return for_task(known, name, num_labels, kind), what
    return for_task(local, name, num_labels, kind), f"config of {name}"


@lru_cache
def _find_config(name: str, revision: str | None, *, local_only: bool) -> PretrainedConfig | str:
    """The config, or why there is none. Both are remembered: a request to a hub can take most of a minute to fail."""
    if local_only and name in MODELS and not MODELS[name].here():
        return f"model {name!r} is not on this machine"
    try:
        resolve(name)  # a packaged model may have to be fetched, which says so itself
        with doing("config", name):
            return _read_config(name, revision, local_only)
    except SettingsError as error:
        return str(error)
    except (TypeError, StrictDataclassError) as error:
        return f"model {name!r}: its config.json makes no config: {first_line(error)}"
    except (OSError, ValueError) as error:
        return not_found(name, error)


def _read_config(name: str, revision: str | None, local_only: bool) -> PretrainedConfig:
    check_folder(name)
    note_sources(resolve(name), revision)
    file = cached_config(name, revision, local_only=local_only)
    shown = f"{name.rstrip('/')}/config.json" if file is None else str(file)
    _check(file or Path(resolve(name)) / "config.json", shown)
    at = commit_of(name, revision, local_only=local_only) or revision
    return AutoConfig.from_pretrained(resolve(name), revision=at, trust_remote_code=False, local_files_only=local_only)


def _check(file: Path, shown: str) -> None:
    """Raises SettingsError when the file is damaged, or its numbers describe no model."""
    check_intact(file, shown, "fetch or save it again")
    content = read_object(file, shown)
    if not isinstance(content.get("model_type"), str):
        raise SettingsError(f'{shown} has no model_type, such as "bert": save it again with model.save_pretrained')
    for key, value in content.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise SettingsError(f"{shown}: {key} is {value}: write a number")
    for key in _SIZES:
        value = content.get(key)
        if value is not None and not _is_size(value) and not (key == "type_vocab_size" and value == 0):  # as DeBERTa
            raise SettingsError(f"{shown}: {key} is {json.dumps(value)}: write a whole number above 0")
    if content.get("quantization_config"):
        raise SettingsError(
            f"{shown}: the weights are quantised (quantization_config): name the model that they were made from; "
            "model.quantization quantises it by itself"
        )


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
