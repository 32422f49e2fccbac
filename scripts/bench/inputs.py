"""Models and batches: MiniLM, a random model of RoBERTa-base's shape, and rows as long as those of a real task."""

from __future__ import annotations

import dataclasses

import torch
from shapes import config_of, random_model

from lor2c_worker.data import load_task
from lor2c_worker.data.batch import Batch
from lor2c_worker.data.encode import Encoded, encode, train_batches
from lor2c_worker.models import LoadedModel, load_model, load_tokenizer
from lor2c_worker.settings import DataSettings, ModelSettings

#: A model name with this ending means random weights of a known shape, which are enough to measure speed.
RANDOM = "-random"


def make_model(name: str, device: torch.device) -> LoadedModel:
    """A new model, since contenders wrap theirs. `name`: `roberta-base-random`, or a model of a spec."""
    if not name.endswith(RANDOM):
        return load_model(ModelSettings(name), 2, "classify", 17, device)
    config = config_of(name.removesuffix(RANDOM))
    if config is None:
        raise SystemExit(f"bench: no shape of {name!r} is known; try roberta-base{RANDOM}")
    return random_model(config, device)


def make_rows(task: str, path: str, model: str, max_length: int) -> Encoded:
    """The training rows of a task. A random model gets MiniLM's tokens, since only their number matters."""
    random = model.endswith(RANDOM)
    tokenizer = load_tokenizer(ModelSettings("minilm" if random else model))
    split = load_task(task, DataSettings(path=path)).train
    if not random:
        return encode(split, tokenizer, "classify", max_length)
    pad = int(config_of(model.removesuffix(RANDOM)).pad_token_id or 0)
    return Encoded(split, tokenizer, "classify", max_length, segments=False, pad_id=pad)


def make_batches(data: Encoded, size: int, count: int, device: torch.device) -> list[Batch]:
    """The first `count` batches of a seeded order, each padded to its longest row."""
    return [data.batch(rows, device) for rows in train_batches(data, size, 17, 1)[:count]]


def pad_to(batch: Batch, length: int, pad: int) -> Batch:
    """The same rows, padded to `length`."""

    def wide(x: torch.Tensor, value: int) -> torch.Tensor:
        return torch.nn.functional.pad(x, (0, length - x.shape[1]), value=value)

    types = batch.token_type_ids
    return dataclasses.replace(
        batch,
        input_ids=wide(batch.input_ids, pad),
        attention_mask=wide(batch.attention_mask, 0),
        token_type_ids=None if types is None else wide(types, 0),
    )
