"""The contenders: transformers with peft as the published script runs it, and this project's training step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from inputs import make_model, pad_to
from learners import RATE, Step, lor2c, step_of
from options import BASE, DYNAMIC
from peft import LoraConfig, TaskType, get_peft_model

from lor2c_worker.data.batch import Batch
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.methods.lora_inside import LoraInside
from lor2c_worker.methods.projections import target_modules
from lor2c_worker.models import LoadedModel


def plain_loop(model: LoadedModel, length: int | None, pad: int) -> Step:
    """The loop that users write with transformers and peft. `length` None: dynamic padding."""
    module = model.module
    module.set_attn_implementation("eager")  # type: ignore[operator]
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=8,
        lora_alpha=16,
        lora_dropout=0.05,
        target_modules=target_modules(model, ["query", "value"]),
        modules_to_save=list(model.head),
    )
    wrapped = get_peft_model(module, config)
    parameters = [p for p in wrapped.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.1)
    wrapped.train()

    def step(batch: Batch, number: int) -> None:
        optimizer.zero_grad()
        batch = batch if length is None else pad_to(batch, length, pad)
        inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask, "labels": batch.labels}
        if batch.token_type_ids is not None:
            inputs["token_type_ids"] = batch.token_type_ids
        wrapped(**inputs).loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return step


def build(names: Sequence[str], model: str, max_length: int, pad: int, device: torch.device) -> dict[str, Step]:
    """The named contenders, each on its own model."""

    def make(name: str) -> Step:
        fresh = make_model(model, device)
        if name in (BASE, DYNAMIC):
            return plain_loop(fresh, max_length if name == BASE else None, pad)
        method, _, precision = name.rpartition("-")
        if method == "lor2c":
            return step_of(lor2c(fresh), device, precision)
        lora = LoraInside() if method == "lora-peft" else METHODS["lora"]
        cell = Cell("c", parse_params(lora, {"rank": 8}), 17)
        return step_of(lora.build(fresh, [cell], horizon=Horizon(1, 1, 1)), device, precision)

    return {name: make(name) for name in names}
