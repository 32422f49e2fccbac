"""In how many bits the frozen weights of a run are held: what `model.dtype` and `model.quantization` come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..settings import ModelSettings, SettingsError

#: What a method does with the backbone's weights. It may only multiply with them; or read them, so that other values
#: make another method; or change them, so that they must be there in fp32.
WeightsUse = Literal["multiplies", "reads", "changes"]

_BITS = {"int8": "8", "nf4": "4"}


@dataclass(frozen=True)
class Storage:
    """Norms, biases and the head that trains are always in fp32."""

    #: Weights of the backbone's linear maps: fp32, bf16, int8 or nf4.
    linear: str = "fp32"
    #: Embeddings, and the output embedding of a language model: fp32 or bf16.
    embeddings: str = "fp32"


#: Everything in fp32.
PLAIN = Storage()


def storage_of(model: ModelSettings, precision: str, method: str, use: WeightsUse) -> Storage:
    """`precision`: fp32 or mixed. Raises SettingsError when the method cannot train on what the settings ask for.

    `auto` changes no number: in mixed precision a method that only multiplies with frozen weights does so in bfloat16,
    so they are held in it.
    """
    if use == "changes" and model.quantization != "none":
        raise SettingsError(
            f"model.quantization {model.quantization}: method {method} changes the backbone's weights, which have only "
            f"{_BITS[model.quantization]} bits then. Leave it out, or train an adapter over them, such as lora or lor2c"
        )
    if use == "changes" and model.dtype == "bf16":
        raise SettingsError(
            f"model.dtype bf16: method {method} changes the backbone's weights, and bfloat16 would round its changes "
            "away. Set it to auto or fp32; train.precision: mixed multiplies in bfloat16 all the same"
        )
    embeddings = "bf16" if model.dtype == "bf16" else "fp32"
    if model.quantization != "none":
        return Storage(model.quantization, embeddings)
    low = model.dtype == "bf16" or (model.dtype == "auto" and precision == "mixed" and use == "multiplies")
    return Storage("bf16" if low else "fp32", embeddings)


def storage_notes(model: ModelSettings) -> list[str]:
    """Notes for the record of every run on such a model."""
    if model.quantization == "none":
        return []
    return [
        f"the backbone is quantised ({model.quantization}): the adapter belongs to the quantised weights, not to the "
        "original ones"
    ]
