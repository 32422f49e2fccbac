"""Layers that hold frozen weights in fewer bits than fp32, and multiply with what these stand for."""

from __future__ import annotations

from .half import HalfEmbedding, HalfLinear, HalfOutput
from .int8 import Int8Linear
from .linear import FrozenLinear
from .nf4 import Nf4Linear

#: By the names of `model.dtype` and `model.quantization`.
LINEARS: dict[str, type[FrozenLinear]] = {"bf16": HalfLinear, "int8": Int8Linear, "nf4": Nf4Linear}

__all__ = ["LINEARS", "FrozenLinear", "HalfEmbedding", "HalfLinear", "HalfOutput", "Int8Linear", "Nf4Linear"]
