"""Versions of everything that can change a number."""

from __future__ import annotations

from . import __version__
from .device import current_device, resolve_precision
from .imported import imported_version

#: Which numbers this worker computes from equal settings, rows, weights and precision. Raise it, once for a release,
#: when any stored number would come out otherwise: another draw, another order of sums, another rule. It is part of
#: every run's id, so that old and new numbers are never of one run. Runs stored before there was such a number count
#: as 1. 2: draws keyed by row and position, the same on every device and layout. 3: LoRA trains as lanes of the bank,
#: a module's B is multiplied by its scale before the product, and decoders compute on real tokens only; all three round
#: in another way.
NUMERICS = 3
#: Format of a checkpoint's content. Raise it when the content changes.
CHECKPOINT_FORMAT = "6"
#: Packages whose version can change a number, and the module that each is imported by.
PACKAGES = {
    "torch": "torch",
    "transformers": "transformers",
    "peft": "peft",
    "tokenizers": "tokenizers",
    "safetensors": "safetensors",
    "numpy": "numpy",
    "scipy": "scipy",
    "scikit-learn": "sklearn",
}


def package_versions() -> dict[str, str]:
    """Of the copies that this process imports, which need not be the installed ones (`imported.py`)."""
    return {name: imported_version(name, module) for name, module in PACKAGES.items()}


def versions(precision: str) -> dict[str, str]:
    """What computes a run of `precision` here, for its checkpoints: with equal versions a resumed run gets the same
    numbers."""
    device = current_device()
    resolved = resolve_precision(precision, device)
    own = {"lor2c": __version__, "numerics": str(NUMERICS), "checkpoint": CHECKPOINT_FORMAT}
    return {**own, **package_versions(), "device": device.type, "precision": resolved}
