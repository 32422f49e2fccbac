"""train.gradient_checkpointing: equal bits, and no activations of a layer are kept."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU
from test_backbones import LENGTHS, bank_of, batch_of, build
from test_methods import build as learner_of
from test_methods import fresh, rows
from torch.profiler import ProfilerActivity, profile
from worker import settings

from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.backbones.heads import head_of
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.device import autocast
from lor2c_worker.inspection import Inspection
from lor2c_worker.learner import Learner
from lor2c_worker.methods.lanes import choose_backbone
from lor2c_worker.rules import PRESETS
from lor2c_worker.run.prepare import prepare
from lor2c_worker.schedule import Schedule
from lor2c_worker.settings import Settings, SettingsError


def lanes_of(kind: str, make: Callable[[Any], Any], lanes: int = 2) -> BankLearner:
    """Lanes with a merged span, an injected layer, and dropout everywhere."""
    module = build(kind, dropout=0.2)
    backbone = make(module)
    bank = bank_of(backbone, module, dropout=0.2)
    bank.fork([0] * lanes)
    cells = [f"c{i}" for i in range(lanes)]
    schedules = {cell: Schedule(1, 0, 0, PRESETS["paper"]) for cell in cells}
    return BankLearner(backbone, bank, head_of(module, lanes), schedules, [[cell] for cell in cells])


def gradients(learner: Learner, batch: Any, precision: str = "fp32") -> list[torch.Tensor]:
    """Outputs, then the gradient of every trained tensor that has one."""
    with autocast(CPU, precision):
        out = learner.forward(batch, 3)
    (out.float() ** 2).sum().backward()
    return [out.detach(), *[s.tensor.grad.clone() for s in learner.slots() if s.tensor.grad is not None]]


def assert_same(plain: list[torch.Tensor], again: list[torch.Tensor]) -> None:
    assert len(plain) == len(again) > 1
    assert all(torch.equal(one, other) for one, other in zip(plain, again, strict=True))
    assert all(one.abs().max() > 0 for one in plain)


@pytest.mark.parametrize("precision", ["fp32", "mixed"])
@pytest.mark.parametrize("make", [choose_backbone, HfBackbone], ids=["unpadded", "padded"])
@pytest.mark.parametrize("kind", ["bert", "mpnet", "llama"])
def test_lanes_get_equal_bits(kind: str, make: Callable[[Any], Any], precision: str) -> None:
    batch, found = batch_of(kind, LENGTHS), []
    for again in (False, True):
        learner = lanes_of(kind, make)
        if again:
            learner.use_checkpointing()
        found.append(gradients(learner, batch, precision))
    assert_same(*found)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {kind: tiny.save(root / kind, kind) for kind in ("bert", "llama")}


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(8), tiny.tokenizer(), "classify", 32)


INSIDE: list[tuple[str, dict[str, Any]]] = [
    ("full", {}),
    ("peft", {"type": "LORA", "config": {"r": 4, "lora_dropout": 0.2, "use_dora": True}}),
    ("dylora", {"rank": 4, "dropout": 0.2}),
    ("adapter", {"bottleneck": 8, "random_drop": True}),
    ("peft", {"type": "PROMPT_TUNING", "config": {"num_virtual_tokens": 3}}),
]


@pytest.mark.parametrize(("name", "values"), INSIDE, ids=[f"{n}-{v.get('type', '')}" for n, v in INSIDE])
@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_methods_inside_the_module_get_equal_bits(
    folders: dict[str, Path], data: Encoded, kind: str, name: str, values: dict[str, Any]
) -> None:
    batch, found = data.batch(range(8), CPU), []
    for again in (False, True):
        learner = learner_of(fresh(folders[kind]), name, values)
        for slot in learner.slots():  # B and the like are zero at the start
            slot.tensor.data.add_(0.01)
        if again:
            learner.use_checkpointing()
        found.append(gradients(learner, batch))
    assert_same(*found)


@pytest.mark.parametrize("look", [Inspection().inspect, prepare], ids=["plan", "run"])
def test_a_layer_that_adds_to_a_cache_is_refused(place: Path, look: Callable[[Settings], Any]) -> None:
    method = {"name": "peft", "type": "PREFIX_TUNING", "config": {"num_virtual_tokens": 2}}
    value = Settings.from_json(settings(place, method=method, gradient_checkpointing=True))
    with pytest.raises(SettingsError, match="gradient_checkpointing does not fit PREFIX_TUNING"):
        look(value)


def kept_bytes(learner: BankLearner, batch: Any) -> int:
    """Memory that a forward has allocated and not freed."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        out = learner.forward(batch, 3)
    total = sum(event.self_cpu_memory_usage for event in seen.key_averages())
    assert out.requires_grad
    return total


@pytest.mark.parametrize("make", [choose_backbone, HfBackbone], ids=["unpadded", "padded"])
@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_attention_weights_are_freed(kind: str, make: Callable[[Any], Any]) -> None:
    """Those of the lower layers, at least, are kept without it (the last may compute one token of a row only)."""
    batch = batch_of(kind, [200, 200])
    weights = 2 * 4 * 200 * 200 * 4  # rows, heads, pairs, bytes
    learner = lanes_of(kind, make, lanes=1)
    learner.forward(copy.copy(batch), 3)  # what the first call makes for good
    plain = kept_bytes(learner, copy.copy(batch))
    learner.use_checkpointing()
    again = kept_bytes(learner, copy.copy(batch))
    assert plain > 3 * weights
    assert again < weights
