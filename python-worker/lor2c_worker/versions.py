"""Versions of everything that can change a number."""

from __future__ import annotations

import importlib.metadata

from . import __version__
from .device import current_device, resolve_precision

#: Format of a checkpoint's content. Raise it when the content changes.
CHECKPOINT_FORMAT = "2"
#: Packages whose version can change a number.
PACKAGES = ("torch", "transformers", "peft", "tokenizers", "safetensors", "numpy", "scipy", "scikit-learn")


def package_versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def versions(precision: str) -> dict[str, str]:
    """What computes a run of `precision` here, for its checkpoints: with equal versions a resumed run gets the same
    numbers."""
    device = current_device()
    resolved = resolve_precision(precision, device)
    own = {"lor2c": __version__, "checkpoint": CHECKPOINT_FORMAT}
    return {**own, **package_versions(), "device": device.type, "precision": resolved}
