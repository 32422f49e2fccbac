"""The contenders: transformers with peft as the published script runs it, and this project's training step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from inputs import make_model, pad_to
from learners import RATE, Step, lor2c, step_of
from options import BASE, DYNAMIC
from peft import LoraConfig, TaskType, get_peft_model

from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.data.batch import Batch
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.methods.lanes import numbers_of
from lor2c_worker.methods.lor2c import bank_params, build_learner
from lor2c_worker.models import LoadedModel
from lor2c_worker.rules import PRESETS
from lor2c_worker.schedule import Layout, Schedule


def plain_loop(model: LoadedModel, length: int | None, pad: int) -> Step:
    """The loop that users write with transformers and peft. `length` None: dynamic padding."""
    module = model.module
    module.set_attn_implementation("eager")  # type: ignore[operator]
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=8,
        lora_alpha=16,
        lora_dropout=0.05,
        target_modules=["query", "value"],
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


def lora_on_the_bank(model: LoadedModel) -> BankLearner:
    """LoRA on the bank: every layer injected from the start, at rank 8."""
    params = parse_params(METHODS["imlor2c"], {"injected_rank": 8})
    layers = int(model.config.num_hidden_layers)
    bank = bank_params(params, False, layers, True, Layout((), tuple(range(layers))))
    schedules = {"c": Schedule(1, 0, 0, PRESETS["paper"])}
    return build_learner(model.module, bank, schedules, [["c"]], [numbers_of(Cell("c", params, 17))])


def build(names: Sequence[str], model: str, max_length: int, pad: int, device: torch.device) -> dict[str, Step]:
    """The named contenders, each on its own model."""

    def make(name: str) -> Step:
        fresh = make_model(model, device)
        if name in (BASE, DYNAMIC):
            return plain_loop(fresh, max_length if name == BASE else None, pad)
        method, _, precision = name.rpartition("-")
        if method == "lor2c":
            return step_of(lor2c(fresh), device, precision)
        if method == "lora-bank":
            return step_of(lora_on_the_bank(fresh), device, precision)
        lora = METHODS["lora"]
        cell = Cell("c", parse_params(lora, {"rank": 8}), 17)
        return step_of(lora.build(fresh, [cell], horizon=Horizon(1, 1, 1)), device, precision)

    return {name: make(name) for name in names}
