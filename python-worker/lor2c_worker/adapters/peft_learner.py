"""A learner around a model that peft has wrapped: one lane, tensors without a lane axis."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import torch
from peft import PeftConfig, PeftModel, get_peft_model
from torch import nn

from ..backbones.backbone import BatchLayout
from ..backbones.unpadded_module import try_unpadded
from ..data.batch import Batch
from ..keyed.dropout import KeyedDropout, PaddedLayout, StepMasks
from ..keyed.seeding import StepKey, key
from ..learner import EpochRecord, Expected, Lane, Learner
from ..models import LoadedModel
from ..models.load import is_head
from ..optim.adamw import LaneAdamW
from ..optim.slot import Slot


class PeftLearner:
    """Implements `Learner` for any method, of peft or not, that trains parameters inside the model.

    The encoder runs unpadded if the model and its wrapped layers allow that, else as the transformers module.
    """

    def __init__(self, module: nn.Module, head: tuple[str, ...], cells: list[str], seed: int) -> None:
        self.module = module
        self.head = head
        self.lanes = [Lane(cells)]
        self._dropout = KeyedDropout(module, seed)
        self._unpadded = try_unpadded(module)
        self._slots = [
            Slot(name=name, tensor=p, role="head" if is_head(name, head) else "body", stacked=False)
            for name, p in module.named_parameters()
            if p.requires_grad
        ]

    def slots(self) -> list[Slot]:
        return self._slots

    def groups(self) -> list[list[int]]:
        return [[0]]

    def narrow(self) -> None:
        return None

    def expected(self, lane: int, epoch: float) -> Expected:
        return {cell: [] for cell in self.lanes[lane].cells}

    def forward(self, batch: Batch, step: StepKey | None, lanes: Sequence[int] | None = None) -> torch.Tensor:
        """Logits [1, B, C]."""
        inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
        if batch.token_type_ids is not None:
            inputs["token_type_ids"] = batch.token_type_ids
        layout: BatchLayout = PaddedLayout.of(batch) if self._unpadded is None else self._unpadded.layout(batch)
        masks = None if step is None else StepMasks.of(self._dropout.seed, step, batch, layout)
        running = nullcontext() if self._unpadded is None else self._unpadded.within(batch, layout, masks)
        with self._dropout.using(masks), running:
            return self.module(**inputs).logits[None]

    def gather(self) -> None:
        """Nothing to do: the gradients are the parameters' own."""

    def penalty(self) -> torch.Tensor | None:
        return None

    def after_backward(self, step: int) -> None:
        """Nothing to do: the parameters are the model's own."""

    def end_step(self, step: int, epoch: float, optimizer: LaneAdamW) -> list[EpochRecord]:
        return []

    def end_epoch(self, epoch: int, step: int, optimizer: LaneAdamW) -> list[EpochRecord]:
        return []

    def trainable_parameters(self, lane: int) -> tuple[int, int]:
        sizes = {"body": 0, "head": 0}
        for slot in self._slots:
            sizes[slot.role] += slot.tensor.numel()
        return sizes["body"], sizes["head"]

    def state(self, lane: int) -> dict[str, torch.Tensor]:
        return {slot.name: slot.tensor for slot in self._slots}


def wrap(model: LoadedModel, config: PeftConfig, cells: list[str], seed: int) -> PeftLearner:
    """A learner for a peft config on the model."""
    return PeftLearner(attach(model.module, config, seed), model.head, cells, seed)


def attach(module: nn.Module, config: PeftConfig, seed: int) -> PeftModel:
    """Put a peft config on the module. peft draws from the CPU's global generator, which has a keyed seed meanwhile."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(key(seed, "peft"))
        return get_peft_model(module, config)


def save_adapter(learner: Learner, folder: Path) -> None:
    assert isinstance(learner, PeftLearner)
    assert isinstance(learner.module, PeftModel)
    learner.module.save_pretrained(str(folder), safe_serialization=True)


def load_adapter(model: LoadedModel, folder: Path) -> PeftLearner:
    """A learner with the saved adapter and head on a freshly loaded model."""
    module = PeftModel.from_pretrained(model.module, str(folder))
    return PeftLearner(module.eval(), model.head, [], seed=0)
