"""LoRA on the bank computes what peft's layers inside the model compute, and peft reads what it saves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU, SETTINGS, Seen, training_of
from peft import PeftModel
from safetensors.torch import load_file
from test_methods import fresh
from test_train import rows
from torch import nn
from transformers import AutoModelForSequenceClassification

from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.adapters.peft_learner import PeftLearner
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.learner import Learner
from lor2c_worker.methods import METHODS, Cell, Horizon, count, parse_params
from lor2c_worker.methods.lora_inside import LoraInside
from lor2c_worker.models import LoadedModel
from lor2c_worker.run.loop import train
from lor2c_worker.settings import SettingsError

LORA, INSIDE, HORIZON = METHODS["lora"], LoraInside(), Horizon(3, 12, 4)
ALL = "all-linear"
every_kind = pytest.mark.parametrize("kind", ["bert", "roberta", "llama"])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {kind: tiny.save(root / kind, kind) for kind in ("bert", "roberta", "llama")}


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(28), tiny.tokenizer(), "classify", 32)


def cell(**values: Any) -> Cell:
    return Cell("c", parse_params(LORA, {"rank": 4, "alpha": 8.0, "dropout": 0.2, **values}), 3)


def trained(learner: Learner, data: Encoded) -> dict[str, list[float]]:
    """Three epochs of steps of two micro-batches, of which the last is smaller."""
    seen, settings = Seen(), replace(SETTINGS, gradient_accumulation_steps=2, batch_size=4)
    train(training_of(learner, data, seen, settings))
    assert not [record for _, record in seen.records if record.table or record.changes]
    return {name: seen.values(*name.split(), "c") for name in ("train loss", "train grad_norm", "eval loss")}


def saved(method: Any, learner: Learner, model: LoadedModel, folder: Path) -> dict[str, torch.Tensor]:
    folder.mkdir()
    method.save(learner, 0, model, folder)
    return load_file(folder / "adapter_model.safetensors")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("targets", [["query", "value"], ["key"], ["down", "output"]], ids=str)
@every_kind
def test_trains_as_with_pefts_layers(
    folders: dict[str, Path], data: Encoded, tmp_path: Path, kind: str, targets: list[str], dtype: torch.dtype
) -> None:
    found = []
    for method in (LORA, INSIDE):
        model = fresh(folders[kind])
        model.module.to(dtype)
        learner = method.build(model, [cell(target_modules=targets)], horizon=HORIZON)
        assert isinstance(learner, BankLearner if method is LORA else PeftLearner)
        start = saved(method, learner, model, tmp_path / f"{len(found)} before")
        numbers = trained(learner, data)
        found.append((start, numbers, saved(method, learner, model, tmp_path / f"{len(found)} after")))
    (start, numbers, end), (peft_start, peft_numbers, peft_end) = found
    assert start.keys() == peft_start.keys()
    assert all(torch.equal(start[name], peft_start[name]) for name in start)
    near = 1e-10 if dtype == torch.float64 else 1e-5
    for name, values in numbers.items():
        assert values == pytest.approx(peft_numbers[name], abs=near, rel=near), name
        assert len(set(values)) == len(values)
    for name, tensor in end.items():
        assert tensor.dtype == dtype
        different = (tensor - peft_end[name]).abs()
        # AdamW divides a gradient by its size, so that in fp32 the rounding of one that is nearly 0 becomes a part of
        # a step; in fp64 no value may differ by more than `near`.
        assert different.max() < (near if dtype == torch.float64 else 1e-4), name
        assert different.mean() < near / 10, name
        assert not torch.equal(tensor, start[name]), f"{name} did not train"


@every_kind
def test_peft_reads_what_is_saved_and_what_peft_wrote_is_read(
    folders: dict[str, Path], data: Encoded, tmp_path: Path, kind: str
) -> None:
    batch = data.batch(range(16), CPU)
    for number, method in enumerate((LORA, INSIDE)):
        model, folder = fresh(folders[kind]), tmp_path / str(number)
        learner = method.build(model, [cell(target_modules=ALL)], horizon=HORIZON)
        trained(learner, data)
        saved(method, learner, model, folder)
        expected = logits_of(learner, data, 16, CPU)
        again = LORA.load(fresh(folders[kind]), cell(target_modules=ALL).params, folder)
        assert isinstance(again, BankLearner)
        found = logits_of(again, data, 16, CPU)
        assert torch.equal(found, expected) if method is LORA else torch.allclose(found, expected, atol=1e-6)
        module = AutoModelForSequenceClassification.from_pretrained(folders[kind], num_labels=2)
        module.config.pad_token_id = data.pad_id
        whole = PeftModel.from_pretrained(module, str(folder)).eval()
        with torch.no_grad():
            logits = whole(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
        assert torch.allclose(logits, expected[0, :16], atol=1e-6)
    ours, pefts = (json.loads((tmp_path / name / "adapter_config.json").read_text()) for name in "01")
    for name in ("target_modules", "modules_to_save"):
        assert set(ours.pop(name)) == set(pefts.pop(name))
    assert ours == pefts


def test_a_folder_with_more_than_its_settings_say_is_read_by_peft(
    folders: dict[str, Path], data: Encoded, tmp_path: Path
) -> None:
    model = fresh(folders["bert"])
    learner = INSIDE.build(model, [cell()], horizon=HORIZON)
    trained(learner, data)
    saved(INSIDE, learner, model, tmp_path / "adapter")
    plain = logits_of(LORA.load(fresh(folders["bert"]), cell().params, tmp_path / "adapter"), data, 16, CPU)
    file = tmp_path / "adapter" / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"use_rslora": True}))
    scaled = LORA.load(fresh(folders["bert"]), cell().params, tmp_path / "adapter")
    assert isinstance(scaled, PeftLearner)
    assert not torch.allclose(logits_of(scaled, data, 16, CPU), plain, atol=1e-3)


def test_a_damaged_folder_is_named(folders: dict[str, Path], tmp_path: Path) -> None:
    model = fresh(folders["bert"])
    saved(LORA, LORA.build(model, [cell(target_modules=["query"])], horizon=HORIZON), model, tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"target_modules": ["query", "value"]}))
    with pytest.raises(ValueError, match=r"does not have the tensors .* e\.g\. base_model"):
        LORA.load(fresh(folders["bert"]), cell(target_modules=["query", "value"]).params, tmp_path / "adapter")


def uneven(folder: Path) -> LoadedModel:
    """A Llama with grouped queries, but in its second layer with as many heads of keys and values as of queries."""
    model = fresh(folder)
    attention: Any = model.module.get_submodule("model.layers.1.self_attn")
    torch.manual_seed(1)
    attention.k_proj, attention.v_proj = nn.Linear(16, 16, bias=False), nn.Linear(16, 16, bias=False)
    attention.num_key_value_groups = 1
    return replace(model, module=model.module.requires_grad_(False))


def test_layers_of_different_shapes_train_with_pefts_layers(
    folders: dict[str, Path], data: Encoded, tmp_path: Path
) -> None:
    model, wanted = uneven(folders["llama"]), cell()
    learner = LORA.build(model, [wanted], horizon=HORIZON)
    assert isinstance(learner, PeftLearner)
    assert learner.trainable_parameters(0)[0] == count(LORA, uneven(folders["llama"]), wanted.params)
    trained(learner, data)
    saved(LORA, learner, model, tmp_path / "adapter")
    again = LORA.load(uneven(folders["llama"]), wanted.params, tmp_path / "adapter")
    assert isinstance(again, PeftLearner)
    assert torch.equal(logits_of(again, data, 16, CPU), logits_of(learner, data, 16, CPU))
    other = replace(wanted, id="d", seed=4)
    with pytest.raises(SettingsError, match=r"one run at a time on this model: set train\.bundle to schedules"):
        LORA.build(uneven(folders["llama"]), [wanted, other], horizon=HORIZON)
    same = LORA.build(uneven(folders["llama"]), [wanted, replace(wanted, id="d")], horizon=HORIZON)
    assert same.lanes[0].cells == ["c", "d"]


def test_a_model_of_another_form_trains_with_pefts_layers(folders: dict[str, Path]) -> None:
    """A projection beside the layers; queries that are equal in all layers, although keys are not."""
    model = fresh(folders["bert"])
    model.module.add_module("extra", nn.ModuleDict({"query": nn.Linear(16, 16)}))
    assert isinstance(LORA.build(model, [cell()], horizon=HORIZON), PeftLearner)
    only_query = cell(target_modules=["query"])
    assert isinstance(LORA.build(uneven(folders["llama"]), [only_query], horizon=HORIZON), BankLearner)


def test_all_linear_counts_grouped_queries_and_what_a_model_lacks_is_named(folders: dict[str, Path]) -> None:
    """The tiny Llama: d 16, one of two heads of keys and values, 32 inside; the tiny BERT has no gate."""
    d, kv, inner, rank = 16, 8, 32, 4
    llama = 3 * rank * (2 * 2 * d + 2 * (d + kv) + 3 * (d + inner))
    assert count(LORA, fresh(folders["llama"]), cell(target_modules=ALL).params) == llama
    bert = 3 * rank * (4 * 2 * d + 2 * (d + inner))
    assert count(LORA, fresh(folders["bert"]), cell(target_modules=ALL).params) == bert
    with pytest.raises(SettingsError, match="has no gate projection; it has query, key, value, output, up, down"):
        LORA.build(fresh(folders["bert"]), [cell(target_modules=["gate"])], horizon=HORIZON)
    with pytest.raises(SettingsError, match="write all-linear, or a list"):
        cell(target_modules="every")


@pytest.mark.parametrize("name", ["lora", "adalora", "pissa", "dylora"])
def test_no_projection_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="target_modules is empty: name at least one of query, key, value"):
        parse_params(METHODS[name], {"target_modules": []})
