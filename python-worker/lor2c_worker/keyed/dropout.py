"""Makes every dropout of a transformers module draw its mask from `masks.StepMasks`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from . import blocks
from .attention import use_keyed
from .layout import PaddedLayout, Rows
from .masks import StepMasks, exact
from .seeding import StepKey


class KeyedDropout:
    """Makes every dropout of a transformers module keyed.

    It replaces nn.Dropout modules, peft's dropout of blocks, and the functions for attention and its mask
    (attention.py). Outside of `at` the module computes without dropout, whatever its `training` flag.
    """

    def __init__(self, module: nn.Module, seed: int = 0) -> None:
        """`seed`: that of the masks which `at` makes."""
        self.seed = seed
        self.masks: StepMasks | None = None
        self.calls: dict[str, int] = {}
        for name, child in list(module.named_modules()):
            if isinstance(child, nn.Dropout):
                _replace(module, name, KeyedSite(self, site_name(name), child.p))
            elif type(child).__name__ == blocks.NAME:
                _replace(module, name, blocks.KeyedBlocks(self, site_name(name), float(child.p)))
        use_keyed(module, self, site_name)

    @contextmanager
    def at(self, batch: Rows, step: StepKey | None) -> Iterator[None]:
        """A context in which the module computes on `batch`. `step` None: evaluation, without dropout."""
        with self.using(None if step is None else StepMasks(self.seed, step, batch, PaddedLayout.of(batch))):
            yield

    @contextmanager
    def using(self, masks: StepMasks | None) -> Iterator[None]:
        """As `at`, with existing masks. Their layout must be that of the batch that the module computes on."""
        self.calls.clear()
        self.masks = masks
        try:
            yield
        finally:
            self.masks = None


class KeyedSite(nn.Module):
    """Replaces an nn.Dropout. Input [K * B, T, d] or [K * B, d], or [K, N, d] of an unpadded encoder; or weights
    [K * B, H, T, T] of an attention that calls no function of transformers.

    The lanes share the mask.
    """

    owner: KeyedDropout

    def __init__(self, owner: KeyedDropout, site: str, p: float) -> None:
        super().__init__()
        self.__dict__["owner"] = owner  # kept out of the submodules, so that nothing moves or saves it
        self.site, self.p = site, p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        masks = self.owner.masks
        if masks is None or self.p == 0.0:
            return x
        # A head may use one dropout twice; each use has its own mask.
        call = self.owner.calls.get(self.site, 0)
        self.owner.calls[self.site] = call + 1
        site = f"{self.site}#{call}" if call else self.site
        if x.ndim == 4:
            mask = masks.pairs(site, x.shape[1], self.p)
        else:
            mask = masks.rows(site, x.shape[-1], self.p) if x.ndim == 2 else masks.tokens(site, x.shape[-1], self.p)
        return (x.reshape(-1, *mask.shape) * exact(mask, x)).view(x.shape)

    def extra_repr(self) -> str:
        return f"p={self.p}, keyed"


#: Prefixes of a module path that differ between the wrappings of a model.
_WRAPPING = re.compile(r"^(base_model\.|model\.|bert\.|roberta\.|mpnet\.)+")
_INSIDE = re.compile(r"\.(base_layer|modules_to_save\.[^.]+|original_module)\b")


def site_name(path: str) -> str:
    """A module path without the prefixes of model classes and of peft, so that a site has one name in all of them."""
    return _INSIDE.sub("", _WRAPPING.sub("", path))


def _replace(root: nn.Module, name: str, new: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    owner = root.get_submodule(parent)
    if isinstance(owner, nn.ModuleDict):
        owner[child] = new
    else:
        setattr(owner, child, new)
