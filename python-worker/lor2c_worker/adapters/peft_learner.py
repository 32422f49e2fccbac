"""A learner around a model that peft has wrapped: one lane, tensors without a lane axis.

Functions import peft when they are called, here and in methods/: most runs need none, and it takes more than a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import torch
from torch import nn

from ..backbones.backbone import BatchLayout
from ..backbones.causal_module import CausalModule
from ..backbones.checkpointing import checkpoint_modules, weakly
from ..backbones.decoder import Decoder
from ..backbones.hf_backbone import base_of, layers_in, whole_model
from ..backbones.hf_decoder import HfDecoder
from ..backbones.precision import widen_stream
from ..backbones.unpadded_module import try_unpadded
from ..data.batch import Batch
from ..keyed.dropout import KeyedDropout
from ..keyed.layout import PaddedLayout
from ..keyed.masks import StepMasks
from ..keyed.seeding import StepKey, key
from ..learner import Learner, SingleLane
from ..models import LoadedModel, is_head
from ..optim.slot import Slot

if TYPE_CHECKING:
    from peft import PeftConfig, PeftModel


class PeftLearner(SingleLane):
    """Implements `Learner` for any method, of peft or not, that trains parameters inside the model.

    The encoder runs unpadded if the model and its wrapped layers allow that, else as the transformers module.
    """

    #: It never runs unpadded.
    padded: ClassVar[bool] = False

    def __init__(self, module: nn.Module, head: tuple[str, ...], cells: list[str], seed: int) -> None:
        super().__init__(cells, seed)
        self.module, self.head = module, head
        #: Frozen tensors that belong to the method, and so to its checkpoints (`wrap`).
        self.frozen: dict[str, torch.Tensor] = {}
        self._dropout = KeyedDropout(module, seed)
        self._unpadded = None if self.padded else try_unpadded(module)
        if self._unpadded is None:
            widen_stream(layers_in(base_of(whole_model(module)))[0])
        self._causal = CausalModule.of(module)
        self._keeps_masks = True
        self._slots = [
            Slot(name=name, tensor=p, role="head" if is_head(name, head) else "body", stacked=False)
            for name, p in module.named_parameters()
            if p.requires_grad
        ]

    def slots(self) -> list[Slot]:
        return self._slots

    def use_checkpointing(self) -> None:
        self._keeps_masks = False
        if self._unpadded is not None:
            self._unpadded.use_checkpointing(weakly(self._again))
        else:
            checkpoint_modules(layers_in(base_of(whole_model(self.module))), weakly(self._again))

    def _again(self) -> AbstractContextManager[None]:
        """A context in which layers compute as in the forward that runs now: with its masks."""
        return self._dropout.using(self._dropout.masks)

    def forward(self, batch: Batch, step: StepKey | None, lanes: Sequence[int] | None = None) -> torch.Tensor:
        """Logits [1, B, C], or losses [1, P] of a language model's targets."""
        inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
        if batch.token_type_ids is not None:
            inputs["token_type_ids"] = batch.token_type_ids
        layout: BatchLayout = PaddedLayout.of(batch) if self._unpadded is None else self._unpadded.layout(batch)
        masks = None if step is None else StepMasks(self._dropout.seed, step, batch, layout, keeps=self._keeps_masks)
        running = nullcontext() if self._unpadded is None else self._unpadded.within(batch, layout, masks)
        with self._dropout.using(masks), running:
            if self._causal is None or batch.targets is None:
                # A cache would keep what checkpointing frees, and get every key twice.
                return self.module(**inputs, use_cache=False).logits[None]
            # Unpadded, the module computes the states before the targets only.
            at = layout.at(batch.targets.places) if self._unpadded is None else None
            return self._causal.losses(inputs, batch.targets, at)

    def decoder(self) -> Decoder:
        if self._causal is None:
            raise ValueError("a classifier continues no text")
        return HfDecoder(self.module, self._evaluating)

    def _evaluating(self) -> AbstractContextManager[None]:
        """A context in which the module computes as in an evaluation."""
        return self._dropout.using(None)

    def trainable_parameters(self, lane: int) -> tuple[int, int]:
        sizes = {"body": 0, "head": 0}
        for slot in self._slots:
            sizes[slot.role] += slot.tensor.numel()
        return sizes["body"], sizes["head"]

    def tensors(self, lane: int) -> dict[str, torch.Tensor]:
        return {slot.name: slot.tensor for slot in self._slots}

    def state(self) -> dict[str, Any]:
        trained = {slot.name: slot.tensor.detach() for slot in self._slots}
        return {"cells": list(self.lanes[0].cells), "tensors": trained, "frozen": dict(self.frozen)}

    def restore(self, state: dict[str, Any], cells: Iterable[str]) -> list[int]:
        copy_into(self.tensors(0), state["tensors"])
        copy_into(self.frozen, state["frozen"])
        self.lanes[0].cells[:] = [cell for cell in state["cells"] if cell in set(cells)]
        return [0]


@torch.no_grad()
def copy_into(own: Mapping[str, torch.Tensor], stored: Mapping[str, torch.Tensor]) -> None:
    """Copy stored values. Raises ValueError when names or shapes differ."""
    odd = sorted(set(own) ^ set(stored)) or [name for name in sorted(own) if own[name].shape != stored[name].shape]
    if odd:
        raise ValueError(f"the checkpoint is of another model: it differs in the tensor {odd[0]}")
    for name, tensor in own.items():
        tensor.copy_(stored[name])


AnyLearner = TypeVar("AnyLearner", bound=PeftLearner)


def wrap(kind: type[AnyLearner], model: LoadedModel, config: PeftConfig, cells: list[str], seed: int) -> AnyLearner:
    """A learner for a peft config on the model, which knows what the config drew or computed besides what trains:
    random bases, residual weights. Another machine might draw or compute it otherwise."""
    base = [tensor.detach() for tensor in tensors_of(model.module).values()]
    learner = kind(attach(model.module, config, seed), model.head, cells, seed)
    # `base` keeps the storage of replaced weights alive, so that no new tensor has the address of one.
    known = {tensor.data_ptr() for tensor in base}
    learner.frozen = {
        name: tensor.detach()
        for name, tensor in tensors_of(learner.module).items()
        if not tensor.requires_grad and tensor.numel() and tensor.data_ptr() not in known
    }
    return learner


def tensors_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers by name."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def attach(module: nn.Module, config: PeftConfig, seed: int) -> PeftModel:
    """Put a peft config on the module. peft draws from the CPU's global generator, which has a keyed seed meanwhile."""
    from peft import get_peft_model
    from peft.tuners.lycoris_utils import LycorisLayer

    with torch.random.fork_rng(devices=[]), _frozen_stays_frozen():
        torch.default_generator.manual_seed(key(seed, "peft"))
        wrapped = get_peft_model(module, config)
    for layer in wrapped.modules():
        if isinstance(layer, LycorisLayer):
            # In training LoHa and LoKr draw whether to act, also where module_dropout is 0. No dropout of theirs is in
            # use: `peft` refuses them.
            layer.eval()
    return wrapped


@contextmanager
def _frozen_stays_frozen() -> Iterator[None]:
    """A context in which peft's move of an adapter to the model's device leaves frozen what was frozen.

    It makes new parameters of those that it moves, and new parameters train. So on a GPU AdaLoRA's numbers of ranks
    would, which no adapter file has.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    tuner: Any = BaseTunerLayer
    move = tuner._move_adapter_to_device_of_base_layer

    def moved(layer: Any, *args: Any, **kwargs: Any) -> None:
        frozen = {name for name, p in layer.named_parameters() if not p.requires_grad}
        move(layer, *args, **kwargs)
        for name, p in layer.named_parameters():
            if name in frozen:
                p.requires_grad_(False)

    tuner._move_adapter_to_device_of_base_layer = moved
    try:
        yield
    finally:
        tuner._move_adapter_to_device_of_base_layer = move


def save_adapter(learner: Learner, folder: Path) -> None:
    from peft import PeftModel

    assert isinstance(learner, PeftLearner)
    assert isinstance(learner.module, PeftModel)
    learner.module.save_pretrained(str(folder), safe_serialization=True)


def load_adapter(model: LoadedModel, folder: Path) -> PeftLearner:
    """A learner with the saved adapter and head on a freshly loaded model."""
    from peft import PeftModel

    with _frozen_stays_frozen():
        module = PeftModel.from_pretrained(model.module, str(folder))
    return PeftLearner(module.eval(), model.head, [], seed=0)
