"""Full fine-tuning: every parameter of the model trains (the paper's FF row)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers.utils import GENERATION_CONFIG_NAME

from ..adapters.peft_learner import PeftLearner
from ..learner import Learner
from ..models import LoadedModel, WeightsUse
from .method import Cell, Method
from .plan import Horizon, Part

TENSORS = "model.safetensors"


@dataclass(frozen=True)
class FullParams:
    pass


class Full(Method):
    """Saves an ordinary checkpoint, which `from_pretrained` of transformers reads."""

    name = "full"
    summary = "Full fine-tuning: every parameter trains"
    source = "paper Table I, FF"
    Params = FullParams

    def weights_use(self, params: FullParams) -> WeightsUse:
        return "changes"

    def parts(self, model: LoadedModel, params: FullParams) -> list[Part]:
        """Parts by layer, and outside of layers by module."""
        head, sizes = model.head_parameters(), dict[str, int]()
        for name, parameter in model.module.named_parameters():
            if name not in head:
                pieces = name.split(".")
                layer = next((piece for piece in pieces if piece.isdigit()), None)
                place = ".".join(pieces[1:-1] or pieces) if layer is None else f"layer {layer}"
                sizes[place] = sizes.get(place, 0) + parameter.numel()
        return [Part(place, "all parameters", size) for place, size in sizes.items()]

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> PeftLearner:
        model.module.requires_grad_(True)
        if not model.head:
            # A token that serves as padding may also end a text, which trains on it; padding itself has no gradient.
            model.module.get_input_embeddings().padding_idx = None  # type: ignore[operator]
        return PeftLearner(model.module, model.head, [c.id for c in cells], cells[0].seed)

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        tensors = {n: t.detach().to("cpu").contiguous().clone() for n, t in learner.tensors(lane).items()}
        save_file(tensors, folder / TENSORS, metadata={"format": "pt"})
        model.config.architectures = [type(model.module).__name__]
        model.config.save_pretrained(folder)
        if not model.head:
            module: Any = model.module
            module.generation_config.to_json_file(folder / GENERATION_CONFIG_NAME)

    def load(self, model: LoadedModel, params: FullParams, folder: Path) -> PeftLearner:
        """Raises ValueError when the folder has other tensors than the model."""
        tensors, own = load_file(folder / TENSORS), dict(model.module.named_parameters())
        if set(tensors) != set(own):
            odd = sorted(set(tensors) ^ set(own))[0]
            raise ValueError(f"{folder / TENSORS} does not have the parameters of the model, e.g. {odd}")
        with torch.no_grad():
            for name, parameter in own.items():
                parameter.copy_(tensors[name])
        return PeftLearner(model.module.eval(), model.head, [], seed=0)

    def unmergeable(self, params: FullParams) -> str | None:
        return None

    def merged(self, model: LoadedModel, params: FullParams, folder: Path) -> nn.Module:
        return self.load(model, params, folder).module


METHOD = Full()
