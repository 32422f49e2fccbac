"""How a step's rows are cut into micro-batches, by rows or by tokens, changes no number but by rounding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
from loops import SETTINGS, Seen, training_of
from test_methods import build, fresh, rows

from lor2c_worker.data.encode import encode
from lor2c_worker.run.loop import train

METHODS: list[tuple[str, dict[str, Any]]] = [
    ("imlor2c", {"rank": 4, "merges": 1, "injections": 1}),
    ("lora", {"rank": 4}),
    ("dylora", {"rank": 4}),
    ("adapter", {"bottleneck": 8, "random_drop": True}),
    ("peft", {"type": "BOFT", "config": {"boft_block_size": 4, "boft_dropout": 0.3}}),
    ("adalora", {"init_rank": 4, "target_rank": 2}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("model"), "bert")


@pytest.mark.parametrize(("name", "values"), METHODS, ids=str)
def test_cutting_a_step_in_another_way_changes_nothing(folder: Path, name: str, values: dict[str, Any]) -> None:
    """Steps of 32 rows and of the 18 that are left, whose last micro-batches are smaller; dropout everywhere."""
    data = encode(rows(50), tiny.tokenizer(), "classify", 32)
    found = []
    for size, parts, tokens in ((32, 1, None), (16, 2, None), (8, 4, None), (16, 2, 90), (32, 1, 5)):
        seen = Seen()
        settings = replace(
            SETTINGS,
            num_train_epochs=4,
            batch_size=size,
            gradient_accumulation_steps=parts,
            learning_rate=5e-3,
            tokens_per_batch=tokens,
        )
        train(training_of(build(fresh(folder), name, values), data, seen, settings))
        found.append(
            [seen.values(*what, "c") for what in (("train", "loss"), ("train", "grad_norm"), ("eval", "loss"))]
        )
    assert [len(values) for values in found[0]] == [8, 8, 4]
    assert len(set(found[0][2])) == 4
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            assert two == pytest.approx(one, abs=1e-5, rel=1e-5)
