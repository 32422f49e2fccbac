"""Load a model and its tokenizer for a task; describe it without its weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import nn
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, PretrainedConfig
from transformers.utils import logging as transformers_logging

from ..data.task import Kind
from ..doing import doing
from ..frozen import FrozenLinear
from ..keyed.seeding import generator
from ..settings import ModelSettings, SettingsError
from .config import load_config
from .heads import head_of_task, is_head
from .packaged import resolve
from .place import commit_of, first_line, not_found
from .read_frozen import read_frozen
from .storage import PLAIN, Storage
from .tokenizer import load_tokenizer
from .weights import check_weights

# Loading a classifier over a pretrained encoder always reports the head as missing, but the head is new on purpose.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


@dataclass(frozen=True)
class LoadedModel:
    """A model for a task, its tokenizer, and the names of its head modules; a language model has none."""

    module: nn.Module
    tokenizer: Any
    head: tuple[str, ...]
    #: The seed from which the head's weights were drawn, and the names of those that the checkpoint lacks.
    seed: int = 0
    fresh: frozenset[str] = frozenset()

    @property
    def config(self) -> PretrainedConfig:
        return self.module.config  # type: ignore[return-value]

    def version(self) -> tuple[tuple[int, int], ...]:
        """Changes when a weight is replaced or changed in place."""
        return tuple((p.data_ptr(), p._version) for p in self.module.parameters())

    def total(self) -> int:
        """Number of parameters, in whatever format they are held."""
        held = [child for child in self.module.modules() if isinstance(child, FrozenLinear)]
        weights = sum(child.out_features * child.in_features for child in held)
        return weights + sum(p.numel() for p in self.module.parameters())

    def drawn_head(self, seed: int) -> dict[str, torch.Tensor]:
        """The weights that the checkpoint lacks, by full name, as another seed draws them: on the CPU, fp32."""
        return {
            name: _drawn(name, p, self.config, seed) for name, p in self.module.named_parameters() if name in self.fresh
        }

    def head_parameters(self) -> dict[str, nn.Parameter]:
        """Parameters of the head by their full name."""
        return {name: p for name, p in self.module.named_parameters() if is_head(name, self.head)}


def empty_model(
    settings: ModelSettings, num_labels: int, kind: Kind, config: PretrainedConfig | None = None
) -> LoadedModel:
    """The model on the meta device: it reads no weights and needs no memory for them. `config` replaces the name's.

    Raises SettingsError when the sizes in config.json fit no model.
    """
    config = load_config(settings, num_labels, kind) if config is None else config
    config.num_labels = num_labels
    try:
        with torch.device("meta"):
            module = _auto_class(kind).from_config(config)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, StrictDataclassError) as error:
        raise SettingsError(f"model {settings.name!r}: its config.json makes no model: {first_line(error)}") from error
    if kind == "language_model":
        module.tie_weights()
    return LoadedModel(module, None, head_of_task(config.model_type, kind))


def load_model(
    settings: ModelSettings, num_labels: int, kind: Kind, seed: int, device: torch.device, storage: Storage = PLAIN
) -> LoadedModel:
    """The pretrained model with a fresh head on `device`, its frozen weights held as `storage` says.

    Head weights that the checkpoint lacks are drawn from (seed, "head", name), not from a global generator, so that
    they do not depend on earlier draws. Pickled weights are never opened. Raises SettingsError when the model cannot be
    loaded.
    """
    config = load_config(settings, num_labels, kind)
    tokenizer = load_tokenizer(settings)
    config.pad_token_id = tokenizer.pad_token_id
    empty = empty_model(settings, num_labels, kind)
    check_weights(settings, empty.module, empty.head)
    head = empty.head
    try:
        with doing("weights", settings.name):
            if storage.linear == "fp32":
                module, fresh = _whole(settings, config, kind)
            else:
                make = partial(_auto_class(kind).from_config, config)
                module, fresh = read_frozen(settings, make, head, storage, device)
    except (OSError, ValueError, SafetensorError) as error:
        raise error if isinstance(error, SettingsError) else SettingsError(_not_loaded(settings, error)) from error
    lacking = sorted(name for name in fresh if not is_head(name, head))
    if lacking:
        raise SettingsError(
            f"the checkpoint of {settings.name!r} lacks {len(lacking)} backbone weights, e.g. {lacking[0]}"
        )
    module.requires_grad_(False)
    parameters = dict(module.named_parameters())
    loaded = LoadedModel(module, tokenizer, head, seed, frozenset(fresh & parameters.keys()))
    for name, value in loaded.drawn_head(seed).items():
        parameters[name].copy_(value)
    module.to(device).eval()
    return loaded


def _not_loaded(settings: ModelSettings, error: Exception) -> str:
    name = settings.name
    if "does not appear to have a file named model.safetensors" not in str(error):
        return not_found(name, error)
    return (
        f"the hub has no model.safetensors of {name!r}: pickled weights run code when they are opened, so lor2c never "
        f'opens them. Where you trust them, AutoModel.from_pretrained("{name}").save_pretrained(FOLDER) converts them, '
        f'and AutoTokenizer.from_pretrained("{name}").save_pretrained(FOLDER) puts the tokenizer beside; then name the '
        "folder as the model"
    )


def _auto_class(kind: Kind) -> Any:
    return AutoModelForCausalLM if kind == "language_model" else AutoModelForSequenceClassification


def _whole(settings: ModelSettings, config: PretrainedConfig, kind: Kind) -> tuple[nn.Module, set[str]]:
    """The model in fp32 on the CPU, and names of the weights that its files lack or have in another shape."""
    module, info = _auto_class(kind).from_pretrained(
        resolve(settings.name),
        revision=commit_of(settings.name, settings.revision) or settings.revision,
        config=config,
        dtype=torch.float32,
        trust_remote_code=False,
        output_loading_info=True,
        ignore_mismatched_sizes=True,
        use_safetensors=True,
    )
    mismatched = {key[0] if isinstance(key, tuple) else key for key in info["mismatched_keys"]}
    return module, set(info["missing_keys"]) | mismatched


def _drawn(name: str, parameter: nn.Parameter, config: PretrainedConfig, seed: int) -> torch.Tensor:
    """Initial value of a new parameter: a bias is 0, the weight of a norm 1, another one normal."""
    if parameter.ndim == 1:
        return torch.full(parameter.shape, 0.0 if name.endswith("bias") else 1.0)
    std = float(getattr(config, "initializer_range", 0.02))
    return torch.randn(parameter.shape, generator=generator(seed, "head", name)) * std
