"""The steps of a classifier's head in all lanes: linear maps, norms, dropouts and activations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional as F
from transformers.activations import ACT2FN

from ..architectures import HeadForm
from ..keyed.dropout import KeyedSite
from ..keyed.masks import StepMasks
from ..launches import at_once

#: The CPU library computes products of one or two rows in another way, so that rounding would depend on the batch.
LEAST_ROWS = 4

#: A lane's tensors by the names of the transformers module, [K, ...].
Tensors = Mapping[str, torch.Tensor]


class Step(Protocol):
    @property
    def trains(self) -> tuple[str, ...]:
        """Full names of the parameters that it takes from `tensors`."""

    def __call__(self, x: torch.Tensor, rows: int, masks: StepMasks | None, tensors: Tensors) -> torch.Tensor:
        """x [K, R, d_in] -> [K, R, d_out]. Rows from `rows` on are fillers."""


@dataclass(frozen=True)
class Linear:
    name: str
    trains: tuple[str, ...]

    def __call__(self, x: torch.Tensor, rows: int, masks: StepMasks | None, tensors: Tensors) -> torch.Tensor:
        weight, bias = tensors[f"{self.name}.weight"], tensors.get(f"{self.name}.bias")
        if at_once(x.device):
            return torch.bmm(x, weight.mT) if bias is None else torch.baddbmm(bias[:, None], x, weight.mT)
        # Lane by lane, so that the shape of a lane's product does not depend on the number of lanes.
        out = torch.cat([torch.bmm(one, w.mT) for one, w in zip(x.split(1), weight.split(1), strict=True)])
        return out if bias is None else out + bias[:, None]


@dataclass(frozen=True)
class Norm:
    name: str
    trains: tuple[str, ...]
    eps: float

    def __call__(self, x: torch.Tensor, rows: int, masks: StepMasks | None, tensors: Tensors) -> torch.Tensor:
        x = F.layer_norm(x, x.shape[-1:], eps=self.eps) * tensors[f"{self.name}.weight"][:, None]
        bias = tensors.get(f"{self.name}.bias")
        return x if bias is None else x + bias[:, None]


@dataclass(frozen=True)
class Drop:
    site: str
    p: float
    trains: tuple[str, ...] = ()

    def __call__(self, x: torch.Tensor, rows: int, masks: StepMasks | None, tensors: Tensors) -> torch.Tensor:
        if masks is None or self.p == 0.0:
            return x
        mask = masks.rows(self.site, x.shape[-1], self.p).to(x.dtype)
        if x.shape[1] == rows:
            return x * mask
        return torch.cat([x[:, :rows] * mask, x[:, rows:]], dim=1)


@dataclass(frozen=True)
class Activation:
    function: Callable[[torch.Tensor], torch.Tensor]
    trains: tuple[str, ...] = ()

    def __call__(self, x: torch.Tensor, rows: int, masks: StepMasks | None, tensors: Tensors) -> torch.Tensor:
        return self.function(x)


def steps_of(module: nn.Module, form: HeadForm) -> list[Step]:
    """Raises ValueError when the model does not have the form."""
    modules, calls, steps = dict(module.named_modules()), dict[str, int](), list[Step]()
    for name in form.steps:
        step = modules.get(name)
        trains = () if step is None else tuple(f"{name}.{part}" for part, _ in step.named_parameters())
        if step is None:
            steps.append(Activation(_activation(name, module.config)))
        elif isinstance(step, nn.Dropout | KeyedSite):
            # The site's name and count are those that `KeyedSite` uses in the transformers module.
            call = calls[name] = calls.get(name, -1) + 1
            steps.append(Drop(f"{name}#{call}" if call else name, float(step.p)))
        elif isinstance(step, nn.LayerNorm):
            steps.append(Norm(name, trains, step.eps))
        else:
            steps.append(Linear(name, trains))
    return steps


#: What a form or a config says -> whose hidden states a head takes.
_POOLS = {"first": "first", "last": "last", "cls": "first", "mean": "mean"}


def pooled(module: nn.Module, form: HeadForm) -> str:
    """Whose hidden states of a row the head takes: `first`, `last` or the `mean` of all. Raises ValueError."""
    said = _of_config(form.pool, module.config)
    if said not in _POOLS:
        raise ValueError(f"{form.pool} is {said!r}, not one of {', '.join(_POOLS)}")
    return _POOLS[said]


def _of_config(said: str, config: Any) -> Any:
    """`said`, or of `config.<key>` the value of the config."""
    return getattr(config, said.removeprefix("config.")) if said.startswith("config.") else said


def _activation(name: str, config: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """Raises ValueError when there is none: then a module of the form is missing."""
    found = _of_config(name, config)
    if found not in ACT2FN:
        raise ValueError(f"the model has no module {found}, and no activation is called so")
    return ACT2FN[found]
