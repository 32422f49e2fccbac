"""Compare a model's weight files with its config.json, and say what becomes of a head that they hold."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from transformers import PretrainedConfig

from ..architectures import architecture_of
from ..settings import ModelSettings, SettingsError
from .headers import Stored, read_headers
from .heads import is_head
from .place import Place, place_of

#: Formats that are read as fp32.
_FORMATS = ("F64", "F32", "F16", "BF16")


@dataclass(frozen=True)
class StoredHead:
    """The classification head in a model's files, as far as it has one."""

    #: Its tensors that the model takes over, and those of another shape, which are drawn anew.
    kept: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    #: Rows of its last layer: its classes.
    classes: int = 0


def check_weights(settings: ModelSettings, module: nn.Module, head: tuple[str, ...]) -> StoredHead:
    """What the files hold for the modules `head` of `module`, which may be on the meta device. Reads no weights.

    Raises SettingsError when the files lack a weight of the backbone, or have it in another shape or format.
    """
    place, config = place_of(settings), module.config
    stored = read_headers(place, getattr(config, "transformers_weights", None))
    if stored is None:
        return StoredHead()
    assert isinstance(config, PretrainedConfig)
    prefix = f"{module.base_model_prefix}."
    named = {modern(name): tensor for name, tensor in stored.items()}
    pairs = {
        name: (parameter, named.get(name) or named.get(name.removeprefix(prefix)))
        for name, parameter in module.named_parameters()
    }
    lacking = sorted(name for name, (_, tensor) in pairs.items() if tensor is None and not is_head(name, head))
    if lacking:
        raise SettingsError(
            f"the checkpoint of {settings.name!r} lacks {len(lacking)} backbone weights, e.g. {lacking[0]}"
        )
    there = {name: (parameter, tensor) for name, (parameter, tensor) in pairs.items() if tensor is not None}
    for name, (parameter, tensor) in there.items():
        _check_tensor(place, name, parameter, tensor, in_head=is_head(name, head))
    # BERT's pooler trains with the head, but it comes with every pretrained model.
    known = architecture_of(config.model_type)
    pretrained = () if known is None else known.head.pretrained
    of_head = [name for name in there if is_head(name, head) and not is_head(name, pretrained)]
    fits = {name: tuple(there[name][0].shape) == there[name][1].shape for name in of_head}
    last = there[of_head[-1]][1] if of_head else None
    return StoredHead(
        tuple(name for name in of_head if fits[name]),
        tuple(name for name in of_head if not fits[name]),
        last.shape[0] if last is not None and last.shape else 0,
    )


def modern(name: str) -> str:
    """A name as transformers writes it today: models of 2018 have gamma and beta."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")


def _check_tensor(place: Place, name: str, parameter: torch.Tensor, tensor: Stored, *, in_head: bool) -> None:
    shown = place.show(tensor.file)
    if tensor.dtype not in _FORMATS:
        raise SettingsError(
            f"{shown}: {name} is {tensor.dtype}; weights are read from {', '.join(_FORMATS)}. A quantised model cannot "
            "be trained on: name the one that it was made from"
        )
    if tensor.shape != tuple(parameter.shape) and not in_head:
        raise SettingsError(
            f"{shown}: {name} has the shape {list(tensor.shape)}, config.json makes it {list(parameter.shape)}: these "
            "two files belong to different models"
        )


def head_note(found: StoredHead, config: PretrainedConfig, num_labels: int, label_names: tuple[str, ...]) -> str | None:
    """What becomes of a head that another task left in the model's files; None when there is none, or it is the task's.

    `config`: as stored, with the stored head's labels.
    """
    if not found.kept and not found.drawn:
        return None
    names = tuple(str(name) for _, name in sorted((config.id2label or {}).items()))
    unnamed = all(name == f"LABEL_{i}" for i, name in enumerate(names))
    labels = f"{found.classes} {'class' if found.classes == 1 else 'classes'}"
    if not unnamed and len(names) == found.classes:
        labels = ", ".join(names)
    what = f"the model's files hold a classification head ({labels})"
    if not found.drawn:
        if names == label_names:
            return None
        return f"{what}; its shape fits this task, so training starts from its weights"
    others = f", except for {', '.join(found.kept)}" if found.kept else ""
    plural = "class" if num_labels == 1 else "classes"
    return f"{what}; this task has {num_labels} {plural}, so a new one is drawn{others}"
