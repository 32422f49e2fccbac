"""Ways to spoil a model folder: each gives a function that changes one in place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tiny
import torch
from safetensors.torch import load_file, save_file

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 90000000\n"


def drop(*names: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return spoil


def write(name: str, content: str | bytes) -> Callable[[Path], None]:
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / name).write_bytes(data) and None


def rename(old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: (folder / old).rename(folder / new) and None


def edit(name: str, **changes: Any) -> Callable[[Path], None]:
    """Change keys of a JSON file; None removes one."""

    def spoil(folder: Path) -> None:
        content = json.loads((folder / name).read_text()) | changes
        kept = {key: value for key, value in content.items() if value is not None or key not in changes}
        (folder / name).write_text(json.dumps(kept))

    return spoil


def config(**changes: Any) -> Callable[[Path], None]:
    return edit("config.json", **changes)


def cut(share: float) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        whole = (folder / WEIGHTS).read_bytes()
        (folder / WEIGHTS).write_bytes(whole[: round(len(whole) * share)])

    return spoil


def tensors(change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        found = load_file(folder / WEIGHTS)
        change(found)
        save_file(found, folder / WEIGHTS, metadata={"format": "pt"})

    return spoil


def without_a_layer(found: dict[str, torch.Tensor]) -> None:
    for name in [name for name in found if "layer.1." in name]:
        del found[name]


def of_eight_bits(found: dict[str, torch.Tensor]) -> None:
    found.update({name: tensor.to(torch.int8) for name, tensor in found.items() if "query.weight" in name})


def shards(folder: Path) -> None:
    """The same weights in two files with an index."""
    found = sorted(load_file(folder / WEIGHTS).items())
    places = {}
    for number, part in enumerate((found[::2], found[1::2]), 1):
        file = f"model-{number:05}-of-00002.safetensors"
        save_file(dict(part), folder / file, metadata={"format": "pt"})
        places |= {name: file for name, _ in part}
    (folder / WEIGHTS).unlink()
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": places}))


def both(*spoils: Callable[[Path], None]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        for each in spoils:
            each(folder)

    return spoil


def tokenizer(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    """Save another form of the tokenizer; `change` may return another one."""

    def spoil(folder: Path) -> None:
        changed = tiny.tokenizer()
        (change(changed) or changed).save_pretrained(folder)

    return spoil


def vocabulary(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    """Change tokenizer.json itself."""

    def spoil(folder: Path) -> None:
        content = json.loads((folder / "tokenizer.json").read_text())
        change(content)
        (folder / "tokenizer.json").write_text(json.dumps(content))

    return spoil


def other_words(content: dict[str, Any]) -> None:
    words = content["model"]["vocab"]
    content["model"]["vocab"] = {w if w.startswith("[") else f"x{w}": i for w, i in words.items()}


def far_begin(content: dict[str, Any]) -> None:
    content["post_processor"]["special_tokens"]["[CLS]"]["ids"] = [101]


def names_of_2018(found: dict[str, torch.Tensor]) -> None:
    for name in [name for name in found if "LayerNorm" in name]:
        found[name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta")] = found.pop(name)


def one_segment(found: dict[str, torch.Tensor]) -> None:
    found.update({name: tensor[:1].clone() for name, tensor in found.items() if "token_type_embeddings" in name})
