"""Task heads of all lanes, stacked [K, ...], from the modules that transformers loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional as F

from ..architectures import HeadForm, architecture_of
from ..data.batch import Batch
from ..frozen import HalfOutput
from ..keyed.masks import StepMasks
from ..optim.slot import Slot
from .backbone import BatchLayout
from .head_steps import LEAST_ROWS, pooled, steps_of
from .precision import Products, as_given, low_dtype
from .token_loss import token_loss


class Head(Protocol):
    """From hidden states to what the task's objective takes."""

    def slots(self) -> list[Slot]:
        """The trained tensors; none when the head is frozen."""

    def positions(self, batch: Batch, layout: BatchLayout) -> torch.Tensor:
        """The positions whose hidden states it takes, [P]: of one token of each row, or of all tokens that a language
        model predicts from."""

    def outputs(
        self,
        hidden: torch.Tensor,
        batch: Batch,
        masks: StepMasks | None,
        tensors: Mapping[str, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Logits [K, B, C], or losses [K, P] of a language model, from the hidden states [K, P, d] of these positions.

        `tensors` [K, ...], by the names of the slots, replace the slots' own when the forward has only some lanes.
        """

    def fork(self, rows: Sequence[int]) -> None:
        """Lane i becomes a copy of the former lane rows[i]."""


class ClassifierHead:
    """What the head of the transformers module computes on the hidden states of a row, by the steps of its form.

    Tensors keep the names of the transformers module.
    """

    def __init__(self, module: nn.Module, form: HeadForm, lanes: int) -> None:
        """Initial values are the module's. Raises ValueError when it does not have the form."""
        self._pool = pooled(module, form)
        self._steps = steps_of(module, form)
        self._slots: dict[str, Slot] = {}
        for step in self._steps:
            for name in step.trains:
                value = module.get_parameter(name).detach()
                stacked = value.expand(lanes, *value.shape).clone().requires_grad_()
                self._slots[name] = Slot(name, stacked, "head")

    def slots(self) -> list[Slot]:
        return list(self._slots.values())

    def fork(self, rows: Sequence[int]) -> None:
        for slot in self._slots.values():
            slot.fork(rows)

    def positions(self, batch: Batch, layout: BatchLayout) -> torch.Tensor:
        if self._pool == "mean":
            return layout.at(batch.attention_mask.flatten().nonzero()[:, 0])
        return layout.first() if self._pool == "first" else layout.last()

    def outputs(
        self,
        hidden: torch.Tensor,
        batch: Batch,
        masks: StepMasks | None,
        tensors: Mapping[str, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Logits [K, B, C]."""
        if tensors is None:
            tensors = {name: slot.tensor for name, slot in self._slots.items()}
        with as_given(hidden.device):
            if self._pool == "mean":
                hidden = torch.stack([row.mean(1) for row in hidden.split(batch.row_lengths(), dim=1)], dim=1)
            return self._logits(hidden, masks, tensors)

    def _logits(
        self, pooled: torch.Tensor, masks: StepMasks | None, tensors: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        x, rows = pooled, pooled.shape[1]
        if rows < LEAST_ROWS:
            x = torch.cat([x, x.new_zeros(x.shape[0], LEAST_ROWS - rows, x.shape[2])], dim=1)
        for step in self._steps:
            x = step(x, rows, masks, tensors)
        return x if x.shape[1] == rows else x[:, :rows]


class LanguageModelHead:
    """The output embedding of a causal language model, which gives losses and no logits. No lane trains it; a method
    that trains it in the module has a single lane."""

    def __init__(self, module: nn.Module) -> None:
        self._project: Any = module.get_output_embeddings()  # type: ignore[operator]
        self._products = Products()

    def slots(self) -> list[Slot]:
        return []

    def fork(self, rows: Sequence[int]) -> None:
        pass

    def positions(self, batch: Batch, layout: BatchLayout) -> torch.Tensor:
        assert batch.targets is not None
        return layout.at(batch.targets.places)

    def outputs(
        self,
        hidden: torch.Tensor,
        batch: Batch,
        masks: StepMasks | None,
        tensors: Mapping[str, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        assert batch.targets is not None
        return self.losses(hidden, batch.targets.ids)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """[..., d] -> [..., V], float32."""
        low = low_dtype(hidden.device)
        with as_given(hidden.device):
            return self._products(self._project, hidden, low).float()

    def losses(self, hidden: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Cross entropy [K, P], at least float32, of the tokens `ids` [P] after hidden [K, P, d]."""
        if type(self._project) not in (nn.Linear, HalfOutput):  # an adapter wraps it: its own forward gives the logits
            each = [F.cross_entropy(self._project(one).float(), ids, reduction="none") for one in hidden]
            return torch.stack(each)
        low = low_dtype(hidden.device)
        with as_given(hidden.device):
            weight, bias = self._products.operands(self._project, low or hidden.dtype)
            return token_loss(hidden, weight, ids, bias)


def head_of(module: nn.Module, lanes: int) -> Head:
    """The head of the module. Raises ValueError when its form is unknown."""
    config: Any = module.config
    known = architecture_of(config.model_type)
    if known is not None and hasattr(module, "lm_head"):
        return LanguageModelHead(module)
    if known is not None and hasattr(module, known.head.modules[-1]):
        return ClassifierHead(module, known.head, lanes)
    raise ValueError(f"{type(module).__name__} has no head that is known here")
