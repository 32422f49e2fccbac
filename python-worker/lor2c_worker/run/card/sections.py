"""The parts of a card that are tables: structure, scores, sizes, and the settings of the run."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub.utils import yaml_dump
from safetensors import safe_open

from ..adapter_folder import RunInfo
from ..local_paths import MODEL, ROWS_AND_START, without_paths
from .form import Form
from .loading import LOR2C
from .markdown import block, code, table


def structure(form: Form) -> list[str]:
    """What training made of the method's modules, where that is more than the settings say."""
    config = form.config
    if form.peft_type == LOR2C and config.get("spans") is not None:
        spans = [(int(first), int(last)) for first, last in config["spans"]]
        rows = [(first, last, _merged(first, last), config["r"]) for first, last in spans]
        injected = [int(layer) for layer in config["injected"]]
        rows += [(layer, layer, "LoRA on query and value", config["injected_r"]) for layer in injected]
        merges = sum(last - first for first, last in spans)
        counts = [_of(len(spans), "residual module"), _of(merges, "merge"), _of(len(injected), "injection")]
        said = (
            f"{', '.join(counts)}. Layers count from 0; a module takes the input of its first layer and is added after "
            "its last one." + (" All residual modules share one A." if config.get("share") else "")
        )
        cells = [[str(value) for value in row] for row in sorted(rows)]
        return ["## Structure", said, table(["first layer", "last layer", "what", "rank"], cells)]
    if form.kind == "own" and "rank" in form.config:
        return ["## Structure", f"It was saved for use at rank {int(form.config['rank'])}, its best."]
    return []


def _merged(first: int, last: int) -> str:
    return "residual module" if first == last else f"residual module around {last - first + 1} layers"


def _of(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def scores(info: RunInfo) -> list[str]:
    """Beside the scores of a constant answer: accuracy alone says little where one label is frequent."""
    constant = "mean target" if info.kind == "regress" else "majority class"
    head = ["score", "value", *([constant] if info.constant_scores else [])]
    beside = {name: f"{value:.6g}" for name, value in info.constant_scores.items()}
    rows = [
        [code(name), "none" if value is None else f"{value:.6g}", beside.get(name, "")]
        for name, value in info.scores.items()
    ]
    if not rows:
        return []
    said = f"On the evaluation rows, after epoch {info.epoch:g}, which is saved here."
    return ["## Scores", said, table(head, [row[: len(head)] for row in rows])]


def sizes(folder: Path, form: Form) -> list[str]:
    """Numbers in the files, from their headers."""
    heads = set(form.config.get("modules_to_save") or ()) if form.kind == "peft" else set()
    own = head = 0
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 (no mapping)
                count = 1
                for size in tensors.get_slice(name).get_shape():
                    count *= size
                if heads.intersection(name.split(".")):
                    head += count
                else:
                    own += count
    what = {"peft": "the adapter", "own": "what was trained", "whole": "the model"}[form.kind]
    return ["## Size", f"{own:,} numbers of {what}" + (f", {head:,} of the head." if head else ".")]


def settings_block(info: RunInfo) -> list[str]:
    shown = without_paths(info.settings, MODEL, *ROWS_AND_START, mark=" (a local path)")
    auto = info.precision is not None and info.settings["train"].get("precision") == "auto"
    return [
        "## Settings",
        "The settings of the run, defaults included." + (f" `precision: auto` was {info.precision}." if auto else ""),
        block("yaml", yaml_dump(shown, sort_keys=False).rstrip("\n").split("\n")),
    ]
