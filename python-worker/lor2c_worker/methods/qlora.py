"""QLoRA (Dettmers et al. 2023, arXiv 2305.14314): LoRA over a frozen backbone in NF4 with double quantisation.

Every linear layer of the backbone is quantised by bitsandbytes; embeddings, norms, the head and the LoRA factors keep
their precision. The weights are loaded in fp32 first, so a large model needs four bytes per weight for that moment.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..adapters.peft_learner import PeftLearner
from ..backbones.hf_backbone import base_of
from ..install import install_command
from ..learner import Learner
from ..models import LoadedModel, WeightsUse, is_head
from ..settings import SettingsError
from .entry import setting
from .lora_inside import LoraInside, LoraParams
from .method import Cell
from .plan import Horizon

MISSING = (
    f"method qlora needs the package bitsandbytes, which is not installed: {install_command('bitsandbytes>=0.50')}"
)

#: Weights that share a scale (QLoRA section 3). On the CPU, bitsandbytes 0.50 begins a new block with every row when it
#: dequantises, but not when it quantises: rows of another length than a multiple of it would become other weights.
BLOCK = 64


@dataclass(frozen=True)
class QloraParams(LoraParams):
    double_quantisation: bool = setting(
        True, "Quantise the scales of the blocks too: 0.37 bits less per weight", source="QLoRA section 3"
    )


class Qlora(LoraInside):
    """LoRA on a quantised backbone."""

    name = "qlora"
    summary = "LoRA over a backbone quantised to 4 bits (NF4), through bitsandbytes and peft"
    source = "Dettmers et al. 2023, arXiv 2305.14314"
    Params = QloraParams

    def require(self) -> None:
        if not _installed():
            raise SettingsError(MISSING)

    def weights_use(self, params: LoraParams) -> WeightsUse:
        """It quantises them by itself, from fp32."""
        return "changes"

    def notes(self, params: LoraParams) -> list[str]:
        return ["the backbone is quantised: the adapter belongs to the quantised weights, not to the original ones"]

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> Learner:
        quantise(model, cells[0].params)
        return super().build(model, cells, horizon=horizon)

    def check(self, learner: Learner, cell: Cell) -> list[str]:
        """Check that no linear layer of the backbone has full precision."""
        assert isinstance(learner, PeftLearner)
        reasons = []
        for name, linear in learner.module.named_modules():
            if isinstance(linear, nn.Linear) and ".lora_" not in name and not is_head(f"{name}.weight", learner.head):
                state: Any = getattr(linear.weight, "quant_state", None)
                if state is None or (state.quant_type, state.nested) != ("nf4", cell.params.double_quantisation):
                    reasons.append(f"{name} is not quantised as the settings say")
        return reasons

    def load(self, model: LoadedModel, params: LoraParams, folder: Path) -> Learner:
        quantise(model, params)
        return super().load(model, params, folder)


def _installed() -> bool:
    return importlib.util.find_spec("bitsandbytes") is not None


def quantise(model: LoadedModel, params: Any) -> None:
    """Replace the backbone's linear layers in place. Raises SettingsError where bitsandbytes is missing or unfit."""
    try:
        from bitsandbytes.nn import Linear4bit, Params4bit
    except ImportError as error:
        if not _installed():
            raise SettingsError(MISSING) from None
        raise SettingsError(f"method qlora: bitsandbytes is installed but cannot be loaded: {error}") from error
    base = base_of(model.module)
    for name, linear in list(base.named_modules()):
        if not isinstance(linear, nn.Linear) or is_head(f"{name}.weight", model.head):
            continue
        if linear.weight.device.type == "cpu" and linear.in_features % BLOCK:
            raise SettingsError(
                f"method qlora: {name} takes {linear.in_features} inputs; on the CPU bitsandbytes needs a multiple "
                f"of {BLOCK}"
            )
        double = params.double_quantisation
        with torch.device("meta"):
            new: Any = Linear4bit(linear.in_features, linear.out_features, linear.bias is not None, quant_type="nf4")
        # Keeps bitsandbytes from repacking the weights on CPUs with AVX512-BF16, for a product that few shapes fit.
        new.support_avx512bf16_for_cpu = False
        # `to` quantises, even if the weight is already on that device.
        weight: Any = Params4bit(
            linear.weight.data, requires_grad=False, blocksize=BLOCK, quant_type="nf4", compress_statistics=double
        )
        new.weight, new.bias = weight.to(linear.weight.device), linear.bias
        new.weight.module = new
        parent, _, child = name.rpartition(".")
        setattr(base.get_submodule(parent), child, new)
    model.module.requires_grad_(False)
    model.module.is_loaded_in_4bit = True  # type: ignore[assignment]  # makes peft choose its 4-bit LoRA layer


METHOD = Qlora()
