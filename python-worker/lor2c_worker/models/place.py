"""Where the files of a model are: a folder, a package's folder, or the snapshot of a hub's commit in the cache."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from huggingface_hub import constants
from huggingface_hub.file_download import repo_folder_name
from transformers.utils import cached_file

from ..doing import doing
from ..settings import ModelSettings, SettingsError
from ..sources import depends_on, depends_on_the_unknown
from .packaged import MODELS, resolve

#: Files of a model folder that can change a number.
_SUFFIXES = (".safetensors", ".bin", ".gguf", ".json", ".txt", ".model")


@dataclass(frozen=True)
class Place:
    """The files of one model."""

    folder: Path
    #: How messages name it: as the spec does, else by its path.
    shown: str
    #: All files are here. False: loading fetches those that are not.
    complete: bool
    #: What mends a damaged file.
    remedy: str

    def show(self, file: Path | str) -> str:
        return f"{self.shown}/{Path(file).name}"


def place_of(settings: ModelSettings) -> Place:
    """The place of a model whose config was found."""
    name = settings.name
    folder = Path(resolve(name))
    if name in MODELS:
        return Place(folder, str(folder), True, MODELS[name].remedy)
    if folder.is_dir():
        return Place(folder, name.rstrip("/\\") or name, True, "fetch or save it again")
    file = cached_config(name, settings.revision)
    assert file is not None
    snapshot = file.parent
    # Without a damaged file's link the hub's library would link the same damaged blob again.
    remedy = f"delete the folder {snapshot.parent.parent}, so that the model is fetched again"
    return Place(snapshot, str(snapshot), constants.is_offline_mode(), remedy)


@lru_cache
def cached_config(name: str, revision: str | None, *, local_only: bool = False) -> Path | None:
    """A hub model's config.json in the cache; None for a folder. Raises OSError when it is not found.

    Asked once: a branch may move before the weights are read, and a worker that trains one bundle after the other goes
    on for hours.
    """
    if Path(resolve(name)).is_dir():
        return None
    with doing("hub", name):
        return Path(cached_file(name, "config.json", revision=revision, local_files_only=local_only) or "")


def commit_of(name: str, revision: str | None, *, local_only: bool = False) -> str | None:
    """The commit of a hub's model; None for a folder. Raises OSError when it is not found.

    It is that of the config's place: configs know no commit since transformers 5.
    """
    file = cached_config(name, revision, local_only=local_only)
    found = file and re.search(r"/snapshots/([0-9a-f]{40})/[^/]+$", file.as_posix())
    return found[1] if found else None


def note_sources(name: str, revision: str | None) -> None:
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
    for file in model_files(folder) if folder.is_dir() else []:
        depends_on(file)


def model_files(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_file() and f.suffix in _SUFFIXES)


def not_found(name: str, error: Exception) -> str:
    folder = Path(resolve(name))
    if folder.is_file():
        return f"model {name!r} is a file: name the folder that it is in"
    if name.startswith(("/", ".", "~")) and not folder.is_dir():
        return f"model {name!r}: there is no such folder"
    near = difflib.get_close_matches(name, MODELS, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    where = (
        f"Give a folder that holds config.json and the weights (a path beginning with ./ or /), a packaged name "
        f"({', '.join(sorted(MODELS))}), or a hub id this machine can reach"
    )
    return f"model {name!r} cannot be loaded: {first_line(error)}. {hint}{where}."


def first_line(error: Exception) -> str:
    said = [line for line in str(error).splitlines() if line.strip()]
    return said[0].strip().rstrip(". ") if said else type(error).__name__


def check_folder(name: str) -> None:
    """Raises SettingsError when `name` is a folder that cannot be listed, or holds no model but something else."""
    folder = Path(resolve(name))
    if not folder.is_dir():
        return
    shown = name.rstrip("/\\") or name
    try:
        names = {entry.name for entry in os.scandir(folder)}
    except OSError as error:
        raise SettingsError(f"model {name!r}: the folder cannot be read: {error.strerror}") from error
    if "adapter_config.json" in names:
        raise SettingsError(
            f"{shown} holds an adapter (adapter_config.json), no model: give the model that it was trained on"
        )
    if "config.json" not in names:
        inside = sorted(entry.parent.name for entry in folder.glob("*/config.json"))
        hint = f"; {shown}/{inside[0]} has one" if inside else ": save it there with model.save_pretrained"
        raise SettingsError(f"no config.json in {shown}{hint}")
