"""A copy of a run's adapter that says everything about itself; or a plain model with the adapter in its weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from .. import messages
from ..models import BaseModel
from ..run.adapter_folder import RUN_FILE, RunInfo, measure_folder, place_folder, read_info, write_folder
from ..run.card import CARD_FILE, complete, form_of
from ..run.card.form import PEFT_CONFIG, read_json
from ..run.local_paths import ROWS_AND_START, cut_path, without_paths
from ..settings import ModelSettings, Settings, SettingsError
from .merged import TOLERANCE, write_merged
from .run_model import base_for_others, same_model

#: Names in a note.
_SHOWN = 5
#: Of a prompt method's config. It needs its tokenizer to begin with a text, and never again.
_TOKENIZER = "tokenizer_name_or_path"


def export_adapter(command: Any, send: Callable[..., None], stopped: Callable[[], bool]) -> None:
    """Carry out `export_adapter`. Raises SettingsError when the folder is no adapter, or cannot be merged."""
    folder, target = Path(command.folder), Path(command.target)
    found = read_info(folder)
    model = Settings.from_json(found.settings).model
    # A folder that has a repository is going to be public.
    base = base_for_others(model, command.fingerprint, public=command.repository is not None)
    info = replace(found, settings=_for_others(found.settings, base, command.license))
    notes, difference = [], None
    if command.merged:
        model = same_model(model, command.fingerprint)
        difference = _place_merged(folder, target, info, base, model, command.repository)
    else:
        if base.hub_id is None:
            notes.append(f"its base model is the local folder {model.name}, which others do not have")
        save = partial(_copy, folder, info, base, command.repository, notes)
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


def _copy(folder: Path, info: RunInfo, base: BaseModel, name: str | None, notes: list[str], target: Path) -> None:
    """Copies what the method wrote, and notes what else is there: it may be nobody's business."""
    files = form_of(folder).files(folder)
    for file in files:
        if not (folder / file).is_file():
            raise SettingsError(f"{folder} has no {file}: lor2c run SPEC --force trains it again")
        shutil.copyfile(folder / file, target / file)
    if others := sorted({file.name for file in folder.iterdir()} - {*files, RUN_FILE, CARD_FILE}):
        more = ", ..." if len(others) > _SHOWN else ""
        notes.append(f"left out, as no part of the adapter: {', '.join(others[:_SHOWN])}{more}")
    if (config := target / PEFT_CONFIG).is_file():
        fields = read_json(config)
        cut_path(fields, _TOKENIZER)
        config.write_text(json.dumps(fields), encoding="utf-8")
    complete(target, info, base, name=name)


def _place_merged(
    folder: Path, target: Path, info: RunInfo, base: BaseModel, model: ModelSettings, name: str | None
) -> float:
    """The largest difference that the check found. There is no `lor2c.json`: the folder is no adapter any more."""
    differences: list[float] = []

    def fill(temporary: Path) -> None:
        differences.append(write_merged(folder, info, model, temporary))
        complete(temporary, info, base, name=name)

    place_folder(target, fill)
    return differences[0]


def _for_others(settings: Mapping[str, Any], base: BaseModel, license: str | None) -> dict[str, Any]:
    """Without paths of this machine but that of the model as `base` has it, and with another licence if given."""
    value = without_paths(settings, *ROWS_AND_START)
    if base.hub_id is None:
        value["model"]["name"] = base.name
    cut_path(value["method"].get("config") or {}, _TOKENIZER)
    if license is not None:
        value["adapter"] = {**value.get("adapter", {}), "license": license}
    return value
