"""A whole M x I grid as the worker trains it: loading, evaluations, forks, checkpoints, saving and checks included."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import torch
from executed import raw_settings, train_cells
from parts import Put
from setup import EVAL_ROWS, Setup
from shapes import MRPC_LENGTHS, SEED
from transformers import AutoModel


def whole_grid(small: bool, put: Put) -> None:
    """Seconds of the whole, and the worker's own counts and times. The grid has few epochs of few rows, so that it ends
    soon; `estimate` scales it."""
    setup = Setup.of(small)
    size, epochs, steps = (2, 3, 2) if small else (7, 8, 10)
    rows, evaluated = steps * setup.batch_size, 8 if small else EVAL_ROWS
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _save(setup, place, rows, evaluated)
        settings = raw_settings(
            str(place), "sst2", str(place), rows, epochs, batch_size=setup.batch_size, max_length=setup.max_length
        )
        settings["data"]["eval_rows"] = evaluated
        settings["train"] |= {"eval_batch_size": setup.batch_size, "precision": setup.precisions[-1]}
        cells = [(m, i) for m in range(size) for i in range(size)]
        seconds, tree = train_cells(settings, cells, setup.device)
    put("seconds", seconds)
    put("steps_per_epoch", steps)
    put("precision", setup.precisions[-1])
    for name in ("lanes", "lane_width", "lane_epochs", "cell_epochs", "forks", "longest_fork_seconds"):
        put(name, tree[name])
    for name in ("train_seconds", "evaluate_seconds", "cpu_seconds", "peak_memory"):
        put(name, tree[name])


def _save(setup: Setup, folder: Path, train: int, evaluated: int) -> None:
    """A model folder of the shape, whose tokenizer knows few words, and rows with MRPC's lengths."""
    import tiny  # of the tests

    tokenizer = tiny.tokenizer()
    config: Any = type(setup.config()).from_dict(
        setup.config().to_dict() | {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    )
    torch.manual_seed(SEED)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    own = random.Random(SEED)
    for name, count in (("train", train), ("dev", evaluated)):
        lines = ["sentence\tlabel"]
        for _ in range(count):
            words = own.choices(tiny.WORDS, k=own.choice(MRPC_LENGTHS) - 2)
            lines.append(f"{' '.join(words)}\t{own.randrange(2)}")
        (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
