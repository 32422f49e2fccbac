"""Dropout whose masks are a function of (seed, site, step), drawn over real tokens in row order.

So masks don't depend on layout, number of lanes or resuming: the padded module and the unpadded encoder draw the same
ones, and all lanes of a batch share them (semantics.md section 11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch
from torch import nn

from ..data.batch import Batch
from ..keyed import attention
from .seeding import StepKey, generator


def draw(count: int, p: float, seed: int, site: str, step: StepKey, device: torch.device) -> torch.Tensor:
    """`count` multipliers, 0 with probability p (rounded to a multiple of 2^-16) and else 1 / (1 - p), float32."""
    return multipliers(draw_kept(count, p, seed, site, step, device), p)


def draw_kept(count: int, p: float, seed: int, site: str, step: StepKey, device: torch.device) -> torch.Tensor:
    """`count` booleans, true where kept; false with the probability of `draw`.

    Each 64-bit draw gives four 16-bit numbers, which is four times cheaper on the CPU than one draw each.
    """
    words = torch.empty((count + 3) // 4, dtype=torch.int64, device=device)
    words.random_(-(2**63), None, generator=generator(seed, "dropout", site, *step, device=device))
    dropped = round(p * 65536)
    if dropped >= 65536:
        raise ValueError("dropout probability must be below 1")
    return words.view(torch.int16)[:count] >= dropped - 32768


def multipliers(keep: torch.Tensor, p: float) -> torch.Tensor:
    """0 or 1 / (1 - p), with p rounded as in `draw`, float32."""
    return keep.to(torch.float32).mul_(65536 / (65536 - round(p * 65536)))


def exact(mask: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The mask in a format that represents 1 / (1 - p) in the product with x; bfloat16 does not."""
    return mask.to(torch.promote_types(x.dtype, mask.dtype))


class Layout(Protocol):
    """Where the real tokens of a batch are in the tensors of a backbone."""

    def place_tokens(self, drawn: torch.Tensor) -> torch.Tensor:
        """[real tokens in row order, d] -> [positions, d]; false where there is no token."""


@dataclass(frozen=True)
class PaddedLayout:
    """Positions are (row, column) of the padded batch; the masks of padding are zero."""

    mask: torch.Tensor  # [B, T] bool

    @staticmethod
    def of(batch: Batch) -> PaddedLayout:
        return PaddedLayout(batch.attention_mask.bool())

    def place_tokens(self, drawn: torch.Tensor) -> torch.Tensor:
        placed = drawn.new_zeros((self.mask.numel(), drawn.shape[-1]))
        return placed.masked_scatter_(self.mask.reshape(-1, 1), drawn)

    def first(self) -> torch.Tensor:
        rows, width = self.mask.shape
        return torch.arange(rows, device=self.mask.device) * width

    def last(self) -> torch.Tensor:
        return self.first() + self.mask.sum(dim=1) - 1

    def place_attention(self, drawn: torch.Tensor, heads: int) -> list[torch.Tensor]:
        """Flat draws in order (row, head, query, key) over real tokens -> one [B, heads, T, T], false elsewhere."""
        rows, width = self.mask.shape
        real = (self.mask[:, None, :, None] & self.mask[:, None, None, :]).expand(rows, heads, width, width)
        return [drawn.new_zeros((rows, heads, width, width)).masked_scatter_(real, drawn)]

    def place_prefix(self, drawn: torch.Tensor, heads: int, keys: int) -> torch.Tensor:
        """Flat draws in order (row, head, query, prefix key) over real queries -> [B, heads, T, keys]."""
        rows, width = self.mask.shape
        real = self.mask[:, None, :, None].expand(rows, heads, width, keys)
        return drawn.new_zeros((rows, heads, width, keys)).masked_scatter_(real, drawn)


T = TypeVar("T")


class StepMasks:
    """The masks of one micro-batch. A site's name is its place in the model, e.g. `encoder.layer.3.output.dropout`.

    Each is drawn once and kept, since lanes that share it may use it one after another.
    """

    def __init__(self, seed: int, step: StepKey, layout: Layout, lengths: list[int], device: torch.device) -> None:
        self.seed, self.step, self.layout, self.device = seed, step, layout, device
        self.lengths = lengths
        self._at: torch.Tensor | None = None
        self._kept: dict[tuple[str, float, bool], Any] = {}

    @staticmethod
    def of(seed: int, step: StepKey, batch: Batch, layout: Layout) -> StepMasks:
        return StepMasks(seed, step, layout, batch.row_lengths(), batch.input_ids.device)

    def tokens(self, site: str, width: int, p: float) -> torch.Tensor:
        """[positions of the layout, width]; within `only`, of its positions."""
        count, at = sum(self.lengths), self._at

        def make() -> torch.Tensor:
            # Placed as booleans, which have a quarter of the multipliers' bytes.
            kept = self.layout.place_tokens(self._draw(count * width, p, site).view(count, width))
            return multipliers(kept if at is None else kept.index_select(0, at), p)

        return self._keep(site, p, make)

    @contextmanager
    def only(self, at: torch.Tensor) -> Iterator[None]:
        """A context in which `tokens` gives the masks of the positions `at` [P] alone: those rows of what it gives
        outside of it. `at` is always the same for one object."""
        self._at = at
        try:
            yield
        finally:
            self._at = None

    def rows(self, site: str, width: int, p: float) -> torch.Tensor:
        """One mask per example, in row order: [B, width]."""
        count = len(self.lengths)
        return self._keep(site, p, lambda: multipliers(self._draw(count * width, p, site).view(count, width), p))

    def pairs(
        self, site: str, heads: int, p: float, place: Callable[[torch.Tensor, int], list[torch.Tensor]]
    ) -> list[torch.Tensor]:
        """Multipliers for every head and pair of real tokens of a row, in the shapes that `place(kept, heads)` gives.

        `kept` is flat, in order (row, head, query, key).
        """
        count = heads * sum(n * n for n in self.lengths)
        return self._keep(site, p, lambda: [multipliers(kept, p) for kept in place(self._draw(count, p, site), heads)])

    def prefix(
        self, site: str, heads: int, keys: int, p: float, place: Callable[[torch.Tensor, int, int], torch.Tensor]
    ) -> torch.Tensor:
        """As `pairs`, for every head, real token and one of `keys` keys before the tokens, in this order in a row."""
        count = heads * keys * sum(self.lengths)
        return self._keep(site, p, lambda: multipliers(place(self._draw(count, p, site), heads, keys), p))

    def _keep(self, site: str, p: float, make: Callable[[], T]) -> T:
        name = (site, p, self._at is None)
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def _draw(self, count: int, p: float, site: str) -> torch.Tensor:
        return draw_kept(count, p, self.seed, site, self.step, self.device)


class KeyedDropout:
    """Makes every dropout of a transformers module keyed.

    It replaces nn.Dropout modules, and the functions for attention and its mask (attention.py). Outside of `at` the
    module computes without dropout, whatever its `training` flag.
    """

    def __init__(self, module: nn.Module, seed: int) -> None:
        self.seed = seed
        self.masks: StepMasks | None = None
        self.calls: dict[str, int] = {}
        for name, child in list(module.named_modules()):
            if isinstance(child, nn.Dropout):
                _replace(module, name, KeyedSite(self, site_name(name), child.p))
        attention.use_keyed(module, self, site_name)

    @contextmanager
    def at(self, batch: Batch, step: StepKey | None) -> Iterator[None]:
        """A context in which the module computes on `batch`. `step` None: evaluation, without dropout."""
        with self.using(None if step is None else StepMasks.of(self.seed, step, batch, PaddedLayout.of(batch))):
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
    """Replaces an nn.Dropout. Input [K * B, T, d] or [K * B, d], or [K, N, d] of an unpadded encoder.

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
        mask = masks.rows(site, x.shape[-1], self.p) if x.ndim == 2 else masks.tokens(site, x.shape[-1], self.p)
        return (x.reshape(-1, *mask.shape) * exact(mask, x)).view(x.shape)

    def extra_repr(self) -> str:
        return f"p={self.p}, keyed"


#: Prefixes of a module path that differ between the wrappings of a model.
_WRAPPING = re.compile(r"^(base_model\.|model\.|bert\.|roberta\.)+")
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
