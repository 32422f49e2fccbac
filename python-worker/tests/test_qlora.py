"""QLoRA on tiny models. bitsandbytes also quantises on the CPU."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from test_methods import CPU, KINDS, fresh
from test_methods import run as train_it
from test_train import rows
from worker import Worker, only, run, settings

from lor2c_worker import messages
from lor2c_worker.backbones.hf_backbone import base_of
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.inspection import Inspection
from lor2c_worker.learner import Learner
from lor2c_worker.methods import METHODS, Cell, Horizon, count, parse_params
from lor2c_worker.methods.lora_inside import LoraInside, LoraParams
from lor2c_worker.models import LoadedModel, empty_model, known_config
from lor2c_worker.settings import ModelSettings, Settings, SettingsError

METHOD = METHODS["qlora"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Models wide enough for blocks of 64 weights, and for the blocks of 256 scales of double quantisation."""
    root = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tiny.SHAPE, "hidden_size", 64)
        patch.setitem(tiny.SHAPE, "intermediate_size", 128)
        yield {kind: tiny.save(root / kind, kind) for kind in KINDS}


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(32), tiny.tokenizer(), "classify", 32)


def cell(**values: Any) -> Cell:
    return Cell("c", parse_params(METHOD, {"rank": 4, **values}), 3)


def build(model: LoadedModel, seed: int = 3, **values: Any) -> Learner:
    return METHOD.build(model, [replace(cell(**values), seed=seed)], horizon=Horizon(8, 32, 4))


def dequantised(model: LoadedModel) -> None:
    """The paper's rounding written out: blocks of 64, scaled by their largest value, to the nearest of 16 levels."""
    from bitsandbytes.functional import get_4bit_type

    levels = get_4bit_type("nf4", device="cpu")
    for name, linear in base_of(model.module).named_modules():
        if isinstance(linear, torch.nn.Linear) and name.split(".")[0] not in model.head:
            blocks = linear.weight.data.view(-1, 64)
            largest = blocks.abs().amax(dim=1, keepdim=True)
            nearest = (blocks / largest).unsqueeze(-1).sub(levels).abs().argmin(dim=-1)
            linear.weight.data = (levels[nearest] * largest).view(linear.weight.shape)


@pytest.mark.parametrize("kind", KINDS)
def test_it_starts_as_the_backbone_rounded_to_nf4(folders: dict[str, Path], data: Encoded, kind: str) -> None:
    learner = build(fresh(folders[kind]), double_quantisation=False)
    base = fresh(folders[kind])
    dequantised(base)
    batch = data.batch(range(16), CPU)
    with torch.no_grad():
        expected = base.module(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    assert torch.allclose(logits_of(learner, data, 16, CPU)[0, :16], expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_trains_only_its_own_saves_and_reloads(
    folders: dict[str, Path], data: Encoded, tmp_path: Path, kind: str
) -> None:
    model = fresh(folders[kind])
    learner = build(model)
    trained = {id(slot.tensor) for slot in learner.slots()}
    frozen = {n: p.detach().clone() for n, p in model.module.named_parameters() if id(p) not in trained}
    assert sum(p.dtype == torch.uint8 for p in frozen.values()) == 3 * (7 if kind == "llama" else 6)
    losses, _ = train_it(learner, data)
    assert sum(losses[-4:]) < sum(losses[:4])
    now = dict(model.module.named_parameters())
    assert all(torch.equal(now[name], value) for name, value in frozen.items())
    assert METHOD.check(learner, cell()) == []
    METHOD.save(learner, 0, model, tmp_path)
    again = METHOD.load(fresh(folders[kind]), cell().params, tmp_path)
    assert torch.equal(logits_of(again, data, 16, CPU), logits_of(learner, data, 16, CPU))
    body, _ = learner.trainable_parameters(0)
    empty = empty_model(ModelSettings(str(folders[kind])), 2, "classify")
    assert count(METHOD, empty, cell().params) == body


def test_same_seed_same_losses_other_seed_others(folders: dict[str, Path], data: Encoded) -> None:
    first, again = (train_it(build(fresh(folders["roberta"])), data)[0] for _ in range(2))
    other = train_it(build(fresh(folders["roberta"], 4), 4), data, 4)[0]
    assert first == again != other


def test_a_layer_left_in_full_precision_fails_the_run(folders: dict[str, Path]) -> None:
    learner = LoraInside().build(fresh(folders["bert"]), [Cell("c", LoraParams(), 3)], horizon=Horizon(8, 32, 4))
    assert len(METHOD.check(learner, cell())) == 18
    assert METHOD.check(build(fresh(folders["bert"]), double_quantisation=False), cell())


def test_a_run_beats_the_majority_and_reloads(
    worker: Worker,
    place: Path,
    folders: dict[str, Path],
    tmp_path: Path,
) -> None:
    value = settings(place, method={"name": "qlora", "rank": 4}, num_train_epochs=8, learning_rate=4e-3)
    value["model"] = {"name": str(folders["bert"]), "revision": None}
    events = run(worker, tmp_path, value)
    assert not only(events, messages.Failed), only(events, messages.Failed)
    (finished,) = only(events, messages.Finished)
    assert finished.best_score > finished.majority_score
    assert finished.trainable_parameters == 3 * 2 * 4 * (64 + 64)


def test_widths_that_the_cpu_would_read_wrongly_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tiny.SHAPE, "hidden_size", 16)
    with pytest.raises(SettingsError, match="takes 16 inputs; on the CPU bitsandbytes needs a multiple of 64"):
        build(fresh(tiny.save(tmp_path)))


def test_without_the_package_the_error_names_the_command(
    place: Path, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "bitsandbytes"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    monkeypatch.setitem(sys.modules, "bitsandbytes.nn", None)
    command = re.escape(f'{sys.executable} -m pip install "bitsandbytes>=0.50"')
    with pytest.raises(SettingsError, match=command) as refused:
        build(fresh(folders["bert"]))
    assert refused.value.__suppress_context__
    value = settings(place, method={"name": "qlora", "rank": 4})
    value["model"] = {"name": str(folders["bert"]), "revision": None}
    with pytest.raises(SettingsError, match=command):  # what a plan shows for its runs
        Inspection().inspect(Settings.from_json(value))


def test_counts_need_no_package() -> None:
    name = "meta-llama/Llama-2-7b-hf"
    empty = empty_model(ModelSettings(name), 2, "classify", known_config(name))
    assert count(METHOD, empty, parse_params(METHOD, {"rank": 64})) == 33_554_432
