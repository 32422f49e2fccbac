"""Adapters that are linear maps beside those of the model: their products are added to its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from ..models import LoadedModel
from ..settings import SettingsError


class MergedByPeft:
    """A method whose adapters peft merges."""

    def unmergeable(self, params: Any) -> str | None:
        return None

    def merged(self, model: LoadedModel, params: Any, folder: Path) -> nn.Module:
        return merge_folder(model, folder)


def merge_folder(model: LoadedModel, folder: Path) -> nn.Module:
    """Let peft merge the adapter in `folder` into the model, whose head becomes the adapter's. Raises SettingsError
    when peft cannot merge this type."""
    from peft import PeftModel
    from peft.utils import AuxiliaryTrainingWrapper

    wrapped: Any = PeftModel.from_pretrained(model.module, str(folder))
    # Some of peft's methods take a saved module for a layer of their own when they unload it.
    for name, module in list(model.module.named_modules()):
        if isinstance(module, AuxiliaryTrainingWrapper):
            parent, _, child = name.rpartition(".")
            own = module.unload_and_optionally_merge_module(merge=True, safe_merge=True, adapter_names=None)
            setattr(model.module.get_submodule(parent), child, own)
    try:
        merged: nn.Module = wrapped.merge_and_unload(safe_merge=True)
    except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
        kind = wrapped.active_peft_config.peft_type
        raise SettingsError(f"peft cannot merge an adapter of type {getattr(kind, 'value', kind)}: {error}") from error
    return merged
