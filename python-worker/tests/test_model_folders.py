"""A model folder that training could not use is refused by the look before it, and by the training, in the same words;
the message names the file and says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from broken_models import BROKEN
from spoil import both, config, edit, names_of_2018, one_segment, shards, tensors, vocabulary, write
from worker import settings

from lor2c_worker.errors import PlainError
from lor2c_worker.inspection import Inspection
from lor2c_worker.models import load_model
from lor2c_worker.run.prepare import prepare
from lor2c_worker.settings import ModelSettings, Settings


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound folder of each kind, and rows; tests spoil copies."""
    place = tmp_path_factory.mktemp("models")
    for kind in ("bert", "roberta", "llama"):
        tiny.save(place / kind, kind)
    tiny.save_rows(place / "data", train=16, dev=8)
    return place


def cell(models: Path, model: Path | str, task: str = "sst2", data: Path | None = None) -> Settings:
    value = settings(models)
    value["model"]["name"], value["task"], value["data"]["path"] = str(model), task, str(data or models / "data")
    return Settings.from_json(value)


def spoilt(models: Path, tmp_path: Path, kind: str, spoil: Callable[[Path], None]) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(models / kind, folder)
    spoil(folder)
    return folder


def refusals(value: Settings) -> list[str]:
    """What the look before training says, and what training says."""
    told = []
    for look in (lambda: Inspection().inspect(value), lambda: prepare(value)):
        with pytest.raises(PlainError) as error:
            look()
        told.append(str(error.value))
    return told


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_folder_is_refused_alike_before_training_and_by_it(models: Path, tmp_path: Path, what: str) -> None:
    kind, spoil, parts = BROKEN[what]
    folder = spoilt(models, tmp_path, kind, spoil)
    planned, trained = refusals(cell(models, folder))
    assert planned == trained
    for part in parts:
        assert part.format(m=folder) in planned


def test_a_second_segment_that_the_model_does_not_know_is_refused(models: Path, tmp_path: Path) -> None:
    rows = "sentence1\tsentence2\tlabel\n" + "a film\tthe plot\tentailment\nthe film\ta plot\tnot_entailment\n" * 4
    (tmp_path / "pairs").mkdir()
    for split in ("train", "dev"):
        (tmp_path / "pairs" / f"{split}.tsv").write_text(rows)
    segments = edit("tokenizer_config.json", model_input_names=["input_ids", "token_type_ids", "attention_mask"])
    spoil = both(segments, config(type_vocab_size=1), tensors(one_segment))
    folder = spoilt(models, tmp_path, "bert", spoil)
    planned, trained = refusals(cell(models, folder, "rte", tmp_path / "pairs"))
    assert planned == trained
    assert f"{folder}: its tokenizer gives segment ids up to 1, the model has 1 segment:" in planned


SOUND: dict[str, tuple[str, Callable[[Path], None]]] = {
    "bert": ("bert", lambda folder: None),
    "roberta": ("roberta", lambda folder: None),
    "llama": ("llama", lambda folder: None),
    "shards": ("bert", shards),
    "fp16": ("bert", tensors(lambda t: t.update({name: tensor.half() for name, tensor in t.items()}))),
    "names of 2018": ("bert", tensors(names_of_2018)),
    "a whole classifier": ("bert", lambda folder: tiny.model("bert").save_pretrained(folder)),
    "pickled weights beside": ("bert", write("pytorch_model.bin", b"never opened")),
    "padding of config.json": ("llama", edit("tokenizer_config.json", pad_token=None)),
}


@pytest.mark.parametrize("what", SOUND)
def test_a_sound_folder_is_accepted_by_both(models: Path, tmp_path: Path, what: str) -> None:
    folder = spoilt(models, tmp_path, *SOUND[what])
    value = cell(models, folder)
    assert Inspection().inspect(value)["fingerprint"]["model"].startswith("sha256:")
    prepared = prepare(value)
    assert prepared.train.pad_id == 0
    fresh = {name for name in prepared.model.fresh if "classifier" in name or "score" in name}
    assert bool(fresh) != (what == "a whole classifier")


def test_without_a_padding_token_the_end_of_text_pads(models: Path, tmp_path: Path) -> None:
    spoil = both(edit("tokenizer_config.json", pad_token=None, eos_token="[SEP]"), config(pad_token_id=-1))
    value = cell(models, spoilt(models, tmp_path, "llama", spoil))
    Inspection().inspect(value)
    assert prepare(value).train.pad_id == 2


@pytest.mark.parametrize(
    ("classes", "names", "note"),
    [
        (2, {0: "negative", 1: "positive"}, None),
        (2, {0: "no", 1: "yes"}, "(no, yes); its shape fits this task, so training starts from its weights"),
        (2, {}, "(2 classes); its shape fits this task"),
        (3, {0: "a", 1: "b", 2: "c"}, "(a, b, c); this task has 2 classes, so a new one is drawn"),
    ],
)
def test_the_head_of_another_task_is_noted(
    models: Path, tmp_path: Path, classes: int, names: dict[int, str], note: str | None
) -> None:
    folder = spoilt(models, tmp_path, "bert", lambda folder: None)
    model = tiny.model("bert")
    other = type(model)(model.config.from_dict(model.config.to_dict() | {"num_labels": classes}))
    if names:
        other.config.id2label = names
    other.save_pretrained(folder)
    warnings = Inspection().inspect(cell(models, folder))["warnings"]
    heads = [warning for warning in warnings if "classification head" in warning]
    assert len(heads) == (note is not None)
    assert note is None or note in heads[0]
    kept = load_model(ModelSettings(str(folder)), 2, "classify", 5, torch.device("cpu")).module.classifier.weight
    assert torch.equal(kept, other.classifier.weight) == (classes == 2)


def test_many_unknown_words_are_a_warning(models: Path, tmp_path: Path) -> None:
    def some(content: dict[str, Any]) -> None:
        words = content["model"]["vocab"]
        content["model"]["vocab"] = {f"x{w}" if w in ("film", "is", "the") else w: i for w, i in words.items()}

    folder = spoilt(models, tmp_path, "bert", vocabulary(some))
    warnings = Inspection().inspect(cell(models, folder))["warnings"]
    assert any("% of the tokens of the rows are [UNK]" in warning for warning in warnings)
