"""Every method's numbers come from the run's seed alone, or it is refused before it trains."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU
from test_methods import TRIED, build, fresh, rows
from test_peft_types import TYPES
from torch import nn
from worker import Worker, only, run, settings

from lor2c_worker import messages
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.adapters.peft_learner import PeftLearner
from lor2c_worker.data.batch import Batch
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.keyed.blocks import KeyedBlocks
from lor2c_worker.methods import METHODS, Cell, Horizon
from lor2c_worker.methods.any_peft import _UNKEYED, AnyPeftParams, config_class
from lor2c_worker.methods.lor2c_params import ImParams
from lor2c_worker.run.repeats import check_repeats
from lor2c_worker.settings import SettingsError

#: What peft needs to put a type on the tiny model: sizes that fit it. Others need nothing.
SIZES: dict[str, dict[str, Any]] = {
    "BOFT": {"boft_block_size": 4, "boft_n_butterfly_factor": 2},
    "C3A": {"block_size": 4},
    "FOURIERFT": {"n_frequency": 8},
    "LN_TUNING": {"target_modules": ["LayerNorm"]},
    "MISS": {"r": 4},
    "OFT": {"r": 0, "oft_block_size": 4},
    "PREFIX_TUNING": {"num_virtual_tokens": 3},
    "PROMPT_TUNING": {"num_virtual_tokens": 3},
    "PSOFT": {"r": 4},
    "P_TUNING": {"num_virtual_tokens": 3},
    "ROAD": {"group_size": 4},
    "SHIRA": {"r": 2},
    "VBLORA": {"vector_length": 4, "num_vectors": 8},
    "WAVEFT": {"n_frequency": 8},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("model"), "roberta")


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(16), tiny.tokenizer(), "classify", 32)


def check(learner: Any, data: Encoded) -> None:
    check_repeats(learner, data.batch(range(2), CPU), contextlib.nullcontext)


def dropouts(name: str) -> dict[str, float]:
    """Every dropout of a type's config that is not refused, at 0.3."""
    fields = dataclasses.fields(config_class(name))
    named = [f.name for f in fields if f.name.endswith("dropout") and f.name not in _UNKEYED.get(name, ())]
    return dict.fromkeys(named, 0.3)


def gradients(learner: PeftLearner, data: Encoded, step: int) -> dict[str, torch.Tensor]:
    loss = learner.forward(data.batch(range(8), CPU), step).square().sum()
    slots = learner.slots()
    found = torch.autograd.grad(loss, [slot.tensor for slot in slots], allow_unused=True)
    return {slot.name: grad for slot, grad in zip(slots, found, strict=True) if grad is not None}


@pytest.mark.parametrize("name", TYPES)
def test_every_type_of_peft_draws_from_the_seed(folder: Path, data: Encoded, name: str) -> None:
    """With all of its dropouts, trained tensors away from their start, and gradients too."""
    config = SIZES.get(name, {}) | dropouts(name)
    learner = build(fresh(folder), "peft", {"type": name, "config": config})
    assert isinstance(learner, PeftLearner)
    with torch.no_grad():
        for slot in learner.slots():
            noise = torch.randn(slot.tensor.shape, generator=torch.Generator().manual_seed(1))
            if slot.tensor.is_floating_point():
                slot.tensor.add_(0.1 * noise)
    check(learner, data)
    torch.manual_seed(1)
    first = gradients(learner, data, 5)
    torch.manual_seed(2)
    again, other = gradients(learner, data, 5), gradients(learner, data, 6)
    assert first.keys() == again.keys()
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize(("name", "values"), TRIED, ids=str)
def test_every_method_passes(folder: Path, data: Encoded, name: str, values: dict[str, Any]) -> None:
    check(build(fresh(folder), name, values), data)


@pytest.mark.parametrize("name", ["BOFT", "OFT"])
def test_blocks_are_dropped_by_seed_site_and_step(folder: Path, data: Encoded, name: str) -> None:
    learner = build(fresh(folder), "peft", {"type": name, "config": SIZES[name] | dropouts(name)})
    assert isinstance(learner, PeftLearner)
    sites = [module for module in learner.module.modules() if isinstance(module, KeyedBlocks)]
    assert len(sites) == 6
    x = torch.rand((2, 10, 4, 4) if name == "BOFT" else (10, 4, 4))
    identity = torch.eye(4)

    def dropped(site: KeyedBlocks, step: int | None) -> torch.Tensor:
        with learner._dropout.at(data.batch([0], CPU), step):
            out = site(x)
        same, gone = (out == x).all(dim=(-1, -2)), (out == identity).all(dim=(-1, -2))
        assert (same ^ gone).all()
        return gone

    assert not dropped(sites[0], None).any(), "an evaluation drops nothing"
    assert dropped(sites[0], 0).sum() == 3, "0.3 of 10 blocks, of one factor"
    assert torch.equal(dropped(sites[0], 0), dropped(sites[0], 0))
    assert len({tuple(dropped(site, step).flatten().tolist()) for site in sites[:3] for step in range(3)}) > 5


class Draws(nn.Module):
    """A layer that adds to its input what each call draws or remembers."""

    def __init__(self, inner: nn.Module, how: str) -> None:
        super().__init__()
        self.inner, self.how, self.calls = inner, how, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        y = self.inner(x)
        match self.how:
            case "noise":
                return y + torch.rand_like(y)
            case "unused":
                torch.rand(())
                return y
            case _:
                return y * self.calls


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("noise", "two equal evaluations of this method differ"),
        ("counts", "two equal evaluations of this method differ"),
        ("unused", "draws from a global random generator"),
    ],
)
def test_a_layer_that_draws_by_itself_is_refused(folder: Path, data: Encoded, how: str, message: str) -> None:
    model = fresh(folder)
    layer: Any = model.module.get_submodule("roberta.encoder.layer.1.output")
    layer.dense = Draws(layer.dense, how)
    with pytest.raises(SettingsError, match=message):
        check(build(model, "full", {}), data)


class SecondDraws(BankLearner):
    """Draws in its second group of lanes only."""

    def forward(self, batch: Batch, step: int | None, lanes: Sequence[int] | None = None) -> torch.Tensor:
        logits = super().forward(batch, step, lanes)
        return logits if lanes == [0] else logits + torch.rand_like(logits)


def test_every_group_of_lanes_is_checked(folder: Path, data: Encoded) -> None:
    cells = [Cell("a", ImParams(dropout=0.1), 1), Cell("b", ImParams(dropout=0.3), 1)]
    learner = METHODS["imlor2c"].build(fresh(folder), cells, horizon=Horizon(8, 32, 4))
    assert learner.groups() == [[0], [1]]
    check(learner, data)
    learner.__class__ = SecondDraws
    with pytest.raises(SettingsError, match="two equal evaluations"):
        check(learner, data)


def test_dropout_that_is_not_keyed_is_refused(folder: Path, data: Encoded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[AnyPeftParams.__module__], "_UNKEYED", {})
    for field in ("rank_dropout", "module_dropout"):
        learner = build(fresh(folder), "peft", {"type": "LOKR", "config": {"r": 4, field: 0.3}})
        assert isinstance(learner, PeftLearner)
        learner.module.train()
        with pytest.raises(SettingsError):
            check(learner, data)


def test_a_run_fails_before_its_first_step(worker: Worker, place: Path, tmp_path: Path) -> None:
    """LoRA with noise (MonteCLoRA) keeps its draws in a buffer of its own."""
    config = {"r": 4, "monteclora_config": {"num_samples": 2}}
    events = run(worker, tmp_path, settings(place, method={"name": "peft", "type": "LORA", "config": config}))
    (failed,) = only(events, messages.Failed)
    assert failed.error_type == "SettingsError"
    assert not only(events, messages.Metrics)
