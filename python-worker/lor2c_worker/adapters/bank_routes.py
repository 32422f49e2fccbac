"""Which module acts on which layer of which lane, as small tensors: made once per change of structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..schedule import Layout
from .injection import QUERY_AND_VALUE, Injection


@dataclass(frozen=True)
class BankParams:
    """Shapes of the adapters, the same in all lanes. `layout` is the structure that every lane begins with."""

    rank: int
    injected_rank: int
    share: bool
    layout: Layout
    #: Some lane may use injected LoRA. Otherwise no memory is allocated for it.
    may_inject: bool
    injection: Injection = QUERY_AND_VALUE


@dataclass(frozen=True)
class Numbers:
    """What lanes of one bank may differ in besides their structure. Scales are alpha / rank."""

    #: Keys initial values, the order of rows and the masks.
    seed: int
    alpha: float
    dropout: float
    injected_alpha: float = 16.0
    injected_dropout: float = 0.0

    @property
    def together(self) -> tuple[int, float, float]:
        """Lanes go through the model together if this is equal: they share rows and masks."""
        return (self.seed, self.dropout, self.injected_dropout)


def shared_seed(numbers: Sequence[Numbers]) -> int:
    """The seed of lanes that go through the model together. Raises ValueError when they differ in seed or dropout."""
    if len({own.together for own in numbers}) > 1:
        raise ValueError("lanes with different seeds or dropouts cannot train in one forward: use the learner's groups")
    return numbers[0].seed


@dataclass(frozen=True)
class Structure:
    """Structure of one lane beyond its layout: what is frozen, and where merged spans take their dropout mask from."""

    layout: Layout
    frozen: frozenset[int] = frozenset()  # modules, by their start
    end_dropout: frozenset[int] = frozenset()  # modules whose mask is keyed by the layer they end on
    dormant: frozenset[int] = frozenset()  # injected layers whose LoRA does not train, so that its B stays zero


@dataclass(frozen=True)
class Part:
    """Some of the lanes and the others, each bool [K, 1, 1]."""

    lanes: torch.Tensor
    others: torch.Tensor


#: Which of the lanes that matter: all, none, or a part.
Some = bool | Part


@dataclass(frozen=True)
class Order:
    """The modules that act on some layers, in this order: one per layer and lane, [U, K].

    A lane without one gets another that it does not use, which is multiplied by 0, so that no product's shape depends
    on a lane's neighbours. No module comes twice.
    """

    layers: tuple[int, ...]
    #: Of a tensor [K * L, ...]: lane * L + layer that the module begins on, [U * K].
    index: torch.Tensor
    #: What each module is multiplied by, [U, K, 1, 1]: its gate and its scale, or 0 in a lane that does not use it.
    factors: torch.Tensor


@dataclass(frozen=True)
class Begin:
    """A layer on which longer modules begin. Their input is held until they end."""

    #: Lanes whose input is held from here on; the others still hold an earlier one, or none.
    holds: Some
    #: Of these, the lanes whose dropout is keyed by this layer, not by the one that the module ends on.
    drops: Some


@dataclass(frozen=True)
class End:
    """A layer on which modules end."""

    #: Lanes whose module also begins here, so that nothing is held for it.
    short: Some
    #: Lanes whose dropout is keyed by this layer, and not applied yet. The same object as `short` if it is the same.
    drops: Some


@dataclass(frozen=True)
class Routes:
    """What a forward of K lanes does, by layer. A lane's spans are disjoint, so that it holds one input at a time."""

    begins: dict[int, Begin]
    ends: dict[int, End]
    spans: Order
    injected: Order
    frozen_layers: int

    @staticmethod
    def of(
        structures: Sequence[Structure], layers: int, factors: torch.Tensor, injected_factors: torch.Tensor
    ) -> Routes:
        """`factors` [K, L]: gate times scale of the module that begins on each layer of each lane."""
        device = factors.device
        starts: list[dict[int, int]] = [{s.end: s.start for s in x.layout.spans} for x in structures]
        injected = [{layer: layer for layer in x.layout.injected if layer not in x.dormant} for x in structures]
        first = [layer for acts in injected for layer in acts] + [end + 1 for ends in starts for end in ends]
        begins = {layer: _begin(structures, layer, device) for layer in range(layers)}
        ends = {layer: _end(structures, layer, device) for layer in range(layers)}
        return Routes(
            begins={layer: begin for layer, begin in begins.items() if begin is not None},
            ends={layer: end for layer, end in ends.items() if end is not None},
            spans=_order(starts, factors),
            injected=_order(injected, injected_factors),
            frozen_layers=min([layers, *first]),
        )


def _begin(structures: Sequence[Structure], layer: int, device: torch.device) -> Begin | None:
    longer = [[s for s in x.layout.spans if s.merged] for x in structures]
    holds = [any(s.start == layer for s in spans) for spans in longer]
    if not any(holds):
        return None
    still = [any(s.start < layer <= s.end for s in spans) for spans in longer]
    early = [layer not in x.end_dropout for x in structures]
    matter = [a or b for a, b in zip(holds, still, strict=True)]
    return Begin(_some(holds, matter, device), _some(early, holds, device))


def _end(structures: Sequence[Structure], layer: int, device: torch.device) -> End | None:
    ending = [next((s for s in x.layout.spans if s.end == layer), None) for x in structures]
    matter = [span is not None for span in ending]
    if not any(matter):
        return None
    short = [span is not None and not span.merged for span in ending]
    late = [s is not None and s.start in x.end_dropout for s, x in zip(ending, structures, strict=True)]
    drops = [a or b for a, b in zip(short, late, strict=True)]
    some = _some(short, matter, device)
    return End(some, some if drops == short else _some(drops, matter, device))


def _some(has: Sequence[bool], matter: Sequence[bool], device: torch.device) -> Some:
    """Which lanes have it, where only those that matter count."""
    of_these = {one for one, counts in zip(has, matter, strict=True) if counts}
    if len(of_these) < 2:
        return of_these == {True}
    lanes = torch.tensor(has, device=device)[:, None, None]
    return Part(lanes, ~lanes)


def _order(acts: Sequence[dict[int, int]], factors: torch.Tensor) -> Order:
    """`acts`: of each lane, layer on which a module acts -> layer that it begins on. `factors` [K, L]."""
    used, layers, device = sorted(set().union(*acts)), factors.shape[1], factors.device
    index, does = [[0] * len(acts) for _ in used], [[0.0] * len(acts) for _ in used]
    for lane, starts in enumerate(acts):
        spare = iter(set(range(layers)) - set(starts.values()))
        for row, layer in enumerate(used):
            start = starts.get(layer)
            does[row][lane] = float(start is not None)
            index[row][lane] = lane * layers + (next(spare) if start is None else start)
    chosen = torch.tensor(index, dtype=torch.int64, device=device).flatten()
    own = factors.flatten().index_select(0, chosen).view(len(used), len(acts))
    own = own * torch.tensor(does, dtype=own.dtype, device=device).view_as(own)
    return Order(layers=tuple(used), index=chosen, factors=own[:, :, None, None])
