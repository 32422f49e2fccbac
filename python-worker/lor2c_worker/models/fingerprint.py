"""Names the content of a model: the hub's commit, or a hash of a folder's files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ..settings import ModelSettings, SettingsError
from ..sources import depends_on, stamp_of
from .config import base_config
from .packaged import resolve
from .place import commit_of, model_files

#: Where transformers saves a tokenizer's chat template, and a folder of further ones.
CHAT_TEMPLATE, MORE_TEMPLATES = "chat_template.jinja", "additional_chat_templates"


def model_fingerprint(settings: ModelSettings) -> str:
    """Identifies weights and tokenizer: the hub's commit, or a hash of a local folder's files. Raises SettingsError."""
    path = Path(resolve(settings.name))
    if path.is_dir():
        stamp = _stamp(path)
        return _hash_folder(str(path)) if stamp is None else _remembered_hash(str(path), stamp)
    base_config(settings)  # says what is wrong when it cannot be found
    commit = commit_of(settings.name, settings.revision)
    if commit is None:
        raise SettingsError(f"model {settings.name!r}: the hub gave no commit, so its weights cannot be named")
    return f"{settings.name}@{commit}"


def chat_fingerprint(settings: ModelSettings) -> str | None:
    """A hash of a local folder's chat templates beside its JSON files, which `model_fingerprint` leaves out: rows that
    are no conversations do not depend on them. None without any, and for a hub's model, whose commit names them."""
    folder = Path(resolve(settings.name))
    if not folder.is_dir():
        return None
    depends_on(folder / CHAT_TEMPLATE)
    files = (folder / CHAT_TEMPLATE, *sorted((folder / MORE_TEMPLATES).glob("*.jinja")))
    found = [file for file in files if file.is_file()]
    return _hash_files(found) if found else None


def _stamp(path: Path) -> tuple[tuple[str, str], ...] | None:
    """The key under which a folder's hash is remembered within this process; None while a file is too new for one."""
    stamps = [(file.name, stamp_of(file)) for file in model_files(path)]
    known = tuple((name, stamp) for name, stamp in stamps if stamp is not None)
    return known if len(known) == len(stamps) else None


@lru_cache
def _remembered_hash(path: str, stamp: tuple[tuple[str, str], ...]) -> str:
    return _hash_folder(path)


def _hash_folder(path: str) -> str:
    return _hash_files(model_files(Path(path)))


def _hash_files(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"
