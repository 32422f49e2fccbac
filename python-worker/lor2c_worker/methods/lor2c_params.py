"""Settings of LoR2C and its variants."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..rules import PRESETS, Rules, resolve_rules
from .entry import setting


@dataclass(frozen=True)
class Lor2cParams:
    """Settings of all variants. Raises ValueError when they contradict each other."""

    rank: int = setting(8, "Rank r of B A", minimum=1, source="paper IV-B: 8 on GLUE, 64 on Llama")
    alpha: float = setting(
        16.0,
        "Scale: B A is multiplied by alpha / rank",
        exclusive_minimum=0,
        number=True,
        source="paper Eq. 2; 32 on Llama",
    )
    dropout: float = setting(
        0.1,
        "Dropout on the input of A",
        unit="probability",
        minimum=0,
        maximum=0.99,
        number=True,
        source="published code",
    )
    rules: Rules = dataclasses.field(
        default=PRESETS["paper"],
        metadata={
            "doc": "Choices the paper leaves open, or the published code makes otherwise: a preset, or fields over one",
            "unit": None,
            "source": "docs/semantics.md",
            "presets": PRESETS,
            "schedule": True,
        },
    )

    def __post_init__(self) -> None:
        value: str | Mapping[str, Any] | Rules = self.rules
        object.__setattr__(self, "rules", resolve_rules(value))


@dataclass(frozen=True)
class MergeSettings:
    merges: int = setting(
        1, "Number M of merges of two neighbouring modules", minimum=0, schedule=True, source="Eq. 11"
    )
    max_span: int | None = setting(
        None, "Most layers that one merged module may span; null: no limit", unit="layers", minimum=2, schedule=True
    )


@dataclass(frozen=True)
class InjectSettings:
    injections: int = setting(
        4, "Number I of modules that give way to LoRA on query and value", minimum=0, schedule=True, source="Eq. 12"
    )
    injected_rank: int | None = setting(
        None, "Rank r' of an injected LoRA; null: half of rank", minimum=1, source="paper IV-B: 4 on GLUE, 32 on Llama"
    )
    injected_alpha: float = setting(
        16.0, "Scale: the update is multiplied by alpha / rank", exclusive_minimum=0, number=True
    )
    injected_dropout: float = setting(
        0.05, "Dropout on the input of an injected LoRA", unit="probability", minimum=0, maximum=0.99, number=True
    )


@dataclass(frozen=True)
class MergeParams(MergeSettings, Lor2cParams):
    pass


@dataclass(frozen=True)
class InjectParams(InjectSettings, Lor2cParams):
    pass


@dataclass(frozen=True)
class ImParams(InjectSettings, MergeSettings, Lor2cParams):
    pass


@dataclass(frozen=True)
class ShareParams(InjectSettings, MergeSettings, Lor2cParams):
    merges: int = setting(
        0, "Number M of merges of two neighbouring modules", minimum=0, schedule=True, source="Eq. 11"
    )
    injections: int = setting(
        0, "Number I of modules that give way to LoRA on query and value", minimum=0, schedule=True, source="Eq. 12"
    )
