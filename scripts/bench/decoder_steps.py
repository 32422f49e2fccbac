"""The contenders of decoder.py: a loop of transformers and peft as users write it, and this project's training step."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from learners import RATE, SEED, optimizer_of, step_of_parts
from peft import LoraConfig, TaskType, get_peft_model

from lor2c_worker.data import load_task
from lor2c_worker.data.batch import Batch
from lor2c_worker.data.encode import train_batches
from lor2c_worker.data.encode_text import EncodedTexts
from lor2c_worker.data.targets import IGNORED
from lor2c_worker.data.token_batches import first_fit
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.models import LoadedModel, load_model, load_tokenizer
from lor2c_worker.objective import LanguageModel
from lor2c_worker.settings import DataSettings, ModelSettings

#: Settings of LoRA, ours and peft's.
RANK, ALPHA, DROPOUT = 8, 16.0, 0.05

#: Takes the rows of a step, and the step's number.
Step = Callable[[Sequence[int], int], None]


@dataclass(frozen=True)
class Rows:
    """Training rows as tokens, of which all count, as in the published script."""

    data: EncodedTexts
    size: int
    device: torch.device

    @staticmethod
    def of(given: argparse.Namespace, device: torch.device) -> Rows:
        settings = DataSettings(path=given.data, dev_rows=64, train_rows=64 * given.rows, train_on="all")
        split = load_task("alpaca", settings).train
        tokenizer = load_tokenizer(ModelSettings(given.model))
        return Rows(EncodedTexts(split, tokenizer, given.max_length, train_on="all"), given.rows, device)

    def steps(self, count: int) -> list[Sequence[int]]:
        """The rows of the first steps of a seeded order."""
        return train_batches(self.data, self.size, SEED, 1)[:count]

    def tokens(self, rows: Sequence[int]) -> int:
        return sum(self.data.tokens_of(rows))

    def batch(self, rows: Sequence[int]) -> Batch:
        return self.data.batch(rows, self.device)


def build(name: str, given: argparse.Namespace, rows: Rows) -> Step:
    """A contender on a model of its own."""
    model = load_model(ModelSettings(given.model), 1, "language_model", SEED, rows.device)
    low = name.endswith(("bf16", "mixed"))
    if name.startswith("hf-1"):
        return plain_loop(model, rows, 1, given.max_length, low=low)
    if name.startswith("hf-8"):
        return plain_loop(model, rows, 8, None, low=low)
    method = METHODS[name.partition("-")[0]]
    params = parse_params(method, {"rank": RANK, "alpha": ALPHA, "dropout": DROPOUT})
    learner = method.build(model, [Cell("c", params, SEED)], horizon=Horizon(3, 300, 100))
    if name.endswith("checkpointing"):
        learner.use_checkpointing()
    precision, optimizer = "mixed" if low else "fp32", optimizer_of(learner, weight_decay=0.0)
    step = step_of_parts(learner, rows.device, precision, optimizer, objective=LanguageModel())

    def ours(chosen: Sequence[int], number: int) -> None:
        micro = first_fit(chosen, rows.data.tokens_of(chosen), given.tokens)
        step([rows.batch(part) for part in micro], number)

    return ours


def plain_loop(model: LoadedModel, rows: Rows, size: int, length: int | None, *, low: bool) -> Step:
    """Micro-batches of `size` rows, padded to `length` (None: to their longest row), whose means are averaged."""
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=RANK,
        lora_alpha=ALPHA,
        lora_dropout=DROPOUT,
        target_modules=["q_proj", "v_proj"],
    )
    wrapped = get_peft_model(model.module, config)  # type: ignore[arg-type]
    wrapped.train()
    parameters = [p for p in wrapped.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.0)
    within = partial(torch.autocast, rows.device.type, torch.bfloat16) if low else nullcontext

    def step(chosen: Sequence[int], number: int) -> None:
        parts = [chosen[first : first + size] for first in range(0, len(chosen), size)]
        for part in parts:
            batch = rows.batch(part)
            more = 0 if length is None else length - batch.input_ids.shape[1]
            ids = torch.nn.functional.pad(batch.input_ids, (0, more), value=rows.data.pad_id)
            mask = torch.nn.functional.pad(batch.attention_mask, (0, more))
            labels = ids.masked_fill(mask == 0, IGNORED)
            with within():
                loss = wrapped(input_ids=ids, attention_mask=mask, labels=labels).loss
            (loss / len(parts)).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return step
