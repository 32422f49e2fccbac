"""Makes every dropout of a transformers module draw its mask from `masks.StepMasks`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import nn

from ..architectures import architectures
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
        tables = dict(_tables(module))
        for name, child in list(module.named_modules()):
            if isinstance(child, nn.Dropout):
                table = next((after for within, after in tables.items() if f"{name}.".startswith(within)), None)
                _replace(module, name, KeyedSite(self, site_name(name), child.p, table))
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
    [K * B, H, T, T] of an attention that is computed in a module of its own; or a table [S, d], which no row has.

    The lanes share the mask.
    """

    owner: KeyedDropout

    def __init__(self, owner: KeyedDropout, site: str, p: float, table: int | None = None) -> None:
        """`table`: after so many calls in a forward the input is a table; None: it never is."""
        super().__init__()
        self.__dict__["owner"] = owner  # kept out of the submodules, so that nothing moves or saves it
        self.site, self.p, self.table = site, p, table

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        masks = self.owner.masks
        if masks is None or self.p == 0.0:
            return x
        # A head may use one dropout twice; each use has its own mask.
        call = self.owner.calls.get(self.site, 0)
        self.owner.calls[self.site] = call + 1
        if self.table is not None and call >= self.table:
            mask = masks.table(self.site, x.shape[-2], x.shape[-1], self.p)
        else:
            mask = self._mask(masks, f"{self.site}#{call}" if call else self.site, x)
        return (x.reshape(-1, *mask.shape) * exact(mask, x)).view(x.shape)

    def _mask(self, masks: StepMasks, site: str, x: torch.Tensor) -> torch.Tensor:
        if x.ndim == 4:
            return masks.pairs(site, x.shape[1], self.p)
        return masks.rows(site, x.shape[-1], self.p) if x.ndim == 2 else masks.tokens(site, x.shape[-1], self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}, keyed"


def _tables(module: nn.Module) -> Iterator[tuple[str, int]]:
    """(path of a module that reads a table, number of its calls in a forward that read rows), of DeBERTa's attention:
    its projections read the embeddings of distances after the rows."""
    for name, child in module.named_modules():
        if type(child).__name__ == "DisentangledSelfAttention":
            yield from ((f"{name}.{path}.", 0) for path in ("pos_dropout", "pos_key_proj", "pos_query_proj"))
            yield from ((f"{name}.{path}.", 1) for path in ("query_proj", "key_proj"))


_INSIDE = re.compile(r"\.(base_layer|modules_to_save\.[^.]+|original_module)\b")


def site_name(path: str) -> str:
    """A module path without the prefixes of model classes and of peft, so that a site has one name in all of them."""
    return _INSIDE.sub("", _wrapping().sub("", path))


@cache
def _wrapping() -> re.Pattern[str]:
    """Prefixes of a module path that differ between the wrappings of a model."""
    prefixes = sorted({"base_model", "model", *(known.prefix for known in architectures())})
    return re.compile(rf"^(({'|'.join(prefixes)})\.)+")


def _replace(root: nn.Module, name: str, new: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    owner = root.get_submodule(parent)
    if isinstance(owner, nn.ModuleDict):
        owner[child] = new
    else:
        setattr(owner, child, new)
