"""A copy of a run's adapter that says everything about itself; or a plain model with the adapter in its weights."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from .. import messages
from ..models import BaseModel, base_model, is_folder
from ..run.adapter_folder import RUN_FILE, RunInfo, measure_folder, place_folder, read_info, write_folder
from ..run.card import complete
from ..settings import ModelSettings, Settings
from .merged import TOLERANCE, write_merged

_COMMIT = re.compile(r"@([0-9a-f]{40})$")
#: Settings that may be a path, and that nobody needs in order to use an adapter.
_PATHS = (("data", "path"), ("data", "hub"), ("train", "start_from"))


def export_adapter(command: Any, send: Callable[..., None], stopped: Callable[[], bool]) -> None:
    """Carry out `export_adapter`. Raises SettingsError when the folder is no adapter, or cannot be merged."""
    folder, target = Path(command.folder), Path(command.target)
    found = read_info(folder)
    info = replace(found, settings=_for_others(found.settings, command.license))
    settings = Settings.from_json(info.settings)
    base = base_of(settings.model, command.fingerprint)
    notes, difference = [], None
    if command.merged:
        difference = _place_merged(folder, target, info, base, command.repository)
    else:
        if base.hub_id is None:
            notes.append(f"its base model is the local folder {base.name}, which others do not have")
        save = partial(_copy, folder, info, base, command.repository)
        write_folder(target, info, save)
    size, _ = measure_folder(target)
    send(
        messages.Exported,
        request=command.request,
        files=sorted(file.relative_to(target).as_posix() for file in target.rglob("*") if file.is_file()),
        bytes=size,
        difference=difference,
        tolerance=TOLERANCE if command.merged else None,
        notes=notes,
    )


def base_of(model: ModelSettings, fingerprint: str | None) -> BaseModel:
    """`fingerprint`: of the run's model, which names the commit of one from the hub."""
    commit = _COMMIT.search(fingerprint or "")
    return base_model(model, commit[1] if commit else None)


def _copy(folder: Path, info: RunInfo, base: BaseModel, name: str | None, target: Path) -> None:
    shutil.copytree(folder, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(RUN_FILE, "README.md"))
    complete(target, info, base, name=name)


def _place_merged(folder: Path, target: Path, info: RunInfo, base: BaseModel, name: str | None) -> float:
    """The largest difference that the check found. There is no `lor2c.json`: the folder is no adapter any more."""
    differences: list[float] = []

    def fill(temporary: Path) -> None:
        differences.append(write_merged(folder, info, temporary))
        complete(temporary, info, base, name=name)

    place_folder(target, fill)
    return differences[0]


def _for_others(settings: Mapping[str, Any], license: str | None) -> dict[str, Any]:
    """Without paths of this machine but that of the model, which lor2c needs, and with another licence if given."""
    value: dict[str, Any] = json.loads(json.dumps(settings))
    for part, key in _PATHS:
        inner = value.get(part)
        if isinstance(inner, dict) and isinstance(found := inner.get(key), str) and is_folder(found):
            inner[key] = Path(found).name
    if license is not None:
        value["adapter"] = {**value.get("adapter", {}), "license": license}
    return value
