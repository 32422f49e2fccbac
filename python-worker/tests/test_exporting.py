"""`export_adapter`: a complete folder of any adapter, and a plain model with its outputs where weights can hold it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from drawn_adapters import info_of, save
from huggingface_hub import ModelCard
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from lor2c_worker import messages
from lor2c_worker.exporting.export_adapter import export_adapter
from lor2c_worker.models import model_fingerprint
from lor2c_worker.predict import predict
from lor2c_worker.run.adapter_folder import read_info
from lor2c_worker.run.start_from import start_hash
from lor2c_worker.settings import ModelSettings, SettingsError

TEXTS = ["the film is good", "it was dull and not very bright"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("tiny") / "my-model")


def export(folder: Path, target: Path, **asked: Any) -> Any:
    fields = {"fingerprint": None, "license": None, "merged": False, "repository": None} | asked
    command = messages.ExportAdapter(request="e", folder=str(folder), target=str(target), **fields)
    events = []
    export_adapter(command, lambda kind, **values: events.append(kind(seq=1, **values)), lambda: False)
    [event] = events
    assert event.files == sorted(str(f.relative_to(target)) for f in target.rglob("*") if f.is_file())
    return event


def test_a_folder_from_before_cards_is_completed(model: Path, tmp_path: Path) -> None:
    info = info_of(model, {"name": "lor2c", "rank": 4})
    old = save(tmp_path / "old", info, then=lambda folder: (folder / "README.md").write_text("of peft"))
    event = export(old, tmp_path / "new", license="mit")
    assert event.notes == [f"its base model is the local folder {model}, which others do not have"]
    card = ModelCard.load(tmp_path / "new" / "README.md")
    assert card.data.license == "mit"
    assert "FOLDER = '.'  # this folder, or its repository on the hub\n" in card.text
    found = read_info(tmp_path / "new")
    assert (found.settings["data"]["path"], found.settings["model"]["name"]) == ("rows.csv", str(model))
    assert predict(tmp_path / "new", TEXTS, None) == predict(old, TEXTS, None)
    # A run that starts from the copy is the one that starts from the run.
    assert start_hash(str(tmp_path / "new")) == start_hash(str(old))
    assert (old / "README.md").read_text() == "of peft"


def test_the_commit_is_that_of_the_run(tmp_path: Path) -> None:
    info = info_of("minilm", {"name": "lora", "rank": 2})
    folder = save(tmp_path / "adapter", info, then=lambda _: None)
    told = json.loads((folder / "lor2c.json").read_text())
    told["settings"]["model"]["name"] = "FacebookAI/roberta-base"
    (folder / "lor2c.json").write_text(json.dumps(told))
    export(folder, tmp_path / "new", fingerprint=f"FacebookAI/roberta-base@{'a' * 40}")
    config = json.loads((tmp_path / "new" / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == ("FacebookAI/roberta-base", "a" * 40)


@pytest.mark.parametrize(
    "method", [{"name": "lora", "rank": 2}, {"name": "adapter", "bottleneck": 4}, {"name": "full"}]
)
def test_what_is_pushed_has_no_path_and_no_stray_file(tmp_path: Path, method: dict[str, Any]) -> None:
    model = tiny.save(tmp_path / "my-model")
    folder = save(tmp_path / "adapter", info_of(model, method))
    for name in ("notes.txt", "optimizer.safetensors", ".env"):
        (folder / name).write_text("mine")
    event = export(
        folder, tmp_path / "new", repository="me/mine", fingerprint=model_fingerprint(ModelSettings(str(model)))
    )
    assert event.notes[-1] == "left out, as no part of the adapter: .env, notes.txt, optimizer.safetensors"
    assert len(event.files) == 4
    assert all(str(tmp_path).encode() not in file.read_bytes() for file in (tmp_path / "new").iterdir())
    assert read_info(tmp_path / "new").settings["model"]["name"] == "./my-model"
    assert method["name"] == "adapter" or "FOLDER = 'me/mine'\n" in (tmp_path / "new" / "README.md").read_text()
    if method["name"] == "lora":
        assert (
            json.loads((tmp_path / "new" / "adapter_config.json").read_text())["base_model_name_or_path"]
            == "./my-model"
        )


def test_a_prompt_method_tells_no_path_of_its_tokenizer(tmp_path: Path) -> None:
    model = tiny.save(tmp_path / "my-model")
    start = {"prompt_tuning_init": "TEXT", "prompt_tuning_init_text": "good", "tokenizer_name_or_path": str(model)}
    method = {"name": "peft", "type": "PROMPT_TUNING", "config": {"num_virtual_tokens": 2, **start}}
    folder = save(tmp_path / "adapter", info_of(model, method))
    export(folder, tmp_path / "new", repository="me/mine", fingerprint=model_fingerprint(ModelSettings(str(model))))
    assert all(str(tmp_path).encode() not in file.read_bytes() for file in (tmp_path / "new").iterdir())
    config = json.loads((tmp_path / "new" / "adapter_config.json").read_text())
    assert config["tokenizer_name_or_path"] == "my-model"
    own = json.loads((folder / "adapter_config.json").read_text())
    assert own["tokenizer_name_or_path"] == str(model)


def test_a_relative_folder_is_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fingerprint = model_fingerprint(ModelSettings(str(tiny.save(tmp_path / "models" / "bert"))))
    monkeypatch.chdir(tmp_path)
    folder = save(tmp_path / "adapter", info_of("models/bert", {"name": "lora", "rank": 2}))
    assert "base_model:" not in (folder / "README.md").read_text()
    # Also where it is not to be seen.
    monkeypatch.chdir(tmp_path / "models")
    export(folder, tmp_path / "new", fingerprint=fingerprint)
    card = ModelCard.load(tmp_path / "new" / "README.md")
    assert (card.data.base_model, "BASE = 'bert'  # a local folder" in card.text) == (None, True)


MERGED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("bert", {"name": "lora", "rank": 4, "target_modules": "all-linear"}, {}),
    ("roberta", {"name": "lora", "rank": 4}, {}),
    ("llama", {"name": "lora", "rank": 4}, {}),
    ("bert", {"name": "lora", "rank": 4}, {"quantization": "nf4"}),
    ("roberta", {"name": "lora", "rank": 4}, {"quantization": "int8", "dtype": "bf16"}),
    ("modernbert", {"name": "lora", "rank": 4, "target_modules": ["key", "down"]}, {"quantization": "nf4"}),
    ("deberta-v2", {"name": "lora", "rank": 4}, {}),
    ("bert", {"name": "pissa", "rank": 2}, {}),
    ("bert", {"name": "adalora", "init_rank": 4, "target_rank": 2}, {}),
    ("bert", {"name": "dylora", "rank": 4}, {"quantization": "nf4"}),
    ("bert", {"name": "full"}, {}),
    ("bert", {"name": "peft", "type": "LORA", "config": {"r": 4, "use_dora": True}}, {}),
    ("bert", {"name": "peft", "type": "IA3"}, {}),
    ("bert", {"name": "peft", "type": "LN_TUNING", "config": {"target_modules": ["LayerNorm"]}}, {}),
    ("bert", {"name": "peft", "type": "LOHA", "config": {"r": 4}}, {}),
]


@pytest.mark.parametrize(("base", "method", "held"), MERGED)
def test_a_merged_model_needs_transformers_alone(
    tmp_path: Path, base: str, method: dict[str, Any], held: dict[str, Any]
) -> None:
    info = info_of(tiny.save(tmp_path / "my-model", base), method, model=held)
    adapter = save(tmp_path / "adapter", info)
    event = export(adapter, tmp_path / "merged", merged=True)
    assert 0 <= event.difference < 1e-4
    assert event.tolerance == 1e-4
    folder = tmp_path / "merged"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    plain = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    assert plain.config.id2label == {0: "bad", 1: "good"}
    with torch.no_grad():
        found = plain(**tokenizer(TEXTS, padding=True, return_tensors="pt")).logits.softmax(-1)
    for row, item in zip(found, predict(adapter, TEXTS, None), strict=True):
        assert row.tolist() == pytest.approx(list(item["scores"].values()), abs=1e-4)
    # The adapter did something, so that the model is not the one that was there.
    if method["name"] != "full":
        trained = load_file(folder / "model.safetensors")
        before = load_file(tmp_path / "my-model" / "model.safetensors")
        assert any(not torch.equal(trained[n], v) for k, v in before.items() for n in trained if n.endswith(k))
    text = "".join(f.read_text(encoding="utf-8") for f in folder.iterdir() if f.suffix in (".json", ".md"))
    assert str(tmp_path) not in text
    assert not (folder / "lor2c.json").exists()
    assert ModelCard.load(folder / "README.md").data.library_name == "transformers"


@pytest.mark.parametrize("held", [{}, {"quantization": "nf4", "dtype": "bf16"}])
@pytest.mark.parametrize("tied", [True, False])
def test_a_merged_language_model(tmp_path: Path, held: dict[str, Any], tied: bool) -> None:
    base = tiny.save_causal(tmp_path / "my-model", tie_word_embeddings=tied)
    stops = {"eos_token_id": [7, 9], "do_sample": True, "temperature": 0.6, "pad_token_id": 0}
    (base / "generation_config.json").write_text(json.dumps(stops))
    info = info_of(base, {"name": "lora", "rank": 4}, kind="language_model", model=held)
    adapter = save(tmp_path / "adapter", info)
    assert export(adapter, tmp_path / "merged", merged=True).difference < 1e-4
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert plain.dtype == torch.float32
    assert len(plain.generate(torch.tensor([[5, 6, 7]]), min_new_tokens=3, max_new_tokens=3)[0]) == 6
    assert stops.items() <= plain.generation_config.to_dict().items()
    if not held:
        whole = save(tmp_path / "full", info_of(base, {"name": "full"}, kind="language_model"))
        export(whole, tmp_path / "copy")
        kept = json.loads((tmp_path / "copy" / "generation_config.json").read_text())
        assert stops.items() <= kept.items()


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ({"name": "imlor2c", "rank": 4, "merges": 1}, "goes around a whole layer"),
        ({"name": "adapter", "bottleneck": 4}, "is not linear"),
        ({"name": "peft", "type": "PROMPT_TUNING", "config": {"num_virtual_tokens": 3}}, "virtual tokens"),
    ],
)
def test_what_no_weights_hold_is_refused(model: Path, tmp_path: Path, method: dict[str, Any], why: str) -> None:
    folder = save(tmp_path / "adapter", info_of(model, method))
    with pytest.raises(SettingsError, match=rf"cannot be merged: .*{why}.*Without --merged"):
        export(folder, tmp_path / "merged", merged=True)
    assert [file.name for file in tmp_path.iterdir()] == ["adapter"]


def test_another_model_in_the_folder_is_refused(tmp_path: Path) -> None:
    model = tiny.save(tmp_path / "my-model")
    fingerprint = model_fingerprint(ModelSettings(str(model)))
    folder = save(tmp_path / "adapter", info_of(model, {"name": "lora", "rank": 2}))
    export(folder, tmp_path / "same", merged=True, fingerprint=fingerprint)
    weights = load_file(model / "model.safetensors")
    save_file({name: tensor + 1 for name, tensor in weights.items()}, model / "model.safetensors", {"format": "pt"})
    with pytest.raises(SettingsError, match=r"my-model' has changed since the run"):
        export(folder, tmp_path / "merged", merged=True, fingerprint=fingerprint)
    assert not (tmp_path / "merged").exists()


def test_a_branch_that_moved_is_left_for_the_commit_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("transformers.utils.hub.constants.HF_HUB_CACHE", str(tmp_path))
    stored, (first, second) = tmp_path / "models--some--merged", ("a" * 40, "b" * 40)
    tiny.save(stored / "snapshots" / first)
    moved = tiny.save(stored / "snapshots" / second) / "model.safetensors"
    save_file({name: tensor + 1 for name, tensor in load_file(moved).items()}, moved, {"format": "pt"})
    (stored / "refs").mkdir()
    (stored / "refs" / "main").write_text(second)
    info = info_of("some/merged", {"name": "lora", "rank": 2, "target_modules": ["query"]})
    folder = save(tmp_path / "adapter", info)
    export(folder, tmp_path / "merged", merged=True, fingerprint=f"some/merged@{first}")
    name = "embeddings.word_embeddings.weight"
    whole = load_file(tmp_path / "merged" / "model.safetensors")
    planned = load_file(stored / "snapshots" / first / "model.safetensors")
    assert torch.equal(whole[f"bert.{name}"], planned[name])


def test_other_outputs_leave_nothing(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path / "adapter", info_of(model, {"name": "lora", "rank": 4}))
    monkeypatch.setattr("lor2c_worker.methods.merge.merge_folder", lambda model, folder: model.module)
    with pytest.raises(SettingsError, match="gives other outputs than the adapter"):
        export(folder, tmp_path / "merged", merged=True)
    assert [file.name for file in tmp_path.iterdir()] == ["adapter"]
