"""Adapters: their places, which are absent, and what a random drop does not change."""

from __future__ import annotations

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
from lor2c_worker.backbones.hf_backbone import base_of, find_layers
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.methods.adapter import AdapterLearner, Bottleneck
from lor2c_worker.settings import SettingsError

METHOD = METHODS["adapter"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {kind: tiny.save(root / kind, kind) for kind in (*KINDS, "mpnet")}


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(32), tiny.tokenizer(), "classify", 32)


def cell(**values: Any) -> Cell:
    return Cell("c", parse_params(METHOD, {"bottleneck": 4, **values}), 3)


def build(folder: Path, **values: Any) -> AdapterLearner:
    learner = METHOD.build(fresh(folder), [cell(**values)], horizon=Horizon(8, 32, 4))
    assert isinstance(learner, AdapterLearner)
    return learner


@pytest.mark.parametrize("kind", [*KINDS, "mpnet"])
def test_the_output_is_that_of_the_block_written_out(folders: dict[str, Path], data: Encoded, kind: str) -> None:
    """Compares adapters that are not zero with hooks on the base model's blocks."""
    learner = build(folders[kind], style="houlsby")
    torch.manual_seed(0)
    found = learner.adapters()
    base = fresh(folders[kind])
    after_attention = "attention.attn.o" if kind == "mpnet" else "attention.output.dense"
    blocks = ("self_attn", "mlp") if kind == "llama" else (after_attention, "output.dense")

    def after(adapter: Bottleneck) -> Any:
        def hook(module: Any, args: Any, output: Any) -> Any:
            x = output[0] if isinstance(output, tuple) else output
            inner = torch.relu(x @ adapter.down.weight.T + adapter.down.bias)
            x = x + inner @ adapter.up.weight.T + adapter.up.bias
            return (x, *output[1:]) if isinstance(output, tuple) else x

        return hook

    for layer, adapters in zip(find_layers(base_of(base.module))[0], found, strict=True):
        assert len(adapters) == 2
        for path, adapter in zip(blocks, adapters, strict=True):
            for parameter in adapter.parameters():
                torch.nn.init.normal_(parameter, std=0.3)
            layer.get_submodule(path).register_forward_hook(after(adapter))
    assert METHOD.check(learner, cell(style="houlsby")) == []
    batch = data.batch(range(16), CPU)
    with torch.no_grad():
        expected = base.module(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    assert torch.allclose(logits_of(learner, data, 16, CPU)[0, :16], expected, atol=1e-5)


@pytest.mark.parametrize(("drop", "style", "each"), [(0, "pfeiffer", 1), (1, "houlsby", 2), (2, "pfeiffer", 1)])
def test_dropped_layers_have_no_adapter(folders: dict[str, Path], drop: int, style: str, each: int) -> None:
    learner = build(folders["bert"], adapter_drop=drop, style=style)
    assert [len(found) for found in learner.adapters()] == [0] * drop + [each] * (3 - drop)
    assert METHOD.check(learner, cell(adapter_drop=drop, style=style)) == []


def test_an_adapter_that_should_be_absent_or_present_fails_the_run(folders: dict[str, Path]) -> None:
    learner = build(folders["bert"])
    assert METHOD.check(learner, cell(adapter_drop=1)) == ["layer 0 has 1 adapters, not 0"]
    layer: Any = learner._layers[2]
    layer.output.dropout = layer.output.dropout.base_layer
    assert METHOD.check(learner, cell()) == ["layer 2 has 0 adapters, not 1"]


def test_a_batch_leaves_out_the_first_layers_and_evaluation_none(folders: dict[str, Path], data: Encoded) -> None:
    learner = build(folders["roberta"], random_drop=True)
    for adapters in learner.adapters():
        torch.nn.init.normal_(adapters[0].up.weight, std=0.3)
    seen = set()
    for step in range(12):
        for slot in learner.slots():
            slot.tensor.grad = None
        learner.forward(data.batch(range(8), CPU), step).square().sum().backward()
        first = learner.dropped(step)
        seen.add(first)
        assert [found[0].up.weight.grad is not None for found in learner.adapters()] == [i >= first for i in range(3)]
    assert seen == {0, 1, 2}
    logits_of(learner, data, 16, CPU)
    assert all(found[0].active for found in learner.adapters())


def test_random_drops_that_do_not_vary_fail_the_run(
    folders: dict[str, Path], data: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AdapterLearner, "dropped", lambda self, step: 1)
    learner = build(folders["roberta"], random_drop=True)
    train_it(learner, data)
    assert METHOD.check(learner, cell(random_drop=True)) == [
        "all 16 steps left out the same adapters: random_drop did not act"
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"adapter_drop": 3}, "adapter_drop 3 leaves no adapter in a model of 3 layers"),
        ({"random_drop": True, "random_drop_max": 3}, "random_drop_max 3 leaves no adapter"),
        ({"random_drop_max": 2}, "random_drop is false"),
    ],
)
def test_settings_that_leave_nothing_to_train_are_refused(
    folders: dict[str, Path], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        build(folders["bert"], **values)


def test_a_run_beats_the_majority_and_reloads(worker: Worker, place: Path, tmp_path: Path) -> None:
    method = {"name": "adapter", "bottleneck": 8, "adapter_drop": 1}
    events = run(worker, tmp_path, settings(place, method=method, num_train_epochs=8))
    (finished,) = only(events, messages.Finished)
    assert finished.best_score > finished.majority_score
    assert finished.trainable_parameters == 2 * (2 * 8 * 16 + 8 + 16)
    assert any("no adapters in the first 1 layer" in note for note in only(events, messages.Started)[0].notes)
