"""Methods that train inside the module: the same numbers whether its encoder runs padded or unpadded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU, SETTINGS, Seen, training_of
from marks import needs_bf16
from test_methods import PROMPTS, TRIED, build, fresh, rows
from torch import nn

from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.adapters.peft_learner import PeftLearner
from lor2c_worker.backbones.unpadded_module import UnpaddedModule, try_unpadded
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.device import autocast
from lor2c_worker.run.loop import train
from lor2c_worker.run.moments import Interval, Moments

BANK = {"lora", "lor2c", "sharelor2c", "mergelor2c", "injectlor2c", "imlor2c"}
#: Virtual tokens run padded.
TRAINED = [(name, values) for name, values in TRIED if name not in BANK and values.get("type") not in PROMPTS]
INSIDE = [pytest.param(name, values, id=f"{name}-{values}") for name, values in TRAINED]
#: MPNet with the first settings of each method; of ELECTRA, what acts on its embeddings.
EVERYWHERE = [
    pytest.param(kind, name, values, id=f"{name}-{values}-{kind}")
    for kind, tried in (
        ("bert", TRAINED),
        ("roberta", TRAINED),
        ("mpnet", dict(reversed(TRAINED)).items()),
        ("electra", [("full", {})]),
    )
    for name, values in tried
]
encoders = pytest.mark.parametrize("kind", ["bert", "roberta"])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {kind: tiny.save(root / kind, kind) for kind in ("bert", "roberta", "mpnet", "electra", "llama")}


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(32), tiny.tokenizer(), "classify", 32)


def losses(learner: PeftLearner, data: Encoded, precision: str = "fp32") -> list[float]:
    """Losses of training with dropout in the worker's loop, then of one evaluation."""
    seen, settings = Seen(), replace(SETTINGS, learning_rate=1e-3, warmup_ratio=0.0, weight_decay=0.01)
    moments = replace(Moments.of(len(data), settings), evaluate=Interval(settings.num_train_epochs))
    train(training_of(learner, data, seen, settings, moments=moments, autocast=partial(autocast, CPU, precision)))
    return [*seen.values("train", "loss", "c"), *seen.values("eval", "loss", "c")]


def learner_of(folder: Path, name: str, values: dict[str, Any], *, padded: bool) -> PeftLearner:
    learner = build(fresh(folder), name, values)
    assert isinstance(learner, PeftLearner)
    assert learner._unpadded is not None, "this method fell back to the padded module"
    if padded:
        learner._unpadded = None
    return learner


@pytest.fixture(scope="module")
def unpadded(folders: dict[str, Path], data: Encoded) -> Callable[..., list[float]]:
    """Losses of a method in fp32, trained once for all tests."""

    @cache
    def trained(kind: str, name: str, values: str) -> list[float]:
        return losses(learner_of(folders[kind], name, json.loads(values), padded=False), data)

    return lambda kind, name, values: trained(kind, name, json.dumps(values))


@pytest.mark.parametrize(("kind", "name", "values"), EVERYWHERE)
def test_equals_the_padded_module(
    folders: dict[str, Path],
    data: Encoded,
    unpadded: Callable[..., list[float]],
    kind: str,
    name: str,
    values: dict[str, Any],
) -> None:
    """Equal losses in twelve steps with keyed dropout everywhere, and in an evaluation."""
    want = losses(learner_of(folders[kind], name, values, padded=True), data)
    assert unpadded(kind, name, values) == pytest.approx(want, abs=1e-5)
    assert len(set(want)) == len(want)


@needs_bf16
@encoders
@pytest.mark.parametrize(("name", "values"), INSIDE)
def test_trains_in_mixed_precision(
    folders: dict[str, Path],
    data: Encoded,
    unpadded: Callable[..., list[float]],
    kind: str,
    name: str,
    values: dict[str, Any],
) -> None:
    """Losses are near those of fp32 but not equal; trained tensors stay fp32."""
    want = unpadded(kind, name, values)
    learner = learner_of(folders[kind], name, values, padded=False)
    got = losses(learner, data, "mixed")
    assert got == pytest.approx(want, abs=0.05)
    assert got != want
    assert all(slot.tensor.dtype == torch.float32 for slot in learner.slots())


def test_falls_back_where_a_block_is_not_the_models_own(folders: dict[str, Path]) -> None:
    """The unpadded encoder would skip a hook or a wrapper around a block."""
    wrapped_block = fresh(folders["llama"]).module
    layer_one: Any = wrapped_block.get_submodule("model.layers.1")
    layer_one.mlp = nn.Sequential(layer_one.mlp)
    assert try_unpadded(wrapped_block) is None
    assert try_unpadded(fresh(folders["llama"]).module) is not None
    for path in ("encoder.layer.1", "encoder.layer.0.attention.self", "encoder.layer.2.output", "embeddings"):
        hooked = fresh(folders["bert"]).module
        hooked.get_submodule(f"bert.{path}").register_forward_hook(lambda *args: None)
        with pytest.raises(ValueError, match="wraps a block"):
            UnpaddedModule(hooked)
    wrapped = fresh(folders["bert"]).module
    layer: Any = wrapped.get_submodule("bert.encoder.layer.1")
    layer.output = nn.Sequential(layer.output)
    assert try_unpadded(wrapped) is None
    assert try_unpadded(fresh(folders["bert"]).module) is not None


def test_what_trains_on_the_bank_is_elsewhere(folders: dict[str, Path]) -> None:
    """This file leaves out only the learners of lanes."""
    for name, values in TRIED:
        assert isinstance(build(fresh(folders["bert"]), name, values), BankLearner) == (name in BANK)
