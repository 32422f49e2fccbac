"""Greedy generation: transformers one prompt at a time, without an adapter, against batches of this project through a
fresh LoRA. The tokens must be equal."""

from __future__ import annotations

import argparse
from typing import Any

import torch
from learners import SEED
from turns import clock

from lor2c_worker.data import load_task
from lor2c_worker.generation.batches import Room
from lor2c_worker.generation.generator import Generator
from lor2c_worker.generation.rules import Rules
from lor2c_worker.generation.together import Prompt
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.models import load_model
from lor2c_worker.settings import DataSettings, ModelSettings


def generation(given: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    """Seconds of both in turns, over the same prompts of Alpaca; every prompt gets all its new tokens."""
    model = load_model(ModelSettings(given.model), 1, "language_model", SEED, device)
    module: Any = model.module
    lora = METHODS["lora"]  # before its first step it changes nothing, but is computed
    learner = lora.build(model, [Cell("c", parse_params(lora, {}), SEED)], horizon=Horizon(1, 1, 1))
    split = load_task("alpaca", DataSettings(path=given.data, dev_rows=64, train_rows=given.generate)).train
    prompts = [model.tokenizer(text)["input_ids"] for text in split.text]

    def theirs() -> list[list[int]]:
        found = []
        for ids in prompts:
            given_ids = torch.tensor([ids], device=device)
            out = module.generate(
                given_ids,
                attention_mask=torch.ones_like(given_ids),
                do_sample=False,
                max_new_tokens=given.new_tokens,
                min_new_tokens=given.new_tokens,
                pad_token_id=model.tokenizer.pad_token_id,
            )
            found.append(out[0, len(ids) :].tolist())
        return found

    def ours() -> list[list[int]]:
        asked = [Prompt(str(i), tuple(ids), given.new_tokens) for i, ids in enumerate(prompts)]
        most = sum(prompt.most for prompt in asked)
        batched = Generator(learner.decoder(), Rules(), device, Room(most, len(asked)))
        grown = {text.id: text.new for batch in batched.generate(asked) for text in batch}
        return [grown[str(i)] for i in range(len(prompts))]

    seconds: dict[str, list[float]] = {"transformers, one by one": [], "ours, in batches": []}
    texts: list[list[list[int]]] = []
    for _ in range(given.rounds):
        for name, function in zip(seconds, (theirs, ours), strict=True):
            began = clock(device)
            texts.append(function())
            seconds[name].append(clock(device) - began)
    equal = all(found == texts[0] for found in texts)
    tokens = len(prompts) * given.new_tokens
    for name, values in seconds.items():
        middle = sorted(values)[len(values) // 2]
        print(f"  {name:24} {middle:8.3f} s, {tokens / middle:8.1f} new tokens/s")
    print(f"  the tokens are {'equal' if equal else 'NOT equal'}")
    rounded = {name: [round(value, 4) for value in values] for name, values in seconds.items()}
    return {"prompts": len(prompts), "new_tokens": tokens, "equal": equal, "seconds": rounded}
