"""Configuration of a LoR2C adapter in the form of a PEFT folder (adapter_config.json)."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from typing import Any

from peft import PeftConfig, PeftType

from .arguments import check_arguments
from .checks import check_flag, check_layers, check_names, check_probability, check_rank, check_scale
from .structure import check_spans, check_structure


@dataclass
class Lor2cConfig(PeftConfig):
    """Structure and scales of one adapter. Layers are 0-based.

    Raises ValueError for a value that no adapter can have, and when spans and injected layers overlap.
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
    layers_to_transform: list[int] | int | None = field(
        default=None, metadata={"help": "Without `spans`: the layers that have a module or LoRA. None: all of them."}
    )
    layers_pattern: str | None = field(
        default=None,
        metadata={"help": "Name of the list of layers, for a model in which it is not found, e.g. 'encoder.block'."},
    )
    exclude_modules: list[str] | str | None = field(
        default=None,
        metadata={
            "help": "Without `spans`: layers that have neither a module nor LoRA, by the ends of their paths, e.g. "
            "'encoder.layer.0', or by a regular expression for the whole path."
        },
    )
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
        self.check()

    def check(self) -> None:
        """Raises ValueError for what is impossible whatever the model."""
        for name in ("r", "injected_r"):
            check_rank(name, getattr(self, name))
        for name in ("alpha", "injected_alpha"):
            check_scale(name, getattr(self, name))
        for name in ("dropout", "injected_dropout"):
            check_probability(name, getattr(self, name))
        for name in ("share", "inference_mode", "init_weights"):
            check_flag(name, getattr(self, name))
        check_names("modules_to_save", self.modules_to_save)
        if not isinstance(self.exclude_modules, str):
            check_names("exclude_modules", self.exclude_modules)
        if self.exclude_modules and self.spans is not None:
            raise ValueError("spans and exclude_modules both say where modules are: pass one of them")
        if self.layers_pattern is not None and not (isinstance(self.layers_pattern, str) and self.layers_pattern):
            raise ValueError(
                f"layers_pattern {self.layers_pattern!r}: expected the name of one list of layers, or None"
            )
        self.injected = check_layers("injected", self.injected)
        if self.spans is not None:
            self.spans = check_spans(self.spans)
        check_structure(self.spans or [], self.injected)
        self._check_layers_to_transform()

    def _check_layers_to_transform(self) -> None:
        if self.layers_to_transform is None:
            return
        given = self.layers_to_transform
        chosen = check_layers("layers_to_transform", [given] if isinstance(given, int) else given)
        if not isinstance(given, int):
            self.layers_to_transform = chosen
        if self.spans is not None:
            raise ValueError("spans and layers_to_transform both say where modules are: pass one of them")
        if outside := sorted(set(self.injected) - set(chosen)):
            raise ValueError(f"injected layers {outside} are not among layers_to_transform")

    def to_dict(self) -> dict[str, Any]:
        """The config as saved. peft appends the usual names of heads whenever it wraps a model; each is kept once."""
        values = super().to_dict()
        if self.modules_to_save is not None:
            values["modules_to_save"] = list(dict.fromkeys(self.modules_to_save))
        return values

    def resolved_spans(self, layers: int, excluded: Collection[int] = ()) -> list[tuple[int, int]]:
        """Spans on a model of `layers` layers, of which `exclude_modules` names some. Raises ValueError when the
        structure has more layers."""
        if self.spans is None:
            given = self.layers_to_transform
            chosen = range(layers) if given is None else [given] if isinstance(given, int) else given
            spans = [(i, i) for i in chosen if i not in self.injected and i not in excluded]
        else:
            spans = [(first, last) for first, last in self.spans]
        highest = max([last for _, last in spans] + self.injected, default=0)
        if highest >= layers:
            raise ValueError(f"the adapter's structure names layer {highest}, the model has {layers} layers (from 0)")
        if both := sorted(set(self.injected).intersection(excluded)):
            raise ValueError(f"injected layers {both} are among exclude_modules")
        if not spans and not self.injected:
            raise ValueError(
                "the adapter has no module: spans, layers_to_transform, exclude_modules and injected leave no layer"
            )
        return spans


def _checked(init: Any) -> Any:
    names = [each.name for each in fields(Lor2cConfig)]

    @functools.wraps(init)
    def initialise(self: Lor2cConfig, *args: Any, **kwargs: Any) -> None:
        check_arguments(kwargs, names)
        init(self, *args, **kwargs)

    return initialise


# The message of a dataclass does not say what a name of another method is here.
Lor2cConfig.__init__ = _checked(Lor2cConfig.__init__)  # type: ignore[method-assign]
