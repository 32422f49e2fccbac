"""A lane of the bank as a PEFT folder: adapter_config.json and adapter_model.safetensors, and back.

`PeftModel.from_pretrained` reads the folder after `import lor2c_worker.peft`; names are those that peft itself writes.
"""

from __future__ import annotations

from pathlib import Path

import torch
from peft import PeftConfig, TaskType
from safetensors.torch import load_file, save_file

from ..adapters.bank import BankParams, Numbers
from ..adapters.bank_learner import BankLearner
from ..backbones.backbone import PROJECTIONS
from ..models import LoadedModel
from ..peft import Lor2cConfig
from ..peft.model import Places
from ..schedule import Layout, Span

TENSORS = "adapter_model.safetensors"
_ROOT = "base_model.model."


def tensor_names(model: LoadedModel, layout: Layout, share: bool) -> dict[str, str]:
    """The bank's and the head's names of a lane's tensors -> their names in the folder."""
    places = Places(model.module)
    paths = dict(zip(PROJECTIONS, places.projections, strict=True))
    names: dict[str, str] = {}
    if share and layout.spans:
        names["lor2c.shared.A"] = "base_model.lor2c_shared_A"
    for span in layout.spans:
        for part in ("B",) if share else ("A", "B"):
            names[f"lor2c.{span.start}.{part}"] = f"{_ROOT}{places.layers[span.end]}.lor2c_{part}"
    for layer in layout.injected:
        for projection, path in paths.items():
            for part in ("A", "B"):
                target = f"{_ROOT}{places.layers[layer]}.base_layer.{path}.lor2c_{part}"
                names[f"injected.{layer}.{projection}.{part}"] = target
    names |= {name: f"{_ROOT}{name}" for name in model.head_parameters()}
    return names


def write_lane(learner: BankLearner, lane: int, model: LoadedModel, folder: Path) -> None:
    """Write the lane's structure and trained tensors, head included."""
    bank = learner.bank
    params, layout = bank.params, bank.structures[lane].layout
    names = tensor_names(model, layout, params.share)
    tensors = {
        names[name]: value.detach().to("cpu").contiguous().clone() for name, value in learner.tensors(lane).items()
    }
    save_file(tensors, folder / TENSORS, metadata={"format": "pt"})
    config_of(params, bank.numbers[lane], layout, model).save_pretrained(str(folder))


def config_of(params: BankParams, numbers: Numbers, layout: Layout, model: LoadedModel) -> Lor2cConfig:
    # peft adds the usual names of heads to every sequence classifier. With them this file equals the one peft writes.
    heads = list(dict.fromkeys([*model.head, "classifier", "score"])) if model.head else None
    return Lor2cConfig(
        task_type=TaskType.SEQ_CLS if model.head else TaskType.CAUSAL_LM,
        base_model_name_or_path=str(getattr(model.config, "_name_or_path", "")) or None,
        inference_mode=True,
        r=params.rank,
        alpha=numbers.alpha,
        dropout=numbers.dropout,
        spans=[[span.start, span.end] for span in layout.spans],
        injected=list(layout.injected),
        injected_r=params.injected_rank,
        injected_alpha=numbers.injected_alpha,
        injected_dropout=numbers.injected_dropout,
        share=params.share,
        modules_to_save=heads,
    )


def read_layout(folder: Path) -> Layout:
    """The structure in a folder. Raises ValueError when another method wrote it."""
    config = PeftConfig.from_pretrained(str(folder))
    if not isinstance(config, Lor2cConfig) or config.spans is None:
        raise ValueError(f"{folder} is not a LoR2C adapter with its structure")
    return Layout(tuple(Span(first, last) for first, last in config.spans), tuple(config.injected))


def read_lane(learner: BankLearner, model: LoadedModel, folder: Path) -> None:
    """Fill the one lane of `learner`, whose layout is the folder's. Raises ValueError when tensors do not fit."""
    names = tensor_names(model, learner.bank.structures[0].layout, learner.bank.params.share)
    tensors, state = load_file(folder / TENSORS), learner.tensors(0)
    expected = {names[name] for name in state}
    if expected != set(tensors):
        odd = sorted(expected ^ set(tensors))[0]
        raise ValueError(f"{folder / TENSORS} does not have the tensors of its structure, e.g. {odd}")
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(tensors[names[name]])
