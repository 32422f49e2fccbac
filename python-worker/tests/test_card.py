"""The card of a saved folder: its code runs and says what lor2c says, its metadata is valid, no value breaks it."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import yaml
from drawn_adapters import info_of, save
from huggingface_hub import ModelCard
from safetensors import safe_open

from lor2c_worker.data.task import Kind
from lor2c_worker.models import base_model
from lor2c_worker.predict import predict
from lor2c_worker.run.adapter_folder import read_info
from lor2c_worker.run.card import complete
from lor2c_worker.run.start_from import start_hash
from lor2c_worker.settings import ModelSettings, Settings

IMLOR2C = {"name": "imlor2c", "rank": 4, "merges": 1, "injections": 1}
METHODS: list[dict[str, Any]] = [
    IMLOR2C,
    {"name": "sharelor2c", "rank": 4},
    {"name": "lora", "rank": 4},
    {"name": "pissa", "rank": 2},
    {"name": "adalora", "init_rank": 4, "target_rank": 2},
    {"name": "peft", "type": "PROMPT_TUNING", "config": {"num_virtual_tokens": 3}},
    {"name": "dylora", "rank": 4},
    {"name": "adapter", "bottleneck": 4},
    {"name": "full"},
]
#: What names of labels, columns and models may have.
ODD = ("a|b", "`` ``` x", "line\nbreak", "<b>*[x](y)*", "---", "{{ j }}", "é: 'q' \"d\"", "\x1b[2J")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("tiny") / "my-model")


def run(folder: Path, model: Path | None, change: tuple[str, str] = ("A text", "the film is good")) -> str:
    """What the card's code prints, with the folder and the base model where they are."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    code = re.search(r"(`{3,})python\n(.*?)\n\1", text, re.DOTALL)
    assert code is not None
    lines = code[2].replace("FOLDER = '.'", f"FOLDER = {str(folder)!r}").replace('Path(".")', f"Path({str(folder)!r})")
    lines = lines.replace(f"BASE = {model and model.name!r}", f"BASE = {str(model)!r}").replace(*change)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(lines, {"__name__": "card"})
    return out.getvalue().strip()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method["name"])
def test_its_code_gives_the_labels_of_lor2c(model: Path, tmp_path: Path, method: dict[str, Any]) -> None:
    folder = save(tmp_path / "adapter", info_of(model, method))
    [item] = predict(folder, ["the film is good"], None)
    said = run(folder, model)
    assert said == (str([item]) if method["name"] in ("dylora", "adapter") else item["label"])
    card = ModelCard.load(folder / "README.md")
    assert card.data.library_name == {"full": "transformers", "dylora": "lor2c", "adapter": "lor2c"}.get(
        method["name"], "peft"
    )
    assert "pip install lor2c-peft" in card.text or "lor2c" not in method["name"]
    assert str(model.parent) not in card.content
    assert "/home/somebody" not in card.content


@pytest.mark.parametrize(("kind", "said"), [("regress", "[0-9.-]+"), ("multi_label", r"\[.*\]")])
def test_other_tasks(model: Path, tmp_path: Path, kind: Kind, said: str) -> None:
    name = "regress" if kind == "regress" else "classify"
    folder = save(tmp_path / "adapter", info_of(model, IMLOR2C, kind=kind, pairs=True, task={"name": name}))
    [item] = predict(folder, ["the film is good"], ["the plot is dull"])
    found = run(folder, model, ('"A text", "Its second text"', '"the film is good", "the plot is dull"'))
    assert re.fullmatch(said, found)
    if kind == "regress":
        assert float(found) == pytest.approx(float(item["label"]), abs=1e-3)
        # Without it a pipeline makes a probability of the value.
        assert 'problem_type="regression"' in (folder / "README.md").read_text()
    else:
        assert json.loads(item["label"]) == eval(found)


@pytest.mark.parametrize("template", [None, "Q: {prompt}\nA:", "chat"])
def test_a_language_model_continues_a_text(tmp_path: Path, template: str | None) -> None:
    base = tiny.save_causal(tmp_path / "base", chat=tiny.CHAT)
    info = info_of(base, IMLOR2C, kind="language_model", data={"template": template})
    folder = save(tmp_path / "adapter", info)
    run(folder, base)
    card = ModelCard.load(folder / "README.md")
    assert card.data.pipeline_tag == "text-generation"


def test_no_name_breaks_it(tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "a `b`|---\n# c")
    info = info_of(base, IMLOR2C, names=ODD, data={"columns": {"text": "x\n---\ny", "label": "```\n`"}})
    folder = save(tmp_path / "adapter", info)
    assert run(folder, base) in ODD
    card = ModelCard.load(folder / "README.md")
    assert card.data.model_name.startswith("imlor2c-a")
    headings = [line for line in re.sub(r"(?s)(`{3,}).*?\n\1\n", "", card.text).split("\n") if line.startswith("#")]
    assert len(headings) == 7
    shown = re.search(r"(`{3,})yaml\n(.*?)\n\1", card.text, re.DOTALL)
    assert shown is not None
    assert yaml.safe_load(shown[2])["data"]["columns"] == {"text": "x\n---\ny", "label": "```\n`"}
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", card.content)


def test_metadata_names_what_is_on_the_hub(model: Path, tmp_path: Path) -> None:
    info = info_of(
        model, IMLOR2C, task={"name": "mrpc"}, data={"path": None}, adapter={"license": "apache-2.0"}, pairs=True
    )
    folder = save(tmp_path / "adapter", info)
    hub = base_model(ModelSettings("FacebookAI/roberta-base"), "c" * 40)
    complete(folder, info, hub)
    data = ModelCard.load(folder / "README.md").data
    assert (data.base_model, data.license, data.datasets) == (hub.name, "apache-2.0", ["nyu-mll/glue"])
    assert data.tags == ["base_model:adapter:FacebookAI/roberta-base", "imlor2c", "lor2c", "transformers"]
    [result] = data.eval_results
    assert (result.dataset_config, result.metric_type, result.metric_value) == ("mrpc", "accuracy", 0.75)
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == (hub.name, "c" * 40)
    with safe_open(folder / "adapter_model.safetensors", framework="pt") as file:
        texts = file.metadata()
    assert texts["base_model_revision"] == "c" * 40
    assert json.loads(texts["lor2c_structure"]) == {"spans": [[0, 0], [1, 1], [2, 2]], "injected": []}


@pytest.mark.parametrize(("kind", "constant"), [("classify", "majority class"), ("regress", "mean target")])
def test_scores_stand_beside_those_of_a_constant_answer(model: Path, tmp_path: Path, kind: Kind, constant: str) -> None:
    info = info_of(model, {"name": "lora", "rank": 4}, kind=kind)
    info = replace(info, constant_scores={"accuracy": 0.7}, precision="mixed")
    info.settings["train"]["precision"] = "auto"
    text = (save(tmp_path / "adapter", info) / "README.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n") if line.startswith("|")]
    assert [row for row in rows if not set("".join(row)) <= set("-: ")] == [
        ["score", "value", constant],
        ["`accuracy`", "0.75", "0.7"],
        ["`loss`", "none", ""],
    ]
    assert "`precision: auto` was mixed." in text


@pytest.mark.parametrize("name", ["lora", "adalora", "imlor2c"])
def test_a_packaged_model_has_the_name_of_its_repository(tmp_path: Path, name: str) -> None:
    small = {"init_rank": 2, "target_rank": 1} if name == "adalora" else {"rank": 2}
    folder = save(tmp_path / "adapter", info_of("minilm", {"name": name, **small}))
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert "site-packages" not in (folder / "README.md").read_text()
    # lor2c finds the packaged model by its own settings, not by this name.
    assert len(predict(folder, ["a film"], None)) == 1


def test_weights_that_differ_from_those_on_the_hub_are_told() -> None:
    base = base_model(ModelSettings("smollm2-135m"), None)
    assert (base.hub_id, base.rounded is None) == ("HuggingFaceTB/SmolLM2-135M-Instruct", False)


def test_two_folders_of_one_run_are_equal_and_texts_change_no_start(model: Path, tmp_path: Path) -> None:
    info = info_of(model, {"name": "lora", "rank": 4})
    one, two = (save(tmp_path / name, info) for name in ("one", "two"))
    bare = save(tmp_path / "bare", info, then=lambda _: None)
    files = sorted(file.name for file in one.iterdir())
    assert files == ["README.md", "adapter_config.json", "adapter_model.safetensors", "lor2c.json"]
    assert [(one / name).read_bytes() for name in files] == [(two / name).read_bytes() for name in files]
    tensors = [(folder / "adapter_model.safetensors").read_bytes() for folder in (one, bare)]
    assert tensors[0] != tensors[1]
    assert start_hash(str(one)) == start_hash(str(bare))
    assert Settings.from_json(read_info(one).settings).adapter.license is None
