"""A lane of LoRA as a PEFT folder of type LORA, as peft itself would write it, and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..adapters.bank_learner import BankLearner
from ..backbones.backbone import Projection
from ..models import LoadedModel
from .lora_inside import LoraParams, config_of
from .peft_folder import ROOT, base_name, head_places, read_tensors, saved_heads, write_tensors
from .projections import module_ends, projection_paths, taken
from .stored_tensors import Stored, fills_blocks

if TYPE_CHECKING:
    from peft import LoraConfig


def write_lora(learner: BankLearner, lane: int, model: LoadedModel, folder: Path) -> None:
    """Write the lane's trained tensors, head included."""
    params, numbers = learner.bank.params, learner.bank.numbers[lane]
    projections = [str(name) for name in params.injection.projections]
    own = LoraParams(params.injected_rank, numbers.injected_alpha, numbers.injected_dropout, projections)
    write_tensors(learner, lane, _places(learner, model), folder)
    config = _config_of(model, own)
    config.target_modules = sorted(config.target_modules or [])  # peft makes it a set, which has no order
    config.modules_to_save, config.base_model_name_or_path = saved_heads(model), base_name(model)
    config.inference_mode = True
    config.save_pretrained(str(folder))


def read_lora(learner: BankLearner, model: LoadedModel, folder: Path) -> None:
    """Fill the one lane of `learner`. Raises ValueError when the folder has other tensors."""
    read_tensors(learner, _places(learner, model), folder)


def is_of(model: LoadedModel, params: LoraParams, folder: Path) -> bool:
    """Whether a folder's config is the one of these settings, and asks for nothing besides, e.g. DoRA."""
    from peft import LoraConfig, PeftConfig

    found = PeftConfig.from_pretrained(str(folder))
    alike = isinstance(found, LoraConfig) and _content(found) == _content(_config_of(model, params))
    return alike and fills_blocks(_lora_places(model, taken(model, params.target_modules)).values(), folder)


def _config_of(model: LoadedModel, params: LoraParams) -> LoraConfig:
    """A module that has n of the projections gets n times the rank: B has a block for each, and zeros beside them."""
    names = taken(model, params.target_modules)
    config = config_of(model, params, module_ends(model, names))
    for group in _groups(model, names).values():
        if len(group) > 1:
            [end] = module_ends(model, [name for _, name in group])
            config.rank_pattern = {**(config.rank_pattern or {}), end: len(group) * params.rank}
            config.alpha_pattern = {**(config.alpha_pattern or {}), end: len(group) * params.alpha}
    return config


#: What a folder says besides how the adapter computes.
_ABOUT = ("base_model_name_or_path", "revision", "peft_version", "inference_mode", "auto_mapping", "modules_to_save")


def _content(config: LoraConfig) -> dict[str, object]:
    values = {name: value for name, value in config.to_dict().items() if name not in _ABOUT}
    return values | {"target_modules": set(config.target_modules or [])}


def stored_parameters(model: LoadedModel, params: LoraParams) -> int:
    """Numbers in the folder besides the head: also the zeros beside the blocks of B."""
    total = 0
    for path, group in _groups(model, taken(model, params.target_modules)).items():
        linear: Any = model.module.get_submodule(path)
        total += len(group) * params.rank * (linear.in_features + linear.out_features)
    return total


def _groups(model: LoadedModel, names: Sequence[Projection]) -> dict[str, list[tuple[int, Projection]]]:
    """Path of each module that has one of the projections -> those that it has, with their layer."""
    groups: dict[str, list[tuple[int, Projection]]] = {}
    for (layer, name), at in projection_paths(model.module).items():
        if name in names:
            groups.setdefault(at.module, []).append((layer, name))
    return groups


def _places(learner: BankLearner, model: LoadedModel) -> dict[str, Stored]:
    """The learner's names of a lane's tensors -> where they are in the folder."""
    return _lora_places(model, learner.bank.params.injection.projections) | head_places(model)


def _lora_places(model: LoadedModel, names: Sequence[Projection]) -> dict[str, Stored]:
    places, paths = dict[str, Stored](), projection_paths(model.module)
    for path, group in _groups(model, names).items():
        for own, (layer, name) in enumerate(group):
            at, prefix = paths[layer, name], f"injected.{layer}.{name}"
            block = (own, len(group))
            places[f"{prefix}.A"] = Stored(f"{ROOT}{path}.lora_A.weight", rows=block)
            places[f"{prefix}.B"] = Stored(f"{ROOT}{path}.lora_B.weight", rows=(at.part, at.of), columns=block)
    return places
