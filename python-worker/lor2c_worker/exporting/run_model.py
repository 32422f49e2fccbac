"""The model that a run trained, as others are told of it, and as it is loaded again."""

from __future__ import annotations

import re
from dataclasses import replace

from ..models import BaseModel, base_model, model_fingerprint
from ..settings import ModelSettings, SettingsError

_COMMIT = re.compile(r"@([0-9a-f]{40})$")


def base_for_others(model: ModelSettings, fingerprint: str | None, *, public: bool) -> BaseModel:
    """`fingerprint`: the run's of its model: the commit of one from the hub, or the hash of a folder. `public`: no path
    of this machine is in it, and a folder's name still begins like a path, which no repository does."""
    base = base_model(model, _commit(fingerprint), local=(fingerprint or "").startswith("sha256:"))
    return replace(base, name=f"./{base.shown}") if public and base.hub_id is None else base


def same_model(model: ModelSettings, fingerprint: str | None) -> ModelSettings:
    """`model` at the commit of the run. Raises SettingsError when the weights that it names are others by now.

    Runs from before fingerprints were stored have None: nobody knows their weights.
    """
    if fingerprint is None:
        return model
    if (commit := _commit(fingerprint)) is not None:
        model = replace(model, revision=commit)
    if model_fingerprint(model) != fingerprint:
        raise SettingsError(
            f"the model {model.name!r} has changed since the run: merged into other weights its adapter would give "
            "other outputs. Put the files back that it had, or export without --merged"
        )
    return model


def _commit(fingerprint: str | None) -> str | None:
    found = _COMMIT.search(fingerprint or "")
    return found[1] if found else None
