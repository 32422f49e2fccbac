"""The table of architectures, which `lor2c_peft` has as data: where layers, their projections and the head are.

A file is read, the package is not imported: peft's import takes more than a second.
"""

from __future__ import annotations

import importlib.util
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ProjectionPath:
    """A linear module in a layer. With `of` above 1 its output is so many equal parts, and the projection is one."""

    module: str
    part: int = 0
    of: int = 1


@dataclass(frozen=True)
class HeadForm:
    """A classifier's head over the hidden states of the last layer."""

    #: Modules that train in full with any method, and those of them that a pretrained model has.
    modules: tuple[str, ...]
    #: Of a row's hidden states: `first`, `last`, `mean`; or config.<key>, whose value is `cls` or `mean`.
    pool: str
    #: In order: paths of dropouts, linear maps and norms in the whole model, and activations by their names in
    #: transformers or as config.<key>.
    steps: tuple[str, ...]
    pretrained: tuple[str, ...] = ()


@dataclass(frozen=True)
class Architecture:
    """What is known of models of some types."""

    #: Values of config.model_type.
    types: tuple[str, ...]
    #: base_model_prefix of their classes.
    prefix: str
    #: Path of the list of layers in the base model.
    layers: str
    projections: dict[str, ProjectionPath]
    #: Modules in a layer whose outputs are those of attention and of the feed-forward block, before the residual sums.
    blocks: tuple[str, str]
    head: HeadForm
    #: It predicts the next token.
    decoder: bool = False
    #: Its first padding_idx + 1 positions are no token's.
    reserves_positions: bool = False
    #: Its attention is computed in its own module, through no function that transformers looks up.
    own_attention: bool = False
    #: Lanes go through it one by one: its bits depend on the number of rows, and its projections are also applied to
    #: what all rows share, the embeddings of distances.
    alone: bool = False
    #: Embeddings in the base model whose weight is read as a matrix.
    whole_embeddings: tuple[str, ...] = ()
    #: What else than tokenizer.json usually holds the vocabulary, by type.
    vocabulary: dict[str, str] = field(default_factory=dict)


@cache
def architectures() -> tuple[Architecture, ...]:
    """All of the table, by the names of their files."""
    spec = importlib.util.find_spec("lor2c_peft")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the package lor2c_peft, which belongs to lor2c_worker, is not beside it")
    folder = Path(next(iter(spec.submodule_search_locations))) / "architectures"
    return tuple(_read(file) for file in sorted(folder.glob("*.toml")))


def architecture_of(model_type: str) -> Architecture | None:
    """What is known of models of this config.model_type."""
    return next((known for known in architectures() if model_type in known.types), None)


def model_types(*, decoder: bool | None = None) -> list[str]:
    """The types in the table, sorted; `decoder`: of those that predict the next token, or of the others."""
    fitting = (known for known in architectures() if decoder is None or known.decoder == decoder)
    return sorted(kind for known in fitting for kind in known.types)


def _read(file: Path) -> Architecture:
    table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    head = {name: _plain(value) for name, value in table.pop("head").items()}
    projections = {
        name: ProjectionPath(**place) if isinstance(place, dict) else ProjectionPath(place)
        for name, place in table.pop("projections").items()
    }
    values = {name: _plain(value) for name, value in table.items()}
    return Architecture(**values, projections=projections, head=HeadForm(**head))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
