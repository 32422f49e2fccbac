"""The projections of a model, as methods name them: their modules, paths and numbers of parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from ..architectures import ProjectionPath
from ..backbones.backbone import PROJECTIONS, Projection
from ..backbones.hf_backbone import base_of, find_layers, projection_shape
from ..keyed.seeding import generator
from ..models import LoadedModel
from ..settings import SettingsError
from .entry import setting
from .plan import Part

#: Stands for all projections that a model has.
ALL_LINEAR = "all-linear"
#: What a method's `target_modules` says.
Targets = list[str] | str


def targets_setting(doc: str) -> Any:
    """The setting `target_modules` of a method."""
    return setting(
        ["query", "value"],
        f"{doc}: a list, or all-linear for all that the model has. output is attention's, gate, up and down are those "
        "of the feed-forward block; most encoders have no gate",
        choices=PROJECTIONS,
        alone=ALL_LINEAR,
        source="paper III-A: query and value",
    )


def task_type(model: LoadedModel) -> str:
    """What peft calls the task of a model: a language model has no head of its own."""
    return "SEQ_CLS" if model.head else "CAUSAL_LM"


def heads_of(model: LoadedModel) -> list[str] | None:
    """`modules_to_save` of a peft config."""
    return list(model.head) or None


def target_modules(model: LoadedModel, targets: Targets) -> list[str]:
    """Ends of the modules' paths, as peft takes them. Raises SettingsError when the model lacks a projection, or has
    some of `targets` in one module with others: peft wraps whole modules."""
    _, paths = _found(model)
    names = taken(model, targets)
    for name in names:
        together = [other for other in paths if paths[other].module == paths[name].module]
        if not set(together) <= set(names):
            raise SettingsError(
                f"target_modules: {', '.join(together[:-1])} and {together[-1]} of this model are one module "
                f"({paths[name].module}), and this method changes whole modules: name all of them, or none; lora and "
                "the LoR2C family can change single ones"
            )
    return module_ends(model, names)


def module_ends(model: LoadedModel, names: Sequence[Projection]) -> list[str]:
    """Ends of the paths of the modules that have these projections, each once."""
    layers, paths = _found(model)
    lasts = Counter(path.rsplit(".", 1)[-1] for path in {place.module for place in paths.values()})
    ends = []
    for path in dict.fromkeys(paths[name].module for name in names):
        if path == "output.dense":  # attention's output ends alike
            ends += [f"layer.{i}.{path}" for i in range(layers)]
        else:
            last = path.rsplit(".", 1)[-1]
            ends.append(path if lasts[last] > 1 else last)
    return ends


def _found(model: LoadedModel) -> tuple[int, Mapping[Projection, ProjectionPath]]:
    """(number of layers, the projections in a layer)."""
    try:
        layers, paths = find_layers(base_of(model.module))
    except ValueError as error:
        raise SettingsError(f"target_modules: {error}") from error
    return len(layers), paths


def taken(model: LoadedModel, targets: Targets) -> tuple[Projection, ...]:
    """The projections, each once, in the order of `PROJECTIONS`. Raises SettingsError when the model lacks one."""
    _, paths = _found(model)
    if targets == ALL_LINEAR:
        return tuple(name for name in PROJECTIONS if name in paths)
    lacking = [name for name in targets if name not in paths]
    if lacking:
        raise SettingsError(
            f"target_modules: a layer of this model has no {lacking[0]} projection; it has {', '.join(paths)}"
        )
    return tuple(name for name in PROJECTIONS if name in targets)


def is_target(path: str, ends: Sequence[str]) -> bool:
    """Whether a module's path ends like one of `target_modules`."""
    return any(path.endswith(f".{end}") for end in ends)


def check_targets(targets: Targets) -> None:
    """Raises ValueError when no projection is named: nothing would train but the head."""
    if not targets:
        raise ValueError(f"target_modules is empty: name at least one of {', '.join(PROJECTIONS)}, or {ALL_LINEAR}")
    if isinstance(targets, str) and targets != ALL_LINEAR:
        raise ValueError(f"target_modules is {targets!r}: write {ALL_LINEAR}, or a list of {', '.join(PROJECTIONS)}")


def projection_paths(module: nn.Module) -> dict[tuple[int, Projection], ProjectionPath]:
    """Every layer's projections, with paths in a model that is not wrapped. Raises ValueError when its form is
    unknown."""
    layers, paths = find_layers(base_of(module))
    names = {id(child): name for name, child in module.named_modules()}
    return {
        (i, name): replace(place, module=f"{names[id(layer)]}.{place.module}")
        for i, layer in enumerate(layers)
        for name, place in paths.items()
    }


def linear_modules(model: LoadedModel, targets: list[str]) -> list[tuple[str, int, int]]:
    """(place, d_in, d_out) of every targeted projection."""
    found = []
    for name, module in model.module.named_modules():
        if isinstance(module, nn.Linear) and is_target(name, targets):
            parts = name.split(".")
            number = next((at for at, part in enumerate(parts) if part.isdigit()), None)
            layer, inner = ("?", parts) if number is None else (parts[number], parts[number + 1 :])
            place = ".".join(inner) if parts[-1] == "dense" else parts[-1]
            found.append((f"layer {layer} {place}", module.in_features, module.out_features))
    return found


def linear_parts(model: LoadedModel, targets: list[str], rank: int) -> list[Part]:
    """r (d_in + d_out) for every targeted projection (semantics.md section 8)."""
    return [
        Part(place, f"r (d_in + d_out) = {rank} * ({d_in} + {d_out})", rank * (d_in + d_out))
        for place, d_in, d_out in linear_modules(model, targets)
    ]


def projection_parts(model: LoadedModel, targets: Targets, rank: int) -> list[Part]:
    """As `linear_parts`, where projections that are one module count by themselves."""
    names = taken(model, targets)
    if all(place.of == 1 for place in projection_paths(model.module).values()):
        return linear_parts(model, module_ends(model, names), rank)
    parts = []
    for (layer, name), place in projection_paths(model.module).items():
        if name in names:
            d_in, d_out = projection_shape(model.module.get_submodule(place.module), place)
            formula = f"r (d_in + d_out) = {rank} * ({d_in} + {d_out})"
            parts.append(Part(f"layer {layer} {name}", formula, rank * (d_in + d_out)))
    return parts


def initialise_a(parameter: torch.nn.Parameter, seed: int, name: str) -> None:
    """Kaiming-uniform with a = sqrt 5, that is U(-1/sqrt d_in, 1/sqrt d_in), keyed by (seed, name). A is (r, d_in)."""
    bound = parameter.shape[1] ** -0.5
    draw = torch.rand(parameter.shape, generator=generator(seed, "lora", name), dtype=torch.float32)
    with torch.no_grad():
        parameter.copy_((2 * draw - 1) * bound)
