"""Load a model and its tokenizer for a task; describe it without its weights; name its content."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants
from huggingface_hub.file_download import repo_folder_name
from torch import nn
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, PretrainedConfig
from transformers.utils import cached_file
from transformers.utils import logging as transformers_logging

from ..data.task import Kind
from ..keyed.seeding import generator
from ..settings import ModelSettings, SettingsError
from ..sources import depends_on, depends_on_the_unknown, stamp_of
from .packaged import resolve
from .shapes import known_config

# Loading a classifier over a pretrained encoder always reports the head as missing, but the head is new on purpose.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()

#: Modules that train in full as the task's head, by model type. All others belong to the backbone.
HEADS: dict[str, tuple[str, ...]] = {
    "bert": ("pooler", "classifier"),
    "roberta": ("classifier",),
    "xlm-roberta": ("classifier",),
    "camembert": ("classifier",),
    "llama": ("score",),
    "mistral": ("score",),
    "qwen2": ("score",),
}


@dataclass(frozen=True)
class LoadedModel:
    """A sequence-classification model, its tokenizer, and the names of its head modules."""

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

    def drawn_head(self, seed: int) -> dict[str, torch.Tensor]:
        """The weights that the checkpoint lacks, by full name, as another seed draws them: on the CPU, fp32."""
        return {
            name: _drawn(name, p, self.config, seed) for name, p in self.module.named_parameters() if name in self.fresh
        }

    def head_parameters(self) -> dict[str, nn.Parameter]:
        """Parameters of the head by their full name."""
        return {name: p for name, p in self.module.named_parameters() if is_head(name, self.head)}


def is_head(parameter: str, head: tuple[str, ...]) -> bool:
    return any(part in head for part in parameter.split(".")[:-1])


def load_config(settings: ModelSettings, num_labels: int, kind: Kind) -> PretrainedConfig:
    """The model's config for the task. Raises SettingsError when the model cannot be found or has no known head."""
    return for_task(_load_config(settings.name, settings.revision), settings.name, num_labels, kind)


def for_task(config: PretrainedConfig, name: str, num_labels: int, kind: Kind) -> PretrainedConfig:
    """A copy of the shared config for `num_labels` classes. Raises SettingsError when the model has no known head."""
    config = type(config).from_dict(config.to_dict())
    config.num_labels = num_labels
    config.problem_type = "regression" if kind == "regress" else "single_label_classification"
    if config.model_type not in HEADS:
        raise SettingsError(
            f"model {name!r} is of type {config.model_type!r}; supported are {', '.join(sorted(HEADS))}"
        )
    return config


def _load_config(name: str, revision: str | None) -> PretrainedConfig:
    found = _find_config(name, revision, local_only=False)
    if isinstance(found, str):
        raise SettingsError(found)
    return found


@lru_cache
def _commit(name: str, revision: str | None, *, local_only: bool = False) -> str | None:
    """The commit of a hub's model; None for a folder. Raises OSError when it is not found.

    Asked once: a branch may move before the weights are read, and a worker that trains one bundle after the other goes
    on for hours. It is that of the file's place: configs know no commit since transformers 5.
    """
    if Path(resolve(name)).is_dir():
        return None
    file = Path(cached_file(name, "config.json", revision=revision, local_files_only=local_only) or "")
    found = re.search(r"/snapshots/([0-9a-f]{40})/[^/]+$", file.as_posix())
    return found and found[1]


@lru_cache
def _find_config(name: str, revision: str | None, *, local_only: bool) -> PretrainedConfig | str:
    """The config, or why there is none. Both are remembered: a request to a hub can take most of a minute to fail."""
    try:
        _note_sources(resolve(name), revision)
        at = _commit(name, revision, local_only=local_only) or revision
        return AutoConfig.from_pretrained(
            resolve(name), revision=at, trust_remote_code=False, local_files_only=local_only
        )
    except (OSError, ValueError) as error:
        return _not_found(name, error)


def _note_sources(name: str, revision: str | None) -> None:
    """Stamp a folder and its files; of a hub's model the snapshot of a commit, unless the hub may have a newer one."""
    folder = Path(name)
    if not folder.is_dir():
        commit = revision if revision and re.fullmatch("[0-9a-f]{40}", revision) else None
        if commit is None and not constants.is_offline_mode():
            return depends_on_the_unknown()
        stored = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=name, repo_type="model")
        reference = stored / "refs" / (revision or "main")
        depends_on(reference)
        if commit is None and reference.is_file():
            commit = reference.read_text().strip()
        folder = stored / "snapshots" / (commit or "none")
    depends_on(folder)
    for file in _files(folder) if folder.is_dir() else []:
        depends_on(file)


def config_for_counting(settings: ModelSettings, num_labels: int, kind: Kind) -> tuple[PretrainedConfig, str]:
    """(config, its description). Asks no hub about a model with built-in shapes. Raises SettingsError."""
    name, known = settings.name, known_config(settings.name)
    if known is None:
        return load_config(settings, num_labels, kind), f"config of {name}"
    local = _find_config(name, settings.revision, local_only=True)
    if isinstance(local, str):
        what = f"built-in shapes of {name} (its config is not on this machine)"
        return for_task(known, name, num_labels, kind), what
    return for_task(local, name, num_labels, kind), f"config of {name}"


def _not_found(name: str, error: Exception) -> str:
    if name.startswith(("/", ".", "~")) and not Path(resolve(name)).is_dir():
        return f"model {name!r}: there is no such folder"
    first = str(error).strip().splitlines()[0].rstrip(". ") if str(error).strip() else type(error).__name__
    where = "Give a folder that holds config.json and the weights, a packaged name, or a hub id this machine can reach"
    return f"model {name!r} cannot be loaded: {first}. {where}."


def empty_model(
    settings: ModelSettings, num_labels: int, kind: Kind, config: PretrainedConfig | None = None
) -> LoadedModel:
    """The model on the meta device: it reads no weights and needs no memory for them. `config` replaces the name's."""
    config = load_config(settings, num_labels, kind) if config is None else config
    config.num_labels = num_labels
    with torch.device("meta"):
        module = AutoModelForSequenceClassification.from_config(config)
    return LoadedModel(module, None, HEADS[config.model_type])


def load_tokenizer(settings: ModelSettings) -> Any:
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            resolve(settings.name),
            revision=_commit(settings.name, settings.revision) or settings.revision,
            trust_remote_code=False,
        )
    except (OSError, ValueError) as error:
        raise SettingsError(_not_found(settings.name, error)) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(settings: ModelSettings, num_labels: int, kind: Kind, seed: int, device: torch.device) -> LoadedModel:
    """The pretrained model with a fresh head, in fp32 on `device`.

    Head weights that the checkpoint lacks are drawn from (seed, "head", name), not from a global generator, so that
    they do not depend on earlier draws. Raises SettingsError when the model cannot be loaded.
    """
    config = load_config(settings, num_labels, kind)
    tokenizer = load_tokenizer(settings)
    config.pad_token_id = tokenizer.pad_token_id
    try:
        module, info = AutoModelForSequenceClassification.from_pretrained(
            resolve(settings.name),
            revision=_commit(settings.name, settings.revision) or settings.revision,
            config=config,
            dtype=torch.float32,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    except (OSError, ValueError) as error:
        raise SettingsError(_not_found(settings.name, error)) from error
    loaded = LoadedModel(module, tokenizer, HEADS[config.model_type])
    fresh = set(info["missing_keys"]) | {key[0] if isinstance(key, tuple) else key for key in info["mismatched_keys"]}
    lacking = sorted(name for name in fresh if not is_head(name, loaded.head))
    if lacking:
        raise SettingsError(
            f"the checkpoint of {settings.name!r} lacks {len(lacking)} backbone weights, e.g. {lacking[0]}"
        )
    module.requires_grad_(False)
    parameters = dict(module.named_parameters())
    loaded = LoadedModel(module, tokenizer, loaded.head, seed, frozenset(fresh & parameters.keys()))
    for name, value in loaded.drawn_head(seed).items():
        parameters[name].copy_(value)
    module.to(device).eval()
    return loaded


def _drawn(name: str, parameter: nn.Parameter, config: PretrainedConfig, seed: int) -> torch.Tensor:
    """Initial value of a new parameter: a bias is 0, a weight normal."""
    if parameter.ndim == 1:
        return torch.zeros(parameter.shape)
    std = float(getattr(config, "initializer_range", 0.02))
    return torch.randn(parameter.shape, generator=generator(seed, "head", name)) * std


def model_fingerprint(settings: ModelSettings) -> str:
    """Identifies weights and tokenizer: the hub's commit, or a hash of a local folder's files. Raises SettingsError."""
    path = Path(resolve(settings.name))
    if path.is_dir():
        stamp = _stamp(path)
        return _hash_folder(str(path)) if stamp is None else _remembered_hash(str(path), stamp)
    _load_config(settings.name, settings.revision)  # says what is wrong when it cannot be found
    commit = _commit(settings.name, settings.revision)
    if commit is None:
        raise SettingsError(f"model {settings.name!r}: the hub gave no commit, so its weights cannot be named")
    return f"{settings.name}@{commit}"


#: Files of a model folder that can change a number.
_SUFFIXES = (".safetensors", ".bin", ".gguf", ".json", ".txt", ".model")


def _files(path: Path) -> list[Path]:
    return sorted(f for f in path.iterdir() if f.is_file() and f.suffix in _SUFFIXES)


def _stamp(path: Path) -> tuple[tuple[str, str], ...] | None:
    """The key under which a folder's hash is remembered within this process; None while a file is too new for one."""
    stamps = [(file.name, stamp_of(file)) for file in _files(path)]
    known = tuple((name, stamp) for name, stamp in stamps if stamp is not None)
    return known if len(known) == len(stamps) else None


@lru_cache
def _remembered_hash(path: str, stamp: tuple[tuple[str, str], ...]) -> str:
    return _hash_folder(path)


def _hash_folder(path: str) -> str:
    digest = hashlib.sha256()
    for file in _files(Path(path)):
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"
