"""Task heads of all lanes, stacked [K, ...]: one per model family, from the modules that transformers loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional as F

from ..data.batch import Batch
from ..frozen import HalfOutput
from ..keyed.masks import StepMasks
from ..launches import at_once
from ..optim.slot import Slot
from .backbone import BatchLayout
from .precision import Products, as_given, low_dtype
from .token_loss import token_loss

#: The CPU library computes products of one or two rows in another way, so that rounding would depend on the batch.
LEAST_ROWS = 4


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
    """Pools one token per row. Linear maps follow, with tanh between them and dropout before each but a pooler's first.

    RoBERTa: dropout, dense, tanh, dropout, out_proj. BERT: pooler dense, tanh, dropout, classifier. Llama: score on the
    last real token. Tensors keep the names of the transformers module.
    """

    def __init__(
        self, module: nn.Module, names: Sequence[str], lanes: int, *, pool: str = "first", first_dropout: bool = False
    ) -> None:
        """`names`: paths of the linear modules in order. Initial values are the module's."""
        self._pool, self._first_dropout = pool, first_dropout
        self._names = list(names)
        self._slots: dict[str, Slot] = {}
        config: Any = module.config
        p = getattr(config, "classifier_dropout", None)
        self._p = float(getattr(config, "hidden_dropout_prob", 0.0) if p is None else p)
        owner, _, _ = names[-1].rpartition(".")  # the dropout module belongs to the classifier or to the model
        self._site = f"{owner}.dropout" if owner else "dropout"
        for name in names:
            linear = module.get_submodule(name)
            for part, value in linear.named_parameters():
                stacked = value.detach().expand(lanes, *value.shape).clone().requires_grad_()
                self._slots[f"{name}.{part}"] = Slot(f"{name}.{part}", stacked, "head")

    def slots(self) -> list[Slot]:
        return list(self._slots.values())

    def fork(self, rows: Sequence[int]) -> None:
        for slot in self._slots.values():
            slot.fork(rows)

    def positions(self, batch: Batch, layout: BatchLayout) -> torch.Tensor:
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
            return self._logits(hidden, masks, tensors)

    def _logits(
        self, pooled: torch.Tensor, masks: StepMasks | None, tensors: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        x, rows = pooled, pooled.shape[1]
        if rows < LEAST_ROWS:
            x = torch.cat([x, x.new_zeros(x.shape[0], LEAST_ROWS - rows, x.shape[2])], dim=1)
        call = 0
        for i, name in enumerate(self._names):
            if i > 0:
                x = torch.tanh(x)
            if i > 0 or self._first_dropout:
                x = self._drop(x, rows, call, masks)
                call += 1
            x = self._linear(tensors[f"{name}.weight"], tensors.get(f"{name}.bias"), x)
        return x if x.shape[1] == rows else x[:, :rows]

    def _linear(self, weight: torch.Tensor, bias: torch.Tensor | None, x: torch.Tensor) -> torch.Tensor:
        if at_once(x.device):
            return torch.bmm(x, weight.mT) if bias is None else torch.baddbmm(bias[:, None], x, weight.mT)
        # Lane by lane, so that the shape of a lane's product does not depend on the number of lanes.
        out = torch.cat([torch.bmm(one, w.mT) for one, w in zip(x.split(1), weight.split(1), strict=True)])
        return out if bias is None else out + bias[:, None]

    def _drop(self, x: torch.Tensor, rows: int, call: int, masks: StepMasks | None) -> torch.Tensor:
        """Dropout with the site's name and count that `KeyedSite` uses in the transformers module."""
        if masks is None or self._p == 0.0:
            return x
        mask = masks.rows(f"{self._site}#{call}" if call else self._site, x.shape[-1], self._p).to(x.dtype)
        if x.shape[1] == rows:
            return x * mask
        return torch.cat([x[:, :rows] * mask, x[:, rows:]], dim=1)


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
    paths = {name for name, child in module.named_modules() if isinstance(child, nn.Linear)}
    if {"classifier.dense", "classifier.out_proj"} <= paths:
        return ClassifierHead(module, ["classifier.dense", "classifier.out_proj"], lanes, first_dropout=True)
    if "classifier" in paths:
        pooler = f"{module.base_model_prefix}.pooler.dense"
        return ClassifierHead(module, [pooler, "classifier"], lanes)
    if "score" in paths:
        return ClassifierHead(module, ["score"], lanes, pool="last")
    if "lm_head" in paths:
        return LanguageModelHead(module)
    raise ValueError(f"{type(module).__name__} has no head that is known here")
