"""Method `none`: the untuned model as a run of its own, evaluated once."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import asking
import pytest
import stopping
import tiny
import torch
from loops import CPU
from test_instruct import ROWS, write
from test_methods_on_language_models import batch_of
from torch.nn import functional as F
from worker import only, settings

from lor2c_worker import messages
from lor2c_worker.backbones.adapted_decoder import AdaptedDecoder
from lor2c_worker.backbones.hf_decoder import HfDecoder
from lor2c_worker.inspection import Inspection, count_parameters
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.models import Storage, load_model
from lor2c_worker.prompting.subject import Subject
from lor2c_worker.settings import ModelSettings, Settings, SettingsError


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("untuned")
    tiny.save_causal(folder / "model")
    write(folder / "data" / "train.json", ROWS)
    write(folder / "data" / "dev.json", ROWS[:5])
    return folder


def untuned(place: Path, model: dict[str, Any] | None = None, **train: Any) -> dict[str, Any]:
    value = settings(place, method=asking.UNTUNED, **{"max_length": 64, "precision": "fp32", **train})
    value["task"], value["data"] = {"name": "instruct"}, {"path": str(place / "data"), "template": "none"}
    value["model"] |= model or {}
    return value


def test_a_run_is_one_evaluation_at_epoch_0_and_saves_nothing(place: Path, tmp_path: Path) -> None:
    events = stopping.train(tmp_path, untuned(place))
    [started], [finished] = only(events, messages.Started), only(events, messages.Finished)
    assert (started.total_steps, started.num_epochs, started.trainable_parameters) == (0, 0, 0)
    [metrics] = only(events, messages.Metrics)
    assert (metrics.split, metrics.step, metrics.epoch) == ("eval", 0, 0)
    assert metrics.values["perplexity"] == pytest.approx(math.exp(metrics.values["loss"]))
    assert (finished.best_epoch, finished.best_score) == (0, metrics.values["loss"])
    assert (finished.trainable_parameters, finished.train_tokens, finished.train_seconds) == (0, 0, 0)
    assert only(events, messages.Artifact) == []
    assert not (tmp_path / "c" / "adapter").exists()
    # As a method that has learned nothing yet.
    lora = untuned(place, num_train_epochs=1, learning_rate=1e-12)
    lora["method"] = asking.LORA
    [other] = only(stopping.train(tmp_path / "lora", lora), messages.Finished)
    assert finished.best_score == pytest.approx(other.best_score, abs=1e-6)


@pytest.mark.parametrize("model", [{"dtype": "bf16"}, {"quantization": "nf4"}], ids=["bf16", "nf4"])
def test_training_settings_without_effect_do_no_harm(place: Path, tmp_path: Path, model: dict[str, str]) -> None:
    train = {"gradient_checkpointing": True, "tokens_per_batch": 100, "early_stopping_patience": 1, "holdout": 3}
    value = untuned(place, model, warmup_steps=100, eval_steps=1000, **train)
    planned = Inspection().inspect(Settings.from_json(value))
    assert (planned["total_steps"], planned["trainable_parameters"], planned["warnings"]) == (0, 0, [])
    assert count_parameters(Settings.from_json(value))["parts"] == []
    events = stopping.train(tmp_path, value)
    [finished] = only(events, messages.Finished)
    assert (finished.chosen_on, finished.best_epoch) == ("holdout", 0)
    assert {event.split for event in only(events, messages.Metrics)} == {"eval", "holdout"}


def test_a_stop_before_the_evaluation_leaves_nothing_and_the_run_begins_again(place: Path, tmp_path: Path) -> None:
    stopped = stopping.train(tmp_path, untuned(place), stop=stopping.at_start)
    assert [event.step for event in only(stopped, messages.Stopped)] == [0]
    assert len(only(stopping.train(tmp_path, untuned(place)), messages.Finished)) == 1


def test_a_classifier_is_refused(place: Path, tmp_path: Path) -> None:
    tiny.save(tmp_path / "model", "llama")
    tiny.save_rows(tmp_path / "data")
    value = settings(tmp_path, method=asking.UNTUNED)
    with pytest.raises(SettingsError, match="head of this task would be random numbers"):
        Inspection().inspect(Settings.from_json(value))
    model = load_model(ModelSettings(str(tmp_path / "model")), 2, "classify", 3, CPU)
    with pytest.raises(SettingsError, match="Take a task that learns texts"):
        METHODS["none"].build(model, [Cell("c", parse_params(METHODS["none"], {}))], horizon=Horizon(0, 0, 1))


@pytest.mark.parametrize("storage", [Storage(), Storage("nf4"), Storage("bf16", "bf16")], ids=lambda one: one.linear)
def test_it_runs_unpadded_to_the_numbers_of_the_padded_module(place: Path, storage: Storage) -> None:
    model = load_model(ModelSettings(str(place / "model")), 1, "language_model", 3, CPU, storage)
    method, batch = METHODS["none"], batch_of()
    learner = method.build(model, [Cell("c", parse_params(method, {}))], horizon=Horizon(0, 0, 1))
    assert batch.targets is not None
    with torch.no_grad():
        logits = model.module(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
        want = F.cross_entropy(logits.flatten(0, 1)[batch.targets.places].float(), batch.targets.ids, reduction="none")
        assert torch.allclose(learner.forward(batch, None)[0], want, atol=1e-5)
    decoder, padded = learner.decoder(), HfDecoder(model.module)
    assert isinstance(decoder, AdaptedDecoder)
    rows = len(batch.rows)
    caches = decoder.new_cache(rows), padded.new_cache(rows)
    for _ in range(2):  # the second time after what is in the cache
        found, expected = decoder.next_logits(batch, caches[0]), padded.next_logits(batch, caches[1])
        assert torch.allclose(found, expected, atol=1e-5)


def test_a_run_and_its_model_share_their_scores(place: Path) -> None:
    """Whatever it would train with: the same model hash, and no adapter."""
    subjects = [Subject.of(None, value) for value in (untuned(place), untuned(place, learning_rate=1.0, max_length=16))]
    assert subjects[0].model_hash() == subjects[1].model_hash()
    assert [subject.adapter_hash() for subject in subjects] == [None, None]
