"""Read a model's weights one by one into what holds them frozen, so that there is never a copy of all in fp32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn
from transformers import PretrainedConfig
from transformers.utils import cached_file

from ..architectures import architecture_of
from ..frozen import LINEARS, HalfEmbedding, HalfOutput
from ..settings import ModelSettings, SettingsError
from .headers import INDEX, SINGLE, Stored, read_headers
from .heads import is_head
from .intact import read_object
from .packaged import resolve
from .place import commit_of, place_of
from .storage import Storage
from .weights import modern

#: Name of a parameter -> its value in the model's files; None: they lack it.
Read = Callable[[str], torch.Tensor | None]


def read_frozen(
    settings: ModelSettings,
    make: Callable[[], nn.Module],
    head: tuple[str, ...],
    storage: Storage,
    device: torch.device,
) -> tuple[nn.Module, set[str]]:
    """The model that `make` gives, with its weights on `device`, and names of those of the head that have yet to be
    drawn. `storage.linear` is not fp32.

    Raises SettingsError when the files lack a weight of the backbone.
    """
    from accelerate import init_empty_weights  # other runs need not wait for it

    with init_empty_weights(include_buffers=False):  # buffers such as RoPE's are not in the files
        module: Any = make()
    stored = _headers(settings, module.config)
    prefix = f"{module.base_model_prefix}."

    def read(name: str) -> torch.Tensor | None:
        found = stored.get(name) or stored.get(name.removeprefix(prefix))
        if found is None:
            return None
        file, own = found
        with safe_open(file, "pt") as opened:  # closed at once: an open file's pages count as this process's memory
            return opened.get_tensor(own).to(device, copy=True)

    outputs = getattr(module, "get_output_embeddings", lambda: None)()
    if outputs is not None and _two_heads(module, outputs, read):
        module.config.tie_word_embeddings = False
    base, known = getattr(module, str(module.base_model_prefix)), architecture_of(module.config.model_type)
    whole = set() if known is None else {f"{prefix}{path}" for path in known.whole_embeddings}
    for name, child in list(base.named_modules(prefix=str(module.base_model_prefix))):
        if isinstance(child, nn.Linear) and not is_head(f"{name}.weight", head):
            weight, bias = _need(read, f"{name}.weight", settings), None
            if child.bias is not None:
                bias = _need(read, f"{name}.bias", settings)
            module.set_submodule(name, LINEARS[storage.linear](weight, bias))
        elif isinstance(child, nn.Embedding) and storage.embeddings == "bf16" and name not in whole:
            held = HalfEmbedding(_need(read, f"{name}.weight", settings), child.padding_idx)
            module.set_submodule(name, held)
    module.tie_weights()
    fresh = set()
    for name, parameter in list(module.named_parameters()):
        if parameter.device.type != "meta":
            continue
        value = read(name)
        if value is None or value.shape != parameter.shape:
            if not is_head(name, head):
                raise _lacking(settings, name)
            fresh.add(name)
            value = torch.empty(parameter.shape, device=device)
        owner, _, last = name.rpartition(".")
        setattr(module.get_submodule(owner), last, nn.Parameter(value.float(), requires_grad=False))
    if outputs is not None and storage.embeddings == "bf16":
        module.set_output_embeddings(HalfOutput(module.get_output_embeddings()))
    module.tie_weights()
    return module.to(device), fresh


def _two_heads(module: Any, outputs: nn.Module, read: Read) -> bool:
    """Whether config.json ties the embeddings of inputs and outputs, but they differ in the files: then transformers
    does not tie them. Here `module` has not tied them yet."""
    if not module.config.tie_word_embeddings:
        return False
    names = {id(child): name for name, child in module.named_modules()}
    own = read(f"{names[id(outputs)]}.weight")
    if own is None:
        return False  # as in most files of tied models, whose embeddings are not read here then
    inputs = read(f"{names[id(module.get_input_embeddings())]}.weight")
    return inputs is not None and not torch.equal(inputs, own)


def _headers(settings: ModelSettings, config: PretrainedConfig) -> dict[str, tuple[Path, str]]:
    """File of each tensor and its name there, by the name as transformers writes it today."""
    explicit = getattr(config, "transformers_weights", None)
    _fetch(settings, explicit)
    stored: dict[str, Stored] | None = read_headers(place_of(settings), explicit)
    if stored is None:
        raise SettingsError(f"model {settings.name!r}: not all files with its weights could be fetched; try again")
    return {modern(name): (tensor.file, name) for name, tensor in stored.items()}


def _fetch(settings: ModelSettings, explicit: str | None) -> None:
    """Get the weights of a hub's model into the cache."""
    name = resolve(settings.name)
    if Path(name).is_dir():
        return
    revision = commit_of(settings.name, settings.revision) or settings.revision

    def get(file: str, *, must: bool) -> str | None:
        options = {"revision": revision, "_raise_exceptions_for_missing_entries": must}
        return cached_file(name, file, **options)

    if explicit or get(SINGLE, must=False):
        return
    index = Path(get(INDEX, must=True) or "")
    for shard in sorted(set(read_object(index, str(index)).get("weight_map", {}).values())):
        get(shard, must=True)


def _need(read: Read, name: str, settings: ModelSettings) -> torch.Tensor:
    value = read(name)
    if value is None:
        raise _lacking(settings, name)
    return value


def _lacking(settings: ModelSettings, name: str) -> SettingsError:
    return SettingsError(f"the checkpoint of {settings.name!r} lacks the backbone's weight {name}")
