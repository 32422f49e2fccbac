"""A lane of LoRA as a PEFT folder of type LORA, as peft itself would write it, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..adapters.bank_learner import BankLearner
from ..models import LoadedModel
from .lora_inside import LoraParams, config_of
from .peft_folder import ROOT, base_name, head_names, read_tensors, saved_heads, write_tensors
from .projections import projection_paths

if TYPE_CHECKING:
    from peft import LoraConfig


def write_lora(learner: BankLearner, lane: int, model: LoadedModel, folder: Path) -> None:
    """Write the lane's trained tensors, head included."""
    params, numbers = learner.bank.params, learner.bank.numbers[lane]
    projections = [str(name) for name in params.injection.projections]
    own = LoraParams(params.injected_rank, numbers.injected_alpha, numbers.injected_dropout, projections)
    write_tensors(learner, lane, _names(learner, model), folder)
    config = config_of(model, own)
    config.target_modules = sorted(config.target_modules or [])  # peft makes it a set, which has no order
    config.modules_to_save, config.base_model_name_or_path = saved_heads(model), base_name(model)
    config.inference_mode = True
    config.save_pretrained(str(folder))


def read_lora(learner: BankLearner, model: LoadedModel, folder: Path) -> None:
    """Fill the one lane of `learner`. Raises ValueError when the folder has other tensors."""
    read_tensors(learner, _names(learner, model), folder)


def is_of(model: LoadedModel, params: LoraParams, folder: Path) -> bool:
    """Whether a folder's config is the one of these settings, and asks for nothing besides, e.g. DoRA."""
    from peft import LoraConfig, PeftConfig

    found = PeftConfig.from_pretrained(str(folder))
    return isinstance(found, LoraConfig) and _content(found) == _content(config_of(model, params))


#: What a folder says besides how the adapter computes.
_ABOUT = ("base_model_name_or_path", "revision", "peft_version", "inference_mode", "auto_mapping", "modules_to_save")


def _content(config: LoraConfig) -> dict[str, object]:
    values = {name: value for name, value in config.to_dict().items() if name not in _ABOUT}
    return values | {"target_modules": set(config.target_modules or [])}


def _names(learner: BankLearner, model: LoadedModel) -> dict[str, str]:
    """The learner's names of a lane's tensors -> their names in the folder."""
    taken = learner.bank.params.injection.projections
    return {
        f"injected.{layer}.{name}.{part}": f"{ROOT}{path}.lora_{part}.weight"
        for (layer, name), path in projection_paths(model.module).items()
        if name in taken
        for part in "AB"
    } | head_names(model)
