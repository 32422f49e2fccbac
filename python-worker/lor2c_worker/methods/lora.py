"""LoRA (Hu et al. 2022, arXiv 2106.09685) through the peft library: W x + (alpha / r) B A drop(x)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..adapters.peft_learner import PeftLearner, load_adapter, save_adapter, wrap
from ..keyed.seeding import generator
from ..learner import Learner
from ..models import LoadedModel
from .entry import setting
from .method import Cell, Method
from .plan import Horizon, Part

if TYPE_CHECKING:
    from peft import PeftConfig

#: Names of the attention projections in each model family, by the names used in the paper (W_q, W_v, ...).
PROJECTIONS: dict[str, dict[str, str]] = {
    "query": {"bert": "query", "llama": "q_proj"},
    "key": {"bert": "key", "llama": "k_proj"},
    "value": {"bert": "value", "llama": "v_proj"},
}


def target_modules(model: LoadedModel, projections: list[str]) -> list[str]:
    """Module names for peft. Decoders of the Llama kind name their projections differently."""
    names = {name.rsplit(".", 1)[-1] for name, _ in model.module.named_modules()}
    family = "llama" if "q_proj" in names else "bert"
    return [PROJECTIONS[p][family] for p in projections]


@dataclass(frozen=True)
class LoraParams:
    rank: int = setting(8, "Rank r of the update B A", minimum=1, source="paper IV-B: 8 on GLUE, 64 on Llama")
    alpha: float = setting(
        16.0, "Scale: the update is multiplied by alpha / rank", exclusive_minimum=0, source="LoRA 4.1"
    )
    dropout: float = setting(0.05, "Dropout on the input of A", unit="probability", minimum=0, maximum=1)
    target_modules: list[str] = setting(
        ["query", "value"],
        "Attention projections that get an update",
        choices=("query", "key", "value"),
        source="paper III-A: query and value",
    )


class Lora(Method):
    name = "lora"
    summary = "LoRA on attention projections, through peft"
    source = "Hu et al. 2022, arXiv 2106.09685"
    Params = LoraParams
    libraries = ("peft",)

    def config(self, model: LoadedModel, params: LoraParams) -> PeftConfig:
        from peft import LoraConfig, TaskType

        return LoraConfig(
            task_type=TaskType.SEQ_CLS,
            r=params.rank,
            lora_alpha=params.alpha,  # type: ignore[arg-type]
            lora_dropout=params.dropout,
            target_modules=target_modules(model, params.target_modules),
            modules_to_save=list(model.head),
        )

    def parts(self, model: LoadedModel, params: LoraParams) -> list[Part]:
        return linear_parts(model, target_modules(model, params.target_modules), params.rank)

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> PeftLearner:
        learner = wrap(PeftLearner, model, self.config(model, cells[0].params), [c.id for c in cells], cells[0].seed)
        for name, parameter in learner.module.named_parameters():
            if ".lora_A." in name:
                initialise_a(parameter, cells[0].seed, name)
        return learner

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        save_adapter(learner, folder)

    def load(self, model: LoadedModel, params: LoraParams, folder: Path) -> PeftLearner:
        return load_adapter(model, folder)


def linear_modules(model: LoadedModel, targets: list[str]) -> list[tuple[str, int, int]]:
    """(place, d_in, d_out) of every targeted projection."""
    found = []
    for name, module in model.module.named_modules():
        if isinstance(module, torch.nn.Linear) and name.rsplit(".", 1)[-1] in targets:
            layer = next((part for part in name.split(".") if part.isdigit()), "?")
            found.append((f"layer {layer} {name.rsplit('.', 1)[-1]}", module.in_features, module.out_features))
    return found


def linear_parts(model: LoadedModel, targets: list[str], rank: int) -> list[Part]:
    """r (d_in + d_out) for every targeted projection (semantics.md section 8)."""
    return [
        Part(place, f"r (d_in + d_out) = {rank} * ({d_in} + {d_out})", rank * (d_in + d_out))
        for place, d_in, d_out in linear_modules(model, targets)
    ]


def initialise_a(parameter: torch.nn.Parameter, seed: int, name: str) -> None:
    """Kaiming-uniform with a = sqrt 5, that is U(-1/sqrt d_in, 1/sqrt d_in), keyed by (seed, name). A is (r, d_in)."""
    bound = parameter.shape[1] ** -0.5
    draw = torch.rand(parameter.shape, generator=generator(seed, "lora", name), dtype=torch.float32)
    with torch.no_grad():
        parameter.copy_((2 * draw - 1) * bound)


METHOD = Lora()
