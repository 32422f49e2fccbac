"""Adapters of every structure on tiny models, and what they answer."""

from __future__ import annotations

import torch
from torch import nn

from lor2c_peft import Lor2cConfig

KINDS = ("bert", "roberta", "llama")
#: Structures on three layers: plain, merged, injected, merged beside injected, and each of these with a shared A.
STRUCTURES = {
    "plain": {},
    "merged": {"spans": [[0, 1], [2, 2]]},
    "one-span": {"spans": [[0, 2]]},
    "injected": {"spans": [[0, 0], [2, 2]], "injected": [1]},
    "merged-injected": {"spans": [[0, 1]], "injected": [2]},
    "all-injected": {"spans": [], "injected": [0, 1, 2]},
    "share": {"share": True},
    "share-merged-injected": {"spans": [[1, 2]], "injected": [0], "share": True},
}
HEADS = {"bert": ["pooler", "classifier"], "roberta": ["classifier"], "llama": ["score"]}


def config(kind: str, structure: str, **more: object) -> Lor2cConfig:
    values = {"r": 4, "alpha": 8.0, "injected_r": 2, "injected_alpha": 4.0, "modules_to_save": HEADS[kind]}
    return Lor2cConfig(**{"task_type": "SEQ_CLS", **values, **STRUCTURES[structure], **more})  # type: ignore[arg-type]


def fill(model: nn.Module, seed: int = 1) -> None:
    """Give every adapter tensor values, so that the branch is not zero."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lor2c_" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=random) * 0.3)


def inputs() -> dict[str, torch.Tensor]:
    ids = torch.tensor([[1, 4, 6, 8, 2], [1, 5, 7, 2, 0]])
    return {"input_ids": ids, "attention_mask": (ids != 0).long()}


def logits(model: nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(**inputs()).logits
