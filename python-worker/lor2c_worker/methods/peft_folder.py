"""A lane of the bank as a PEFT folder: adapter_config.json and adapter_model.safetensors, and back.

`PeftModel.from_pretrained` reads the folder after `import lor2c_peft`; names and values are those that peft
itself writes. Nothing here needs peft, whose import takes more than a second.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ..adapters.bank import BankParams, Numbers
from ..adapters.bank_learner import BankLearner
from ..adapters.places import Places
from ..models import LoadedModel
from ..schedule import Layout

CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"
#: The method's name in peft.
TYPE = "LOR2C"
#: In front of a path in the model that peft has wrapped.
ROOT = "base_model.model."


def tensor_names(model: LoadedModel, layout: Layout, share: bool) -> dict[str, str]:
    """The bank's and the head's names of a lane's tensors -> their names in the folder."""
    places = Places(model.module)
    names: dict[str, str] = {}
    if share and layout.spans:
        names["lor2c.shared.A"] = "base_model.lor2c_shared_A"
    for span in layout.spans:
        for part in ("B",) if share else ("A", "B"):
            names[f"lor2c.{span.start}.{part}"] = f"{ROOT}{places.layers[span.end]}.lor2c_{part}"
    for layer in layout.injected:
        for projection, path in places.projections.items():
            for part in ("A", "B"):
                target = f"{ROOT}{places.layers[layer]}.base_layer.{path}.lor2c_{part}"
                names[f"injected.{layer}.{projection}.{part}"] = target
    return names | head_names(model)


def head_names(model: LoadedModel) -> dict[str, str]:
    return {name: f"{ROOT}{name}" for name in model.head_parameters()}


def write_lane(learner: BankLearner, lane: int, model: LoadedModel, folder: Path) -> None:
    """Write the lane's structure and trained tensors, head included."""
    bank = learner.bank
    params, layout = bank.params, bank.structures[lane].layout
    write_tensors(learner, lane, tensor_names(model, layout, params.share), folder)
    config = config_of(params, bank.numbers[lane], layout, model)
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")


def write_tensors(learner: BankLearner, lane: int, names: Mapping[str, str], folder: Path) -> None:
    """`names`: the learner's name of each of the lane's tensors -> its name in the folder.

    Raises ValueError when a gate is not 1, since a folder has no gates: multiply it into B first.
    """
    bank = learner.bank
    if not all(bool((gates[lane] == 1).all()) for gates in (bank.gates, bank.injected_gates)):
        raise ValueError(f"lane {lane} has a module whose gate is not 1, which an adapter's folder cannot say")
    tensors = {
        names[name]: value.detach().to("cpu").contiguous().clone() for name, value in learner.tensors(lane).items()
    }
    save_file(tensors, folder / TENSORS, metadata={"format": "pt"})


def saved_heads(model: LoadedModel) -> list[str] | None:
    """The head's modules and those that peft adds for every sequence classifier, so that our file equals peft's; None
    of a language model."""
    if not model.head:
        return None
    return list(dict.fromkeys([*model.head, "classifier", "score"]))


def base_name(model: LoadedModel) -> str | None:
    return str(getattr(model.config, "_name_or_path", "")) or None


def config_of(params: BankParams, numbers: Numbers, layout: Layout, model: LoadedModel) -> dict[str, Any]:
    """The fields of `lor2c_peft.Lor2cConfig`."""
    return {
        "peft_type": TYPE,
        "peft_version": importlib.metadata.version("peft"),
        "auto_mapping": None,
        "task_type": "SEQ_CLS" if model.head else "CAUSAL_LM",
        "base_model_name_or_path": base_name(model),
        "revision": None,
        "inference_mode": True,
        "r": params.rank,
        "alpha": numbers.alpha,
        "dropout": numbers.dropout,
        "spans": [[span.start, span.end] for span in layout.spans],
        "injected": list(layout.injected),
        "injected_r": params.injected_rank,
        "injected_alpha": numbers.injected_alpha,
        "injected_dropout": numbers.injected_dropout,
        "share": params.share,
        "modules_to_save": saved_heads(model),
    }


def read_layout(folder: Path) -> Layout:
    """The structure in a folder. Raises ValueError when another method wrote it."""
    file = folder / CONFIG
    config = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if not isinstance(config, dict) or config.get("peft_type") != TYPE or config.get("spans") is None:
        raise ValueError(f"{folder} is not a LoR2C adapter with its structure")
    return Layout.checked(config["spans"], config["injected"])


def read_lane(learner: BankLearner, model: LoadedModel, folder: Path) -> None:
    """Fill the one lane of `learner`, whose layout is the folder's. Raises ValueError when tensors do not fit."""
    read_tensors(learner, tensor_names(model, learner.bank.structures[0].layout, learner.bank.params.share), folder)


def read_tensors(learner: BankLearner, names: Mapping[str, str], folder: Path) -> None:
    """Fill the one lane of `learner`. Raises ValueError when the folder has other tensors."""
    tensors, state = load_file(folder / TENSORS), learner.tensors(0)
    expected = {names[name] for name in state}
    if expected != set(tensors):
        odd = sorted(expected ^ set(tensors))[0]
        raise ValueError(f"{folder / TENSORS} does not have the tensors of its structure, e.g. {odd}")
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(tensors[names[name]])
