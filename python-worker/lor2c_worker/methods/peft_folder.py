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
from .stored_tensors import TENSORS, Stored, packed

CONFIG = "adapter_config.json"
#: The method's name in peft.
TYPE = "LOR2C"
#: In front of a path in the model that peft has wrapped.
ROOT = "base_model.model."


def tensor_places(model: LoadedModel, layout: Layout, share: bool) -> dict[str, Stored]:
    """The bank's and the head's names of a lane's tensors -> where they are in the folder."""
    places = Places(model.module)
    found: dict[str, Stored] = {}
    if share and layout.spans:
        found["lor2c.shared.A"] = Stored("base_model.lor2c_shared_A")
    for span in layout.spans:
        for part in ("B",) if share else ("A", "B"):
            found[f"lor2c.{span.start}.{part}"] = Stored(f"{ROOT}{places.layers[span.end]}.lor2c_{part}")
    for layer in layout.injected:
        for projection, at in places.projections.items():
            # Of projections that are one module, A and B follow each other in its tensors.
            group = [name for name, other in places.projections.items() if other.module == at.module]
            for part in ("A", "B"):
                target = f"{ROOT}{places.layers[layer]}.base_layer.{at.module}.lor2c_{part}"
                rows = (group.index(projection), len(group))
                found[f"injected.{layer}.{projection}.{part}"] = Stored(target, rows)
    return found | head_places(model)


def head_places(model: LoadedModel) -> dict[str, Stored]:
    return {name: Stored(f"{ROOT}{name}") for name in model.head_parameters()}


def write_lane(learner: BankLearner, lane: int, model: LoadedModel, folder: Path) -> None:
    """Write the lane's structure and trained tensors, head included."""
    bank = learner.bank
    params, layout = bank.params, bank.structures[lane].layout
    write_tensors(learner, lane, tensor_places(model, layout, params.share), folder)
    config = config_of(params, bank.numbers[lane], layout, model)
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")


def write_tensors(learner: BankLearner, lane: int, places: Mapping[str, Stored], folder: Path) -> None:
    """`places`: the learner's name of each of the lane's tensors -> where it is in the folder.

    Raises ValueError when a gate is not 1, since a folder has no gates: multiply it into B first.
    """
    bank = learner.bank
    if not all(bool((gates[lane] == 1).all()) for gates in (bank.gates, bank.injected_gates)):
        raise ValueError(f"lane {lane} has a module whose gate is not 1, which an adapter's folder cannot say")
    save_file(packed(learner.tensors(lane), places), folder / TENSORS, metadata={"format": "pt"})


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
        "layers_to_transform": None,
        "exclude_modules": None,
        "layers_pattern": None,
        "modules_to_save": saved_heads(model),
        "init_weights": True,
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
    places = tensor_places(model, learner.bank.structures[0].layout, learner.bank.params.share)
    read_tensors(learner, places, folder)


def read_tensors(learner: BankLearner, places: Mapping[str, Stored], folder: Path) -> None:
    """Fill the one lane of `learner`. Raises ValueError when the folder has other tensors."""
    tensors, state = load_file(folder / TENSORS), learner.tensors(0)
    expected = {places[name].name for name in state}
    if expected != set(tensors):
        odd = sorted(expected ^ set(tensors))[0]
        raise ValueError(f"{folder / TENSORS} does not have the tensors of its structure, e.g. {odd}")
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(places[name].block(tensors[places[name].name]))
