"""docs/adapters.md and the README of lor2c_peft: examples run and print what is written, tables are true."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import doc_examples
import pytest
import tiny
import torch
from doc_examples import Example
from drawn_adapters import info_of, save
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import RobertaConfig, RobertaForSequenceClassification, RobertaModel

from lor2c_peft import Lor2cConfig
from lor2c_worker.methods import METHODS, method_of, parse_params
from lor2c_worker.models import base_model
from lor2c_worker.run.card import complete
from lor2c_worker.settings import ModelSettings

PAGE, README = "docs/adapters.md", "python-worker/lor2c_peft/README.md"
ROBERTA, SMOLLM2 = "FacebookAI/roberta-base", "HuggingFaceTB/SmolLM2-135M-Instruct"
COMMIT = "c" * 40
ARCHITECTURES = doc_examples.ROOT / "python-worker/lor2c_peft/architectures"
#: Settings of methods that the page names, where defaults are not for a tiny model.
SMALL: dict[str, dict[str, Any]] = {
    "adalora": {"init_rank": 4, "target_rank": 2},
    "adapter": {"bottleneck": 4},
    "peft": {"type": "IA3"},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the pages' code runs: adapters by their names there, and a cache of the hub in `hub`."""
    folder = tmp_path_factory.mktemp("elsewhere")
    cached(folder, ROBERTA, save_roberta)
    cached(folder, SMOLLM2, tiny.save_causal)
    classifier = {"names": ("not_equivalent", "equivalent"), "pairs": True, "task": {"name": "mrpc"}}
    for name in ("imlor2c", "sharelor2c", "lora", "full"):
        adapter(folder, f"mrpc-{name}", ROBERTA, {"name": name}, says=1, **classifier)
    adapter(folder, "alpaca-lor2c", SMOLLM2, {"name": "lor2c"}, kind="language_model")
    return folder


def save_roberta(folder: Path) -> None:
    """With the layers of the real one, since the examples name them."""
    config = RobertaConfig(**(tiny.model("roberta").config.to_dict() | {"num_hidden_layers": 12}))
    torch.manual_seed(0)
    RobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)


def snapshot(folder: Path, name: str) -> Path:
    return folder / "hub" / f"models--{name.replace('/', '--')}" / "snapshots" / COMMIT


def cached(folder: Path, name: str, write: Callable[[Path], object]) -> None:
    """A model as the library of the hub keeps it once it is fetched."""
    at = snapshot(folder, name)
    at.mkdir(parents=True)
    write(at)
    refs = at.parents[1] / "refs"
    refs.mkdir()
    (refs / "main").write_text(COMMIT)


def adapter(
    folder: Path, name: str, base: str, method: dict[str, Any], *, says: int | None = None, **more: Any
) -> None:
    """An adapter of a model of the hub. `says`: the label that its head always gives."""
    info = info_of(snapshot(folder, base), method, **more)

    def then(target: Path) -> None:
        if says is not None:
            decide(next(target.glob("*.safetensors")), says)
        settings = {**info.settings, "model": {"name": base, "revision": None}}
        complete(target, dataclasses.replace(info, settings=settings), base_model(ModelSettings(base), COMMIT))

    save(folder / name, info, then=then)


def decide(file: Path, label: int) -> None:
    tensors = load_file(file)
    [bias] = [key for key in tensors if key.endswith("out_proj.bias")]
    tensors[bias][label] += 20
    save_file(tensors, file, {"format": "pt"})


def refused() -> list[Example]:
    """Calls in the table of what does not work."""
    begin = "from peft import LoraConfig\nfrom peft.utils.hotswap import hotswap_adapter\n"
    table = doc_examples.rows(PAGE, "call")
    return [Example(f"{PAGE}: {call}", begin + call, f"{says}...\n") for calls, [says], *_ in table for call in calls]


def test_examples(place: Path) -> None:
    """In one process, since importing takes longer than all they do. The first begins before the package's import."""
    page, readme = doc_examples.examples(PAGE), doc_examples.examples(README)
    assert (len(page), len(readme)) == (15, 2)
    found = page + refused() + readme
    said, packages = doc_examples.run(
        found, place, HF_HOME=str(place), HF_HUB_CACHE=str(place / "hub"), HF_HUB_OFFLINE="1"
    )
    wrong = [(each.place, text) for each, text in zip(found, said, strict=True) if not each.said(text)]
    assert wrong == []
    assert "lor2c_peft" in packages
    assert "lor2c_worker" not in packages


def test_a_wrong_page_is_found(tmp_path: Path) -> None:
    given = [
        Example("one", "print(1 + 1)", "3\n"),
        Example("two", "raise KeyError('x')", ""),
        Example("three", "print('so')", "so\n"),
    ]
    said, _ = doc_examples.run(given, tmp_path)
    assert [each.said(text) for each, text in zip(given, said, strict=True)] == [False, False, True]


def test_the_files_of_each_method(tmp_path: Path) -> None:
    table = {name: row[1] for row in doc_examples.rows(PAGE, "method | files") for name in row[0]}
    assert set(table) - {"qlora"} | {"none"} == {*METHODS}
    base = tiny.save(tmp_path / "model")
    for name, files in table.items():
        qlora = name == "qlora"  # what a spec says for this
        method = {"name": "lora" if qlora else name, **SMALL.get(name, {})}
        folder = save(tmp_path / name, info_of(base, method, model={"quantization": "nf4"} if qlora else {}))
        assert sorted(file.name for file in folder.iterdir()) == sorted(["README.md", *files, "lor2c.json"]), name


def test_which_methods_merge() -> None:
    mergeable, refused, *_ = doc_examples.rows(PAGE, "method | `--merged`")
    family = doc_examples.rows(PAGE, "method | files")[0][0]
    for names, merges in ((mergeable[0], True), (family + refused[0], False)):
        for name in set(names) - {"qlora"}:
            method = method_of(name)
            params = parse_params(method, SMALL.get(name, {}))
            assert (method.unmergeable(params) is None) == merges, name


def test_parameters_of_each_structure() -> None:
    config = RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1)
    table = doc_examples.rows(PAGE, "`Lor2cConfig(...)`")
    text = (doc_examples.ROOT / PAGE).read_text(encoding="utf-8")
    assert len(table) == 6
    for [arguments], *_ in table:
        with torch.device("meta"):
            base = RobertaForSequenceClassification(config)
        model = get_peft_model(base, eval(f"Lor2cConfig({arguments})"))
        number = sum(p.numel() for name, p in model.named_parameters() if "lor2c_" in name)
        assert f"| `{arguments}` |" in text
        assert text.split(f"| `{arguments}` |")[1].split("\n")[0].endswith(f" {number:,} |"), arguments


def test_names_beside_loras() -> None:
    theirs, ours = ({field.name for field in dataclasses.fields(c)} for c in (LoraConfig, Lor2cConfig))
    settings = {field.name for field in dataclasses.fields(method_of("imlor2c").Params)}
    table = doc_examples.rows(PAGE, "`LoraConfig` of peft")
    assert len(table) == 8
    for lora, config, spec in table:
        assert set(lora) <= theirs
        assert set(config) <= ours
        assert set(spec) <= settings
        if not config:  # there is nothing like it
            for name in lora:
                with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
                    Lor2cConfig(**{name: None})


def test_types_of_models_with_known_projections() -> None:
    text = (doc_examples.ROOT / PAGE).read_text(encoding="utf-8")
    said = re.findall("`(.*?)`", re.search(r"of the model types (.*?)\.", text, re.DOTALL)[1])
    tables = [tomllib.loads(file.read_text(encoding="utf-8")) for file in ARCHITECTURES.glob("*.toml")]
    assert said == sorted(kind for table in tables for kind in table["types"])


def test_arguments_in_the_readme() -> None:
    defaults = Lor2cConfig()
    table = doc_examples.rows(README, "argument")
    assert len(table) == 6
    for names, values, _ in table:
        assert [getattr(defaults, name) for name in names] == [eval(value) for value in values], names
