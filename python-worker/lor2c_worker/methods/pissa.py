"""PiSSA (Meng et al. 2024, arXiv 2404.02948) through peft: LoRA on the top singular triplets of W, the rest frozen.

B0 and A0 have the top r triplets of W. The frozen weight becomes W - s B0 A0, and the layer computes
(W - s B0 A0) x + s B A drop(x), with s = alpha / r. At the start that is W x.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from ..adapters.peft_learner import PeftLearner, attach, wrap
from ..learner import Learner
from ..models import LoadedModel, WeightsUse
from .entry import setting
from .merge import MergedByPeft
from .method import Cell, Method
from .plan import Horizon, Part, count
from .projections import (
    Targets,
    check_targets,
    heads_of,
    linear_modules,
    linear_parts,
    target_modules,
    targets_setting,
    task_type,
)

if TYPE_CHECKING:
    from peft import LoraConfig
    from peft.tuners.lora import LoraLayer

TENSORS = "adapter_model.safetensors"


@dataclass(frozen=True)
class PissaParams:
    """Raises ValueError when no projection is named."""

    rank: int = setting(8, "Number r of singular triplets that train", minimum=1)
    alpha: float | None = setting(
        None,
        "Scale: B A is multiplied by alpha / rank; null: alpha = rank",
        exclusive_minimum=0,
        source="PiSSA 5: alpha = r",
    )
    dropout: float = setting(
        0.0,
        "Dropout on the input of A; it drops a part of W, so that above 0 training does not start at the base model",
        unit="probability",
        minimum=0,
        maximum=1,
        source="PiSSA 5: 0",
    )
    target_modules: Targets = targets_setting("Projections whose top triplets train")

    def __post_init__(self) -> None:
        check_targets(self.target_modules)


class PissaLearner(PeftLearner):
    """`start`: (A0, B0) of every projection by its module's name, needed to save."""

    module: Any
    start: dict[str, tuple[torch.Tensor, torch.Tensor]]

    def state(self) -> dict[str, Any]:
        """With the start; the residual weights are among the frozen tensors."""
        return super().state() | {"start": {name: list(pair) for name, pair in self.start.items()}}

    def restore(self, state: dict[str, Any], cells: Iterable[str]) -> list[int]:
        rows = super().restore(state, cells)
        for name, pair in self.start.items():
            for own, stored in zip(pair, state["start"][name], strict=True):
                own.copy_(stored)
        return rows


class Pissa(MergedByPeft, Method):
    name = "pissa"
    summary = "LoRA that starts from the top singular triplets of the weights, through peft"
    source = "Meng et al. 2024, arXiv 2404.02948"
    Params = PissaParams
    libraries = ("peft",)

    def config(self, model: LoadedModel, params: PissaParams, *, initialise: bool) -> LoraConfig:
        from peft import LoraConfig, TaskType

        return LoraConfig(
            task_type=TaskType(task_type(model)),
            r=params.rank,
            lora_alpha=params.rank if params.alpha is None else params.alpha,  # type: ignore[arg-type]
            lora_dropout=params.dropout,
            target_modules=target_modules(model, params.target_modules),
            modules_to_save=heads_of(model),
            init_lora_weights="pissa" if initialise else False,
        )

    def weights_use(self, params: PissaParams) -> WeightsUse:
        return "changes"

    def parts(self, model: LoadedModel, params: PissaParams) -> list[Part]:
        return linear_parts(model, target_modules(model, params.target_modules), params.rank)

    def saved_parameters(self, model: LoadedModel, params: PissaParams) -> int:
        """Those of LoRA with twice the rank."""
        return 2 * count(self, model, params)

    def kept_parameters(self, model: LoadedModel, params: PissaParams) -> int:
        """The start and the residual weights."""
        places = linear_modules(model, target_modules(model, params.target_modules))
        return count(self, model, params) + sum(d_in * d_out for _, d_in, d_out in places)

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> PissaLearner:
        """Uses the full decomposition, since peft's fast one draws random numbers."""
        config = self.config(model, cells[0].params, initialise=True)
        learner = wrap(PissaLearner, model, config, [c.id for c in cells], cells[0].seed)
        learner.start = {
            name: (a.weight.detach().clone(), b.weight.detach().clone()) for name, _, a, b in factors(learner.module)
        }
        return learner

    def check(self, learner: Learner, cell: Cell) -> list[str]:
        """Check that A0 and B0 are not zero. In LoRA's own initialisation B0 is, and the weight stays whole."""
        assert isinstance(learner, PissaLearner)
        empty = [name for name, (a, b) in learner.start.items() if not (bool(a.any()) and bool(b.any()))]
        return [f"{name} did not start from singular triplets but from the default initialisation" for name in empty]

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        """Write plain LoRA of rank 2r on the original weights, for any peft: s (B A - B0 A0), A and A0 stacked."""
        from peft import get_peft_model_state_dict

        assert isinstance(learner, PissaLearner)
        tensors = {n: t.detach().to("cpu") for n, t in get_peft_model_state_dict(learner.module).items()}
        for name, (a, b) in learner.start.items():
            key_a, key_b = f"{name}.lora_A.weight", f"{name}.lora_B.weight"
            tensors[key_a] = torch.cat([tensors[key_a], a.to("cpu")])
            tensors[key_b] = torch.cat([tensors[key_b], -b.to("cpu")], dim=1)
        save_file({n: t.contiguous().clone() for n, t in tensors.items()}, folder / TENSORS, metadata={"format": "pt"})
        config = copy.deepcopy(learner.module.peft_config["default"])
        config.r, config.lora_alpha = 2 * config.r, 2 * config.lora_alpha
        config.init_lora_weights, config.inference_mode = True, True
        config.save_pretrained(str(folder))

    def load(self, model: LoadedModel, params: PissaParams, folder: Path) -> PeftLearner:
        """Bit-equal to the saved learner: the same expression computes the residual weight again."""
        from peft import LoraConfig, PeftConfig, get_peft_model_state_dict, set_peft_model_state_dict

        if not isinstance(PeftConfig.from_pretrained(str(folder)), LoraConfig):
            raise ValueError(f"{folder} has no LoRA")
        module = attach(model.module, self.config(model, params, initialise=False), 0)
        tensors = load_file(folder / TENSORS, device=str(next(model.module.parameters()).device))
        rank, odd = params.rank, set(tensors) ^ set(get_peft_model_state_dict(module))
        if odd:
            raise ValueError(f"{folder / TENSORS} does not have the tensors of these settings, e.g. {sorted(odd)[0]}")
        for name, layer, _, _ in factors(module):
            key_a, key_b = f"{name}.lora_A.weight", f"{name}.lora_B.weight"
            a0, b0 = tensors[key_a][rank:].contiguous(), -tensors[key_b][:, rank:].contiguous()
            tensors[key_a], tensors[key_b] = tensors[key_a][:rank], tensors[key_b][:, :rank]
            weight: Any = layer.get_base_layer().weight
            weight.data = weight.data - layer.scaling["default"] * b0 @ a0
        set_peft_model_state_dict(module, tensors)
        return PeftLearner(module.eval(), model.head, [], seed=0)


def factors(module: nn.Module) -> list[tuple[str, LoraLayer, nn.Linear, nn.Linear]]:
    """(name, layer, A, B) of every LoRA of the adapter."""
    from peft.tuners.lora import LoraLayer

    return [
        (name, layer, layer.lora_A["default"], layer.lora_B["default"])  # type: ignore[misc]
        for name, layer in module.named_modules()
        if isinstance(layer, LoraLayer)
    ]


METHOD = Pissa()
