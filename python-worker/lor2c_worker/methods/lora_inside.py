"""LoRA by wrapping the model's own layers through peft, with one lane, where the bank does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..adapters.peft_learner import PeftLearner, load_adapter, save_adapter, wrap
from ..learner import Learner
from ..models import LoadedModel
from ..settings import SettingsError
from .entry import setting
from .lanes import start_of
from .merge import MergedByPeft
from .method import Cell, Method
from .plan import Horizon, Part
from .projections import (
    Targets,
    check_targets,
    heads_of,
    initialise_a,
    projection_parts,
    target_modules,
    targets_setting,
    task_type,
)

if TYPE_CHECKING:
    from peft import LoraConfig


@dataclass(frozen=True)
class LoraParams:
    """Raises ValueError when no projection is named."""

    rank: int = setting(8, "Rank r of the update B A", minimum=1, source="paper IV-B: 8 on GLUE, 64 on Llama")
    alpha: float = setting(
        16.0,
        "Scale: the update is multiplied by alpha / rank",
        exclusive_minimum=0,
        number=True,
        source="LoRA 4.1",
    )
    dropout: float = setting(0.05, "Dropout on the input of A", unit="probability", minimum=0, maximum=1, number=True)
    target_modules: Targets = targets_setting("Projections that get an update")

    def __post_init__(self) -> None:
        check_targets(self.target_modules)


def config_of(model: LoadedModel, params: LoraParams, ends: list[str] | None = None) -> LoraConfig:
    """`ends` of the paths of the modules that get an update, unless they are those of the settings."""
    from peft import LoraConfig, TaskType

    return LoraConfig(
        task_type=TaskType(task_type(model)),
        r=params.rank,
        lora_alpha=params.alpha,  # type: ignore[arg-type]
        lora_dropout=params.dropout,
        target_modules=target_modules(model, params.target_modules) if ends is None else ends,
        modules_to_save=heads_of(model),
    )


class LoraInside(MergedByPeft, Method):
    """LoRA as peft computes it."""

    name = "lora"
    summary = "LoRA on attention projections"
    source = "Hu et al. 2022, arXiv 2106.09685"
    Params: type = LoraParams
    libraries = ("peft",)

    def parts(self, model: LoadedModel, params: LoraParams) -> list[Part]:
        return projection_parts(model, params.target_modules, params.rank)

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> Learner:
        """Raises SettingsError when the cells would train differently from the first step on."""
        first, *others = cells
        if any(start_of(cell) != start_of(first) for cell in others):
            raise SettingsError(
                f"method {self.name} trains one run at a time on this model: set train.bundle to schedules"
            )
        learner = wrap(PeftLearner, model, config_of(model, first.params), [cell.id for cell in cells], first.seed)
        for name, parameter in learner.module.named_parameters():
            if ".lora_A." in name:
                initialise_a(parameter, first.seed, name)
        return learner

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        save_adapter(learner, folder)

    def load(self, model: LoadedModel, params: LoraParams, folder: Path) -> Learner:
        return load_adapter(model, folder)
