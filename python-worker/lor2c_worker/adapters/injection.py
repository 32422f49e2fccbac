"""Where a bank puts LoRA into a layer, and what the draws of it are keyed by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..backbones.backbone import Projection


@dataclass(frozen=True)
class Injection:
    """Both functions are of a layer and a projection. Initial values and masks are keyed by their results."""

    #: In the order of `backbone.PROJECTIONS`.
    projections: tuple[Projection, ...]
    #: Purpose and place of the draw of A (keyed/seeding.py).
    initial: Callable[[int, Projection], tuple[int | str, ...]]
    #: Site of the dropout on the input of A (keyed/masks.py).
    site: Callable[[int, Projection], str]


#: What takes the place of a LoR2C module (LoR2C section III-D).
QUERY_AND_VALUE = Injection(
    projections=("query", "value"),
    initial=lambda layer, name: ("injected", layer, name),
    site=lambda layer, name: f"injected.{layer}.{name}",
)
