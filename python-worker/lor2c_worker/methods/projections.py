"""The attention projections of a model, as methods name them: their modules, paths and numbers of parameters."""

from __future__ import annotations

import torch
from torch import nn

from ..backbones.backbone import PROJECTIONS, Projection
from ..backbones.hf_backbone import base_of, find_layers
from ..keyed.seeding import generator
from ..models import LoadedModel
from .plan import Part

#: Names of the modules in each model family, by the names used in the paper (W_q, W_v, ...).
NAMES: dict[str, dict[Projection, str]] = {
    "bert": {"query": "query", "key": "key", "value": "value"},
    "llama": {"query": "q_proj", "key": "k_proj", "value": "v_proj"},
}


def task_type(model: LoadedModel) -> str:
    """What peft calls the task of a model: a language model has no head of its own."""
    return "SEQ_CLS" if model.head else "CAUSAL_LM"


def heads_of(model: LoadedModel) -> list[str] | None:
    """`modules_to_save` of a peft config."""
    return list(model.head) or None


def target_modules(model: LoadedModel, projections: list[str]) -> list[str]:
    """Module names for peft. Decoders of the Llama kind name their projections differently."""
    names = {name.rsplit(".", 1)[-1] for name, _ in model.module.named_modules()}
    family = NAMES["llama" if "q_proj" in names else "bert"]
    return [family[p] for p in projections]  # type: ignore[index]


def check_targets(projections: list[str]) -> None:
    """Raises ValueError when a list of projections is empty: nothing would train but the head."""
    if not projections:
        raise ValueError(f"target_modules is empty: name at least one of {', '.join(PROJECTIONS)}")


def ordered(projections: list[str]) -> tuple[Projection, ...]:
    """Each once, in the order of `PROJECTIONS`."""
    return tuple(name for name in PROJECTIONS if name in projections)


def projection_paths(module: nn.Module) -> dict[tuple[int, Projection], str]:
    """Path of every layer's projections in a model that is not wrapped. Raises ValueError when its form is unknown."""
    layers, paths = find_layers(base_of(module))
    names = {id(child): name for name, child in module.named_modules()}
    return {(i, name): f"{names[id(layer)]}.{path}" for i, layer in enumerate(layers) for name, path in paths.items()}


def linear_modules(model: LoadedModel, targets: list[str]) -> list[tuple[str, int, int]]:
    """(place, d_in, d_out) of every targeted projection."""
    found = []
    for name, module in model.module.named_modules():
        if isinstance(module, nn.Linear) and name.rsplit(".", 1)[-1] in targets:
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
