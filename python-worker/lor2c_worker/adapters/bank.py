"""Adapters of all lanes, stacked [K, ...], and each lane's structure as data. Knows layers and projections only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch

from ..backbones.backbone import PROJECTIONS, Backbone, Projection
from ..keyed.masks import StepMasks
from ..keyed.seeding import generator
from ..optim.adamw import LaneAdamW
from ..optim.slot import Slot
from ..schedule import Inject, Layout, Merge
from .formula import add_low_rank


@dataclass(frozen=True)
class BankParams:
    """Shape and scale of the adapters. `layout` is the structure that every lane begins with."""

    rank: int
    alpha: float
    dropout: float
    injected_rank: int
    injected_alpha: float
    injected_dropout: float
    share: bool
    layout: Layout
    #: Some lane may use injected LoRA. Otherwise no memory is allocated for it.
    may_inject: bool


@dataclass(frozen=True)
class Structure:
    """Structure of one lane beyond its layout: what is frozen, and where merged spans take their dropout mask from."""

    layout: Layout
    frozen: frozenset[int] = frozenset()  # modules, by their start
    end_dropout: frozenset[int] = frozenset()  # modules whose mask is keyed by the layer they end on
    dormant: frozenset[int] = frozenset()  # injected layers whose LoRA does not train, so that its B stays zero


@dataclass
class _Plan:
    """What a forward of some lanes does, by layer. `lanes` None means all of them, else they are indices among them."""

    starts: set[int] = field(default_factory=set)
    #: layer -> (start of the module, layer that keys its mask, lanes)
    ends: dict[int, list[tuple[int, int, list[int] | None]]] = field(default_factory=dict)
    injected: dict[int, list[int] | None] = field(default_factory=dict)

    @staticmethod
    def of(structures: Sequence[Structure]) -> _Plan:
        plan = _Plan()
        ends: defaultdict[tuple[int, int, int], list[int]] = defaultdict(list)
        injected: defaultdict[int, list[int]] = defaultdict(list)
        for lane, structure in enumerate(structures):
            for span in structure.layout.spans:
                site = span.end if span.start in structure.end_dropout else span.start
                ends[span.end, span.start, site].append(lane)
            for layer in structure.layout.injected:
                if layer not in structure.dormant:
                    injected[layer].append(lane)
        for (end, start, site), members in sorted(ends.items()):
            plan.starts.add(start)
            plan.ends.setdefault(end, []).append((start, site, _all_or(members, len(structures))))
        plan.injected = {layer: _all_or(members, len(structures)) for layer, members in injected.items()}
        return plan


class Bank:
    """Tensors: A [K, r, d] and B [K, d, r] per start layer (one A when shared), and per injected projection."""

    def __init__(self, backbone: Backbone, params: BankParams, lanes: int, seed: int, like: torch.Tensor) -> None:
        """`like` gives device and dtype. Initial values depend on (seed, layer) only, not on earlier draws."""
        self.params, self.layers = params, backbone.layers
        self.structures = [Structure(params.layout) for _ in range(lanes)]
        self._slots: dict[str, Slot] = {}
        hidden = backbone.hidden

        def add(name: str, shape: tuple[int, int], *key: int | str) -> None:
            value = torch.zeros(shape) if not key else kaiming_uniform(shape, seed, *key)
            stacked = value.to(like).expand(lanes, *shape).clone().requires_grad_()
            self._slots[name] = Slot(name, stacked, "body")

        if params.share and params.layout.spans:
            add("lor2c.shared.A", (params.rank, hidden), "lor2c", "shared")
        for span in params.layout.spans:
            if not params.share:
                add(f"lor2c.{span.start}.A", (params.rank, hidden), "lor2c", span.start)
            add(f"lor2c.{span.start}.B", (hidden, params.rank))
        if params.may_inject or params.layout.injected:
            for layer in range(self.layers):
                for name in PROJECTIONS:
                    d_in, d_out = backbone.projection_shape(layer, name)
                    add(f"injected.{layer}.{name}.A", (params.injected_rank, d_in), "injected", layer, name)
                    add(f"injected.{layer}.{name}.B", (d_out, params.injected_rank))
        self._refresh()

    @property
    def lanes(self) -> int:
        return len(self.structures)

    def slots(self) -> list[Slot]:
        return list(self._slots.values())

    def names(self, start: int) -> tuple[str, str]:
        """Names of the slots of A and B of the module that begins on `start`."""
        return "lor2c.shared.A" if self.params.share else f"lor2c.{start}.A", f"lor2c.{start}.B"

    def a(self, start: int) -> torch.Tensor:
        """A of the module that begins on `start`, [K, r, d]."""
        return self._slots[self.names(start)[0]].tensor

    def b(self, start: int) -> torch.Tensor:
        """B of the module that begins on `start`, [K, d, r]."""
        return self._slots[self.names(start)[1]].tensor

    def injected(self, layer: int, name: Projection) -> tuple[torch.Tensor, torch.Tensor]:
        """A [K, r', d_in] and B [K, d_out, r'] of the LoRA on one projection."""
        prefix = f"injected.{layer}.{name}"
        return self._slots[f"{prefix}.A"].tensor, self._slots[f"{prefix}.B"].tensor

    def state(self, lane: int) -> dict[str, torch.Tensor]:
        """All tensors of the lane's model by name, without the lane axis."""
        return {name: self._slots[name].tensor[lane] for name in self._names(lane)}

    def trainable(self, lane: int) -> int:
        """Number of parameters by semantics.md section 8. A frozen merged module counts, a dormant LoRA does not."""
        dormant = self.structures[lane].dormant
        names = [n for n in self._names(lane) if not (n.startswith("injected.") and int(n.split(".")[1]) in dormant)]
        return sum(self._slots[name].tensor[0].numel() for name in names)

    def _names(self, lane: int) -> list[str]:
        layout, names = self.structures[lane].layout, []
        if self.params.share and layout.spans:
            names.append("lor2c.shared.A")
        for span in layout.spans:
            names += [] if self.params.share else [f"lor2c.{span.start}.A"]
            names.append(f"lor2c.{span.start}.B")
        for layer in layout.injected:
            names += [f"injected.{layer}.{name}.{part}" for name in PROJECTIONS for part in "AB"]
        return names

    def fork(self, rows: Sequence[int]) -> None:
        """Lane i becomes a copy of the former lane rows[i]. The slots stay the same objects with new tensors."""
        for slot in self._slots.values():
            slot.tensor = slot.tensor.detach()[list(rows)].clone().requires_grad_()
        self.structures = [self.structures[row] for row in rows]
        self._refresh()

    @torch.no_grad()
    def merge(
        self, lane: int, merge: Merge, optimizer: LaneAdamW, *, trains: bool, moments: str, end_dropout: bool
    ) -> None:
        """Replace both modules by one with A, B and, for `moments` "keep", the Adam state of module `merge.keep`."""
        first, second = merge.first.start, merge.second.start
        parts = ["B"] if self.params.share else ["A", "B"]
        for part in parts:
            target, source = f"lor2c.{first}.{part}", f"lor2c.{second}.{part}"
            if merge.keep == second:
                self._slots[target].tensor[lane] = self._slots[source].tensor[lane]
                optimizer.move(source, target, lane)
            if moments == "fresh":
                optimizer.reset(target, lane)
        old = self.structures[lane]
        gone = frozenset({first, second})
        self.structures[lane] = replace(
            old,
            layout=old.layout.merge(merge.first, merge.second),
            frozen=old.frozen - gone | (frozenset() if trains else frozenset({first})),
            end_dropout=old.end_dropout - gone | (frozenset({first}) if end_dropout else frozenset()),
        )
        self._refresh()

    def inject(self, lane: int, inject: Inject, *, trains: bool) -> None:
        """Replace the module by LoRA, whose tensors still have their initial values."""
        old = self.structures[lane]
        dormant = old.dormant if trains else old.dormant | {inject.layer}
        self.structures[lane] = replace(old, layout=old.layout.inject(inject.layer), dormant=dormant)
        self._refresh()

    def restore(self, structures: Sequence[Structure]) -> None:
        """Set one structure per lane. The slots' tensors must have as many rows already."""
        self.structures = list(structures)
        self._refresh()

    def set_structure(self, lane: int, structure: Structure) -> None:
        """For adapters that are loaded, and for tests."""
        self.structures[lane] = structure
        self._refresh()

    def _refresh(self) -> None:
        """Derive the slots' flags from the structures, and drop the plans, which `begin` makes again."""
        self._plans: dict[tuple[int, ...], _Plan] = {}
        trains: dict[str, set[int]] = {name: set() for name in self._slots}
        counts: dict[str, set[int]] = {name: set() for name in self._slots}
        for lane, structure in enumerate(self.structures):
            for span in structure.layout.spans:
                for name in self.names(span.start):
                    counts[name].add(lane)
                    if span.start not in structure.frozen or name == "lor2c.shared.A":
                        trains[name].add(lane)
            for layer in structure.layout.injected:
                if layer in structure.dormant:
                    continue
                for projection in PROJECTIONS:
                    for part in "AB":
                        trains[f"injected.{layer}.{projection}.{part}"].add(lane)
                        counts[f"injected.{layer}.{projection}.{part}"].add(lane)
        for name, slot in self._slots.items():
            slot.trains = [lane in trains[name] for lane in range(self.lanes)]
            slot.counts = [lane in counts[name] for lane in range(self.lanes)]

    def begin(
        self,
        masks: StepMasks | None,
        lanes: Sequence[int] | None = None,
        tensors: Mapping[str, torch.Tensor] | None = None,
    ) -> BankPass:
        """The adapters of one forward; `masks` None: without dropout. `lanes`: of these only. `tensors`
        [len(lanes), ...], by the names of the slots, replace the slots' own."""
        members = tuple(range(self.lanes) if lanes is None else lanes)
        if members not in self._plans:
            self._plans[members] = _Plan.of([self.structures[lane] for lane in members])
        if tensors is None:
            tensors = {name: slot.tensor for name, slot in self._slots.items()}
        return BankPass(self, self._plans[members], masks, tensors)


class BankPass:
    """One forward of a bank, or of some lanes of it. Implements `Adapters`."""

    def __init__(self, bank: Bank, plan: _Plan, masks: StepMasks | None, tensors: Mapping[str, torch.Tensor]) -> None:
        self._bank, self._plan, self._masks, self._tensors = bank, plan, masks, tensors
        self._inputs: dict[int, torch.Tensor] = {}
        self.frozen_layers = min([bank.layers, *plan.injected, *(end + 1 for end in plan.ends)])

    def enter(self, layer: int, h: torch.Tensor) -> None:
        if layer in self._plan.starts:
            self._inputs[layer] = h

    def leave(self, layer: int, h: torch.Tensor, at: torch.Tensor | None = None) -> torch.Tensor:
        params = self._bank.params
        for start, site, lanes in self._plan.ends.get(layer, ()):
            a, b = (self._tensors[slot] for slot in self._bank.names(start))
            mask = self._mask(f"lor2c.{site}", a.shape[-1], params.dropout)
            x = self._inputs[start] if at is None else self._inputs[start].index_select(1, at)
            h = _apply(h, x, a, b, params.alpha / params.rank, mask, lanes)
        return h

    def project(self, layer: int, name: Projection, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if layer not in self._plan.injected:
            return y
        params = self._bank.params
        a, b = (self._tensors[f"injected.{layer}.{name}.{part}"] for part in "AB")
        mask = self._mask(f"injected.{layer}.{name}", a.shape[-1], params.injected_dropout)
        return _apply(y, x, a, b, params.injected_alpha / params.injected_rank, mask, self._plan.injected[layer])

    def _mask(self, site: str, width: int, p: float) -> torch.Tensor | None:
        return None if self._masks is None or p == 0.0 else self._masks.tokens(site, width, p)


def _apply(
    y: torch.Tensor,
    x: torch.Tensor,
    a: torch.Tensor,
    b: torch.Tensor,
    scale: float,
    mask: torch.Tensor | None,
    lanes: list[int] | None,
) -> torch.Tensor:
    """The formula on some lanes; the others pass through unchanged, bit for bit."""
    if lanes is None:
        return add_low_rank(y, x, a, b, scale, mask)
    index = torch.tensor(lanes, device=y.device)
    return y.index_copy(0, index, add_low_rank(y[index], x[index], a[index], b[index], scale, mask).to(y.dtype))


def _all_or(members: list[int], lanes: int) -> list[int] | None:
    return None if len(members) == lanes else members


def kaiming_uniform(shape: tuple[int, int], seed: int, *key: int | str) -> torch.Tensor:
    """Kaiming-uniform with a = sqrt 5: U(-1/sqrt d_in, 1/sqrt d_in), float32, keyed. shape: (r, d_in)."""
    purpose, *place = key
    bound = shape[1] ** -0.5
    return (2 * torch.rand(shape, generator=generator(seed, str(purpose), *place)) - 1) * bound
