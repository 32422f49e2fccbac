"""For tests of generation: a tiny language model with a tokenizer of bytes, benchmarks of a few rows, and adapters.

Tests in TypeScript run it as a script: `python tests/asking.py FOLDER` writes FOLDER/model and FOLDER/benchmarks.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import torch
from tiny_decoders import SHAPE
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from worker import TRAIN

from lor2c_worker.methods import Horizon, cell_of, method_of, parse_params
from lor2c_worker.models import load_model
from lor2c_worker.run.adapter_folder import RunInfo, write_folder
from lor2c_worker.settings import Settings

CHAT = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
UNTUNED = {"name": "none"}
LORA = {"name": "lora", "rank": 4, "alpha": 64.0, "dropout": 0.1, "target_modules": ["query", "value"]}


def byte_tokenizer(**options: Any) -> PreTrainedTokenizerFast:
    """One token a byte, and an end-of-text token with id 256."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<eos>", pad_token="<eos>", **options)


def save_model(folder: Path, *, seed: int = 0, chat: bool = True) -> Path:
    torch.manual_seed(seed)
    changes = {"vocab_size": 257, "bos_token_id": None, "eos_token_id": 256, "pad_token_id": 256}
    config = LlamaConfig(**(SHAPE | changes | {"max_position_embeddings": 4096}))
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = CHAT if chat else None
    tokenizer.save_pretrained(folder)
    return folder


def save_benchmarks(folder: Path, rows: int = 12) -> Path:
    """Two tasks of BBH and two subjects of MMLU, with `rows` scored rows each, in the files of their authors."""
    (folder / "bbh").mkdir(parents=True)
    for task in ("one", "two"):
        examples = [
            {"input": f"{task} {i} {'x' * (i * 7 % 11)}?", "target": "yes" if i % 2 else "no"} for i in range(rows + 3)
        ]
        (folder / "bbh" / f"{task}.json").write_text(json.dumps({"examples": examples}))
    for split, count in (("dev", 5), ("test", rows)):
        (folder / "mmlu" / split).mkdir(parents=True)
        for subject in ("high_things", "law"):
            with (folder / "mmlu" / split / f"{subject}_{split}.csv").open("w", newline="") as file:
                for i in range(count):
                    csv.writer(file).writerow([f"{split} {subject} {i}", "p", "q", "r", f"s{i}", "ABCD"[i % 4]])
    return folder


def model_settings(model: Path, method: dict[str, Any], seed: int = 17) -> dict[str, Any]:
    return {
        "model": {"name": str(model), "revision": None},
        "task": {"name": "alpaca"},
        "data": {},
        "method": method,
        "train": {**TRAIN, "precision": "fp32"},
        "seed": seed,
    }


def save_adapter(folder: Path, model: Path, method: dict[str, Any]) -> Path:
    """An adapter that was not trained: its tensors are drawn, large enough to change what the model says."""
    settings = Settings.from_json(model_settings(model, method))
    own = method_of(settings.method["name"])
    params = parse_params(own, settings.method_parameters)
    loaded = load_model(settings.model, 1, "language_model", settings.seed, torch.device("cpu"))
    learner = own.build(loaded, [cell_of("c", params, settings)], horizon=Horizon(1, 1, 1, True))
    drawn = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for tensor in learner.tensors(0).values():
            tensor.copy_(torch.randn(tensor.shape, generator=drawn) * 0.3)
    info = RunInfo(model_settings(model, method), (), "language_model", 1, {}, "test")
    write_folder(folder, info, lambda target: own.save(learner, 0, loaded, target))
    return folder


if __name__ == "__main__":
    save_model(Path(sys.argv[1]) / "model")
    save_benchmarks(Path(sys.argv[1]) / "benchmarks")
