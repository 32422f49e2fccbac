"""Completes a folder that a method has written, so that it says to anybody what it is."""

from __future__ import annotations

import json
from pathlib import Path

from ...models import BaseModel
from ..adapter_folder import RunInfo
from ..tensor_header import PLAIN, write_texts
from .form import MODEL_CONFIG, PEFT_CONFIG, Form, form_of
from .write import write_card


def complete(folder: Path, info: RunInfo, base: BaseModel, *, name: str | None = None) -> None:
    """Name the base model in peft's config, the labels in a whole model's; write texts into the files of tensors, and
    the card. `name`: the folder's repository on the hub."""
    form = form_of(folder)
    if form.kind == "peft":
        form.config.update(base_model_name_or_path=base.name, revision=base.revision)
        # As peft writes it.
        (folder / PEFT_CONFIG).write_text(json.dumps(form.config, indent=2, sort_keys=True), encoding="utf-8")
    elif form.kind == "whole" and info.label_names:
        named = {str(number): label for number, label in info.id2label.items()}
        form.config.update(id2label=named, label2id=info.label2id)
        text = json.dumps(form.config, indent=2, sort_keys=True)
        (folder / MODEL_CONFIG).write_text(f"{text}\n", encoding="utf-8")
    for file in sorted(folder.glob("*.safetensors")):
        write_texts(file, PLAIN | _texts(form, info, base))
    write_card(folder, form, info, base, name)


def _texts(form: Form, info: RunInfo, base: BaseModel) -> dict[str, str]:
    """What a file of tensors says of itself, in this order."""
    texts = {"lor2c_method": str(info.settings["method"]["name"]), "base_model": base.shown}
    if base.revision is not None:
        texts["base_model_revision"] = base.revision
    if form.config.get("spans") is not None:
        shape = {key: form.config[key] for key in ("spans", "injected")}
        texts["lor2c_structure"] = json.dumps(shape, separators=(",", ":"))
    return texts
