"""A learner around a model that peft has wrapped: one lane, tensors without a lane axis."""

from __future__ import annotations

import torch
from torch import nn

from ..models.load import is_head
from .dropout import KeyedDropout
from .learner import Batch, EpochRecord, Lane, Slot, StepKey
from .optimizer import LaneAdamW


class PeftLearner:
    """Implements `Learner` for any peft method that trains parameters inside the model."""

    def __init__(self, module: nn.Module, head: tuple[str, ...], cells: list[str], seed: int) -> None:
        self.module = module
        self.head = head
        self.lanes = [Lane(cells)]
        self._dropout = KeyedDropout(module, seed)

    def slots(self) -> list[Slot]:
        return [
            Slot(name=name, tensor=p, role="head" if is_head(name, self.head) else "body", stacked=False)
            for name, p in self.module.named_parameters()
            if p.requires_grad
        ]

    def forward(self, batch: Batch, step: StepKey | None) -> torch.Tensor:
        """Logits [1, B, C]."""
        inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
        if batch.token_type_ids is not None:
            inputs["token_type_ids"] = batch.token_type_ids
        with self._dropout.at(batch, step):
            return self.module(**inputs).logits[None]

    def after_backward(self, step: int) -> None:
        pass

    def end_step(self, step: int, epoch: float, optimizer: LaneAdamW) -> list[EpochRecord]:
        return []

    def end_epoch(self, epoch: int, step: int, optimizer: LaneAdamW) -> list[EpochRecord]:
        return []

    def trainable_parameters(self, lane: int) -> tuple[int, int]:
        return count_slots(self.slots())
