"""How a model wants its texts to be generated: its generation_config."""

from __future__ import annotations

from typing import Any

from transformers import GenerationConfig
from transformers.utils import GENERATION_CONFIG_NAME

from ..settings import ModelSettings, SettingsError
from .config import base_config
from .packaged import resolve
from .place import commit_of, first_line, place_of


def generation_config(settings: ModelSettings, **changes: Any) -> tuple[GenerationConfig, str]:
    """(the config with some fields changed, how messages name it), as transformers would load it with the model:
    generation_config.json, else what config.json says. Raises SettingsError when the file is damaged."""
    config, place = base_config(settings), place_of(settings)
    shown = place.show(GENERATION_CONFIG_NAME)
    at = commit_of(settings.name, settings.revision) or settings.revision
    try:
        found = GenerationConfig.from_pretrained(resolve(settings.name), revision=at or "main")
    except OSError as error:
        if (place.folder / GENERATION_CONFIG_NAME).exists():
            raise SettingsError(f"{shown} cannot be read ({first_line(error)}): {place.remedy}") from error
        found, shown = GenerationConfig.from_model_config(config), place.show("config.json")
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{shown} makes no generation config: {first_line(error)}") from error
    # Unchanged it can be saved, whatever is odd about it.
    return (GenerationConfig.from_dict(found.to_dict() | changes) if changes else found), shown
