"""What the headers of a model's weight files say: names, shapes and number formats, without reading a weight."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from ..settings import SettingsError
from .intact import check_intact, read_object
from .place import Place

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"

#: Weights of other formats, and how they become model.safetensors.
_CONVERTED: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("pytorch_model*.bin", "*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl"),
        "pickled weights, which run code when they are opened, so lor2c never opens them",
        "AutoModel.from_pretrained({folder}).save_pretrained({folder}), where you trust them,",
    ),
    (
        ("*.gguf",),
        "weights for llama.cpp",
        "AutoModel.from_pretrained({folder}, gguf_file={file}).save_pretrained({folder})",
    ),
    (
        ("*.h5", "*.msgpack", "*.ckpt.index", "*.onnx"),
        "weights for another library than PyTorch",
        "AutoModel.from_pretrained({folder}, from_tf=True or from_flax=True).save_pretrained({folder}) of "
        "transformers 4",
    ),
)


@dataclass(frozen=True)
class Stored:
    """One tensor of a file."""

    file: Path
    dtype: str
    shape: tuple[int, ...]


def read_headers(place: Place, explicit: str | None = None) -> dict[str, Stored] | None:
    """All tensors by name; None when some files are still to be fetched. Raises SettingsError for a damaged file.

    `explicit`: config.json's `transformers_weights`.
    """
    names = [explicit] if explicit else [SINGLE, INDEX]
    found = next((place.folder / name for name in names if _there(place.folder / name)), None)
    if found is None:
        if not place.complete:
            return None
        raise SettingsError(_without_weights(place, names))
    if found.suffix != ".json":
        return _read(found, place)
    check_intact(found, place.show(found), place.remedy)
    places = read_object(found, place.show(found)).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(file, str) for file in places.values()):
        raise SettingsError(f"{place.show(found)} has no weight_map of names to files: {place.remedy}")
    shards = sorted({str(file) for file in places.values()})
    missing = [shard for shard in shards if not _there(place.folder / shard)]
    if missing and not place.complete:
        return None
    if missing:
        raise SettingsError(
            f"{place.show(missing[0])}, one of {len(shards)} files that {found.name} names, is missing: fetch it too"
        )
    tensors = {name: stored for shard in shards for name, stored in _read(place.folder / shard, place).items()}
    lost = sorted(name for name in places if name not in tensors)
    if lost:
        raise SettingsError(f"{place.show(places[lost[0]])} lacks {lost[0]}, which {found.name} says is there")
    return tensors


def _there(file: Path) -> bool:
    return file.is_file() or file.is_symlink()


def _read(file: Path, place: Place) -> dict[str, Stored]:
    shown = place.show(file)
    check_intact(file, shown, place.remedy)
    try:
        with safe_open(file, "np") as opened:
            parts = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 - no mapping
            return {name: Stored(file, part.get_dtype(), tuple(part.get_shape())) for name, part in parts.items()}
    except (SafetensorError, OSError) as error:
        raise SettingsError(_damage(file, shown, place.remedy, error)) from error


def _damage(file: Path, shown: str, remedy: str, error: Exception) -> str:
    """What is wrong with a file that the library cannot read: cut off where its own header says so."""
    size = file.stat().st_size
    with file.open("rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        begin = handle.read(1)
        header: dict[str, Any] = {}
        if begin == b"{" and size < 8 + length:
            return f"{shown} is cut off: {size:,} bytes are there, {8 + length:,} and more are needed: {remedy}"
        if begin == b"{":
            handle.seek(8)
            try:
                header = json.loads(handle.read(length))
                ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
                whole = 8 + length + max(ends, default=0)
            except (ValueError, TypeError, KeyError, IndexError, AttributeError):
                return f"{shown} is damaged: its header cannot be read: {remedy}"
            if size < whole:
                return f"{shown} is cut off: {size:,} of {whole:,} bytes are there: {remedy}"
    return f"{shown} is no intact safetensors file ({error}): {remedy}"


def _without_weights(place: Place, names: list[str]) -> str:
    folder, shown = place.folder, place.shown
    for patterns, what, how in _CONVERTED:
        if others := sorted({file.name for pattern in patterns for file in folder.glob(pattern)} - _NO_WEIGHTS):
            call = how.format(folder=f'"{shown}"', file=f'"{others[0]}"')
            return f"{shown} has only {what} ({others[0]}): {call} writes {SINGLE}"
    if parts := sorted(file.name for file in folder.glob("*.safetensors")):
        wanted = INDEX if "-of-" in parts[0] else names[0]
        hint = "" if wanted == INDEX or len(parts) > 1 else f"; if {parts[0]} is the model, give it that name"
        return f"no weights in {shown} that loading finds: {wanted} is missing beside {parts[0]}{hint}"
    return f"no weights in {shown}: {names[0]} is missing; save it there with model.save_pretrained"


#: Files of a trainer that match the patterns above.
_NO_WEIGHTS = {"training_args.bin", "optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state.pth"}
