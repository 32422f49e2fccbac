"""A training that begins with the tensors of a stored adapter (`train.start_from`); the optimizer begins anew."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from ..data import TaskData
from ..learner import Learner
from ..methods import count, method_of, parse_params
from ..models import LoadedModel, model_fingerprint
from ..settings import ModelSettings, Settings, SettingsError
from ..sources import depends_on
from .adapter_folder import RUN_FILE, RunInfo, read_info
from .tensor_header import digest_of_tensors

TENSORS = "*.safetensors"


@runtime_checkable
class InsideModule(Protocol):
    """A learner whose trained tensors are parameters of a module, by their names there."""

    module: nn.Module


def start_hash(folder: str) -> str:
    """What the start is, wherever its folder: SHA-256 over its tensors' files and the names of its labels. Raises
    SettingsError when the folder is no adapter of lor2c."""
    path = Path(folder)
    info = _info(path)
    digest = hashlib.sha256(json.dumps([info.kind, info.label_names]).encode())
    for file in _tensor_files(path):
        try:
            digest.update(file.name.encode() + b"\0" + digest_of_tensors(file))
        except (OSError, ValueError) as error:
            raise SettingsError(f"train.start_from: {file} cannot be read: {error}") from error
    return f"sha256:{digest.hexdigest()}"


def check_start(settings: Settings, data: TaskData, model: LoadedModel) -> None:
    """Raises SettingsError when the adapter of `train.start_from` is of another model, method, shape or task than the
    run. `model` may be on meta."""
    if settings.train.start_from is None:
        return
    folder = Path(settings.train.start_from)
    info = _info(folder)
    here, there = method_of(settings.method["name"]), method_of(info.settings["method"]["name"])
    if (here.family or here.name) != (there.family or there.name):
        raise _other(folder, f"is of the method {there.name}, this run of {here.name}")
    stored = ModelSettings(**_mapping(info.settings["model"]))
    if stored != settings.model and model_fingerprint(stored) != model_fingerprint(settings.model):
        raise _other(folder, f"is of the model {stored.name}, this run of {settings.model.name}")
    if info.kind != data.kind or info.label_names != data.label_names:
        raise _other(
            folder,
            f"is of a task with {_labels(info.kind, info.label_names)}, this run has "
            f"{_labels(data.kind, data.label_names)}",
        )
    params = parse_params(here, settings.method_parameters)
    needed = count(here, model, params) + sum(p.numel() for p in model.head_parameters().values())
    found = sum(_sizes(file) for file in _tensor_files(folder))
    if found != needed:
        raise _other(
            folder,
            f"has {found:,} parameters, and this run begins with {needed:,}: another rank, other modules, or a "
            "structure that has changed in training (merges, injections, ranks)",
        )


def start_from(settings: Settings, learner: Learner, model: LoadedModel) -> None:
    """Copy the adapter's tensors into every lane. `model`: freshly loaded, for reading the adapter; it may be changed.

    Raises SettingsError when names or shapes differ.
    """
    folder = Path(settings.train.start_from or "")
    info = _info(folder)
    method = method_of(info.settings["method"]["name"])
    parameters = {key: value for key, value in _mapping(info.settings["method"]).items() if key != "name"}
    loaded = method.load(model, parse_params(method, parameters), folder)
    trained = loaded.tensors(0)
    # A learner inside of the module that only evaluates calls none of its parameters trained.
    stored = dict(loaded.module.named_parameters()) if isinstance(loaded, InsideModule) else trained
    with torch.no_grad():
        for lane in range(len(learner.lanes)):
            own = learner.tensors(lane)
            odd = [name for name in own if name not in stored or stored[name].shape != own[name].shape]
            if odd := odd + [name for name in trained if name not in own]:
                raise _other(folder, f"has another structure than this run begins with, e.g. {odd[0]}")
            for name, tensor in own.items():
                tensor.copy_(stored[name])


def _info(folder: Path) -> RunInfo:
    depends_on(folder / RUN_FILE)
    if not folder.is_dir():
        raise SettingsError(f"train.start_from: there is no folder {folder}")
    info = read_info(folder)
    if not _tensor_files(folder):
        raise SettingsError(f"train.start_from: {folder} has no tensors ({TENSORS})")
    return info


def _tensor_files(folder: Path) -> list[Path]:
    files = sorted(folder.glob(TENSORS))
    for file in files:
        depends_on(file)
    return files


def _sizes(file: Path) -> int:
    """Number of values in a file, from its header."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as tensors:
            shapes = [tensors.get_slice(name).get_shape() for name in tensors.keys()]  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError) as error:
        raise SettingsError(f"train.start_from: {file} cannot be read: {error}") from error
    return sum(torch.Size(shape).numel() for shape in shapes)


def _labels(kind: str, names: tuple[str, ...]) -> str:
    return "numbers" if kind == "regress" else f"the labels {', '.join(names[:6])}{', ...' if len(names) > 6 else ''}"


def _mapping(value: Any) -> dict[str, Any]:
    return {"name": value} if isinstance(value, str) else dict(value)


def _other(folder: Path, how: str) -> SettingsError:
    return SettingsError(f"train.start_from: the adapter in {folder} {how}")
