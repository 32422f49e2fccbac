"""Lor2cConfig refuses what no adapter can have, tells names of other methods, and reads files of earlier versions."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
import tiny
import torch
from peft import PeftConfig, PeftModel, get_peft_model
from tuned import config, fill, logits

from lor2c_peft import Lor2cConfig

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"spans": [[0, 1], [1, 2]]}, "layer 1 already belongs"),
        ({"spans": [[2, 1]]}, "expected \\[first, last\\]"),
        ({"spans": [0, 1]}, "span 0: expected \\[first, last\\]"),
        ({"spans": [["0", "1"]]}, "expected \\[first, last\\]"),
        ({"spans": "all"}, "spans 'all': expected a list"),
        ({"spans": [[0, 0]], "injected": [0]}, "layer 0 already belongs"),
        ({"injected": [1, 1]}, "named twice"),
        ({"injected": [-1]}, "injected: layer -1, expected whole numbers from 0"),
        ({"injected": [True]}, "injected: layer True"),
        ({"injected": 3}, "injected 3: expected a list of layers"),
        ({"r": 0}, "r 0: expected a whole number, at least 1"),
        ({"r": 2.0}, "r 2.0: expected a whole number"),
        ({"injected_r": "4"}, "injected_r '4': expected a whole number"),
        ({"alpha": NAN}, "alpha nan: expected a finite number"),
        ({"injected_alpha": "8"}, "injected_alpha '8': expected a finite number"),
        ({"dropout": -1}, "dropout -1: expected a probability"),
        ({"dropout": NAN}, "dropout nan: expected a probability"),
        ({"injected_dropout": 1.5}, "injected_dropout 1.5: expected a probability"),
        ({"share": 1}, "share 1: expected True or False"),
        ({"inference_mode": "no"}, "inference_mode 'no': expected True or False"),
        ({"modules_to_save": "classifier"}, "modules_to_save 'classifier': expected a list"),
        ({"layers_pattern": ["h"]}, "layers_pattern \\['h'\\]: expected the name of one list"),
        ({"layers_to_transform": [0, -1]}, "layers_to_transform: layer -1"),
        ({"layers_to_transform": [0], "spans": [[0, 0]]}, "both say where modules are"),
        ({"exclude_modules": ["layer.0"], "spans": [[0, 0]]}, "both say where modules are"),
        ({"exclude_modules": [1]}, "exclude_modules \\[1\\]: expected a list of names"),
        ({"layers_to_transform": [0], "injected": [1]}, "\\[1\\] are not among layers_to_transform"),
        ({"task_type": "GUESS"}, "Invalid task type"),
    ],
)
def test_impossible_values_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Lor2cConfig(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lora_alpha", "scale is `alpha`"),
        ("lora_dropout", "dropout is `dropout`"),
        ("target_modules", "say which with `spans` or `layers_to_transform`"),
        ("alhpa", "did you mean `alpha`"),
        ("something", "known are .*injected_alpha"),
    ],
)
def test_names_of_other_methods_are_refused_with_ours(name: str, message: str) -> None:
    with pytest.raises(TypeError, match=f"'{name}': .*{message}"):
        Lor2cConfig(**{name: 1})


def test_fields_that_were_changed_later_are_checked_with_the_model() -> None:
    cfg = config("bert", "plain")
    cfg.injected = [-1]
    with pytest.raises(ValueError, match="layer -1"):
        get_peft_model(tiny.model("bert"), cfg)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"spans": [[0, 7]]}, "names layer 7, the model has 3 layers"),
        ({"layers_to_transform": [3]}, "names layer 3, the model has 3 layers"),
        ({"exclude_modules": ["query"]}, "names no layer of the model; they are bert.encoder.layer.0 to"),
        ({"exclude_modules": ["layer.1"], "injected": [1]}, "\\[1\\] are among exclude_modules"),
        ({"exclude_modules": r".*\.layer\.\d"}, "leave no layer"),
        ({"injected": [4]}, "names layer 4, the model has 3 layers"),
        ({"spans": []}, "the adapter has no module"),
        ({"modules_to_save": ["encoder"]}, "'encoder' contains bert.encoder.layer.0, which the adapter goes around"),
    ],
)
def test_what_a_model_does_not_have_is_refused_and_leaves_it_as_it_was(values: dict[str, object], message: str) -> None:
    base = tiny.model("bert")
    before, modules = logits(base), [name for name, _ in base.named_modules()]
    with pytest.raises(ValueError, match=message):
        get_peft_model(base, Lor2cConfig(**values))  # type: ignore[arg-type]
    assert [name for name, _ in base.named_modules()] == modules
    assert torch.equal(logits(base), before)


def test_layers_to_transform_makes_one_module_for_each_of_them(tmp_path: Path) -> None:
    cfg = config("bert", "plain", layers_to_transform=[2, 0], injected=[2])
    model = get_peft_model(tiny.model("bert"), cfg)
    fill(model)
    trained = {n.partition(".layer.")[2] for n, _ in model.named_parameters() if "lor2c_B" in n}
    projections = ("query", "value")
    assert trained == {
        "0.lor2c_B.default",
        *(f"2.base_layer.attention.self.{p}.lor2c_B.default" for p in projections),
    }
    model.save_pretrained(str(tmp_path))
    assert torch.equal(logits(PeftModel.from_pretrained(tiny.model("bert"), str(tmp_path))), logits(model))
    assert Lor2cConfig(layers_to_transform=1).resolved_spans(3) == [(1, 1)]


@pytest.mark.parametrize("excluded", [["layer.1"], r".*\.1"])
def test_excluded_layers_have_nothing(excluded: list[str] | str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*no modules were excluded")  # as peft warns
        model = get_peft_model(tiny.model("bert"), config("bert", "plain", exclude_modules=excluded, injected=[2]))
    fill(model)
    trained = {n.partition(".layer.")[2][0] for n, _ in model.named_parameters() if "lor2c_B" in n}
    assert trained == {"0", "2"}
    model.save_pretrained(str(tmp_path))
    assert torch.equal(logits(PeftModel.from_pretrained(tiny.model("bert"), str(tmp_path))), logits(model))


def test_a_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """With the fields of lor2c 0.1, in which peft_type was text."""
    file = {
        "alpha": 8.0,
        "auto_mapping": None,
        "base_model_name_or_path": None,
        "dropout": 0.0,
        "inference_mode": True,
        "injected": [2],
        "injected_alpha": 4.0,
        "injected_dropout": 0.0,
        "injected_r": 2,
        "modules_to_save": ["pooler", "classifier", "score"],
        "peft_type": "LOR2C",
        "peft_version": "0.21.2",
        "r": 4,
        "revision": None,
        "share": False,
        "spans": [[0, 1]],
        "task_type": "SEQ_CLS",
    }
    (tmp_path / "adapter_config.json").write_text(json.dumps(file))
    found = PeftConfig.from_pretrained(str(tmp_path))
    assert isinstance(found, Lor2cConfig)
    assert found.to_dict() == {
        **file,
        "layers_to_transform": None,
        "layers_pattern": None,
        "exclude_modules": None,
        "init_weights": True,
    }
