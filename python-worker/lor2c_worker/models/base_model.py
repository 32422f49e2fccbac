"""How others name the model that an adapter belongs to: by its repository on the hub, or as a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..settings import ModelSettings
from .packaged import MODELS, resolve


@dataclass(frozen=True)
class BaseModel:
    #: The argument of `from_pretrained`: a repository on the hub, or a folder of this machine.
    name: str
    #: As others may read it: of a folder only the last component.
    shown: str
    #: None of a folder.
    hub_id: str | None
    #: Commit, branch or tag on the hub; None: its main branch, or a folder.
    revision: str | None = None
    #: What the weights here went through, which those of the repository did not; None: they are the same.
    rounded: str | None = None


def base_model(settings: ModelSettings, commit: str | None, *, local: bool = False) -> BaseModel:
    """`commit`: of a hub's model; None where nobody knows it. `local`: it is known to have been a folder."""
    name = settings.name
    if (packaged := MODELS.get(name)) is not None:
        return BaseModel(packaged.hub_id, packaged.hub_id, packaged.hub_id, None, packaged.rounded)
    if local or (commit is None and is_folder(name)):
        return BaseModel(name, Path(name).name or name, None)
    return BaseModel(name, name, name, commit or settings.revision)


def is_folder(name: str) -> bool:
    """Whether a spec's name of a model or data set is a path: it begins like one, or there is a folder of that name,
    which models and data are then read from."""
    if name in MODELS:
        return False
    return name.startswith((".", "~")) or Path(name).is_absolute() or Path(resolve(name)).is_dir()
