"""Configuration of a LoR2C adapter in the form of a PEFT folder (adapter_config.json)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from peft import PeftConfig, PeftType

from .structure import check_structure


@dataclass
class Lor2cConfig(PeftConfig):
    """Structure and scales of one adapter. Layers are 0-based.

    Raises ValueError when spans and injected layers overlap or are in the wrong order.
    """

    r: int = field(default=8, metadata={"help": "Rank r of every residual module (paper Eq. 2)."})
    alpha: float = field(default=16.0, metadata={"help": "Residual modules are scaled by alpha / r."})
    dropout: float = field(default=0.0, metadata={"help": "Dropout on the input of A of residual modules."})
    spans: list[list[int]] | None = field(
        default=None,
        metadata={
            "help": "[first, last] layer of each module: it takes the input of layer `first`, its output is added "
            "after layer `last`. None: one module for each layer that is not injected."
        },
    )
    injected: list[int] = field(
        default_factory=list, metadata={"help": "Layers whose module gave way to LoRA on query and value."}
    )
    injected_r: int = field(default=4, metadata={"help": "Rank of the injected LoRA (paper III-D: half of r)."})
    injected_alpha: float = field(default=16.0, metadata={"help": "Injected LoRA is scaled by alpha / rank."})
    injected_dropout: float = field(default=0.0, metadata={"help": "Dropout on the input of A of injected LoRA."})
    share: bool = field(default=False, metadata={"help": "One A for all residual modules (ShareLoR2C, paper Eq. 3)."})
    modules_to_save: list[str] | None = field(
        default=None, metadata={"help": "Modules besides the adapter that are trained and saved in full (the head)."}
    )
    init_weights: bool = field(
        default=True,
        metadata={"help": "False: B is random too, so that a new adapter changes the output, as in a test."},
    )
    #: peft reads it from every config. Here the structure and the model determine the targets.
    target_modules = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type = PeftType["LOR2C"]
        self.injected = sorted(self.injected)
        check_structure(self.spans or [], self.injected)
        if min(self.r, self.injected_r) < 1:
            raise ValueError("r and injected_r must be at least 1")

    def to_dict(self) -> dict[str, Any]:
        """The config as saved. peft appends the usual names of heads whenever it wraps a model; each is kept once."""
        values = super().to_dict()
        if self.modules_to_save is not None:
            values["modules_to_save"] = list(dict.fromkeys(self.modules_to_save))
        return values

    def resolved_spans(self, layers: int) -> list[tuple[int, int]]:
        """Spans on a model of `layers` layers. Raises ValueError when the structure has more layers."""
        if self.spans is None:
            spans = [(i, i) for i in range(layers) if i not in self.injected]
        else:
            spans = [(first, last) for first, last in self.spans]
        highest = max([last for _, last in spans] + self.injected, default=0)
        if highest >= layers:
            raise ValueError(f"the adapter's structure names layer {highest}, the model has {layers} layers (from 0)")
        return spans
