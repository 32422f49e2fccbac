"""The model card of a saved folder, README.md: how to load it, what it is, and how it came about."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import ModelCard

from ...methods import method_of
from ...models import BaseModel
from ...settings import Settings
from ..adapter_folder import RunInfo
from .form import Form
from .loading import LOR2C, own_loader, packages, snippet
from .markdown import block, code, escaped
from .metadata import metadata
from .sections import scores, settings_block, sizes, structure

CARD_FILE = "README.md"
_FROZEN = {"int8": "8 bits (int8, a scale for each row)", "nf4": "4 bits (NF4, its scales quantised again)"}


def write_card(folder: Path, form: Form, info: RunInfo, base: BaseModel, name: str | None) -> None:
    """`name`: the folder's repository on the hub; None: it has none yet."""
    settings = Settings.from_json(info.settings)
    parts = [
        *_title(form, settings, base),
        *_loading(form, info, settings, base, name),
        *_base_remarks(form, settings, base),
        *structure(form),
        *scores(info),
        *sizes(folder, form),
        *settings_block(info),
    ]
    data = metadata(form, info, settings, base).to_yaml()
    card = ModelCard(f"---\n{data}\n---\n\n" + "\n\n".join(parts) + "\n")
    (folder / CARD_FILE).write_text(card.content, encoding="utf-8")


def _title(form: Form, settings: Settings, base: BaseModel) -> list[str]:
    method, task = settings.method["name"], settings.task.name
    what = "A model" if form.kind == "whole" else "An adapter"
    named = escaped(base.shown) + ("" if base.hub_id else " (a local folder)")
    summary = method_of(method).summary
    merged = (
        " What it trained is merged into the weights of this model." if what == "A model" and method != "full" else ""
    )
    return [
        f"# {escaped(method)} on {named} for {escaped(task)}",
        f"{what} that was trained with lor2c. Method {code(method)}: {escaped(summary)}.{merged}",
    ]


def _loading(form: Form, info: RunInfo, settings: Settings, base: BaseModel, name: str | None) -> list[str]:
    if form.kind == "own":
        return _own(info, settings)
    first = block("bash", [packages(form)])
    why = []
    if form.peft_type == LOR2C:
        why = ["peft alone says `KeyError: 'LOR2C'`: the import of `lor2c_peft` makes the type known to it."]
    return ["## Loading", first, *why, block("python", snippet(form, info, settings, base, name))]


def _own(info: RunInfo, settings: Settings) -> list[str]:
    lines = own_loader(info, settings)
    said = (
        f"peft has no method {code(settings.method['name'])}, so that lor2c loads this folder itself: "
        "`lor2c predict RUN --text TEXT`, or in Python, with the folder `python-worker` of lor2c on its path:"
        if lines
        else f"peft has no method {code(settings.method['name'])}, so that lor2c loads this folder itself: "
        "`lor2c generate RUN --prompt TEXT`."
    )
    return ["## Loading", said, *([block("python", lines)] if lines else [])]


def _base_remarks(form: Form, settings: Settings, base: BaseModel) -> list[str]:
    """What is to be known of the base model's weights."""
    said = []
    if base.hub_id is None and form.kind != "whole":
        said.append(f"The base model was a local folder, {code(base.shown)}: load the adapter onto the same weights.")
    if base.rounded is not None and form.kind != "whole":
        said.append(
            f"It was trained on {escaped(base.rounded)}, which is {code(settings.model.name)} in lor2c. The weights of "
            f"{escaped(base.shown)} are not rounded like that, so that outputs differ somewhat from those of the run."
        )
    if settings.model.quantization in _FROZEN:
        held = f"The base model's matrices were held in {_FROZEN[settings.model.quantization]} while it was trained"
        said.append(
            f"{held}. The weights here are what these stand for, in fp32, with the adapter added."
            if form.kind == "whole"
            else f"{held} and scored. On whole weights outputs differ somewhat."
        )
    return ["## Base model", " ".join(said)] if said else []
