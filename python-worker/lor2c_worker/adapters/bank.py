"""Adapters of all lanes as a few tensors [K, L, ...], and each lane's structure as data. Knows layers and projections
only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import torch

from ..backbones.backbone import Backbone, Projection
from ..keyed.masks import StepMasks
from ..keyed.seeding import generator
from ..optim.adamw import LaneAdamW
from ..optim.slot import Slot
from ..schedule import Inject, Layout, Merge
from ..scores import singular_values
from .bank_pass import BankPass
from .bank_routes import BankParams, Numbers, Routes, Structure

__all__ = ["Bank", "BankParams", "Numbers", "Structure"]


#: Singular values of every module of a lane, by the layer it begins on.
Spectra = dict[int, list[float]]
#: A and B.
Pair = tuple[Slot, Slot]


class Bank:
    """Tensors: A [K, L, r, d] and B [K, L, d, r] of the modules, by the layer that they begin on (one A [K, r, d] when
    shared), and A [K, L, r', d_in] and B [K, L, d_out, r'] of the injected LoRA of each projection."""

    def __init__(self, backbone: Backbone, params: BankParams, numbers: Sequence[Numbers], like: torch.Tensor) -> None:
        """`numbers`: of each lane. `like` gives device and dtype. Initial values depend on (seed of the lane, layer)
        only, not on earlier draws.

        Raises ValueError when a projection has different shapes in different layers.
        """
        self.params, self.layers = params, backbone.layers
        self.numbers = list(numbers)
        self.structures = [Structure(params.layout) for _ in numbers]
        self.residual: Pair | None = None
        self.injected: dict[Projection, Pair] = {}
        #: Each module is multiplied by its gate, [K, L]: modules of `residual`, by the layer that they begin on, and
        #: those of `injected`. Change them with `set_gates`.
        self.gates, self.injected_gates = (like.new_ones(len(numbers), backbone.layers) for _ in range(2))
        self._routes: dict[tuple[int, ...], Routes] = {}

        def slot(name: str, values: Sequence[torch.Tensor], *, layered: bool = True) -> Slot:
            """`values`: of each lane."""
            return Slot(name, torch.stack(list(values)).to(like).requires_grad_(), "body", layered=layered)

        def drawn(make: Callable[[int], torch.Tensor]) -> list[torch.Tensor]:
            of_seed = {seed: make(seed) for seed in {own.seed for own in numbers}}
            return [of_seed[own.seed] for own in numbers]

        def zeros(*shape: int) -> list[torch.Tensor]:
            return [torch.zeros(self.layers, *shape)] * len(numbers)

        every, hidden = range(self.layers), backbone.hidden
        if params.layout.spans:
            shape = (params.rank, hidden)
            if params.share:
                shared = drawn(lambda seed: kaiming_uniform(shape, seed, "lor2c", "shared"))
                a = slot("lor2c.A", shared, layered=False)
            else:
                each = drawn(lambda seed: torch.stack([kaiming_uniform(shape, seed, "lor2c", i) for i in every]))
                a = slot("lor2c.A", each)
            self.residual = a, slot("lor2c.B", zeros(hidden, params.rank))
        if params.may_inject or params.layout.injected:
            for name in params.injection.projections:
                shapes = {backbone.projection_shape(layer, name) for layer in every}
                if len(shapes) > 1:
                    raise ValueError(f"the {name} projections of this model have different shapes")
                [(d_in, d_out)] = shapes
                self.injected[name] = (
                    slot(f"injected.{name}.A", drawn(partial(_injected, params, d_in, every, name))),
                    slot(f"injected.{name}.B", zeros(d_out, params.injected_rank)),
                )
        self._refresh()

    @property
    def lanes(self) -> int:
        return len(self.structures)

    def slots(self) -> list[Slot]:
        pairs = [*([] if self.residual is None else [self.residual]), *self.injected.values()]
        return [slot for pair in pairs for slot in pair]

    def used(self) -> list[Slot]:
        """The slots that a forward of all lanes uses."""
        spans = any(structure.layout.spans for structure in self.structures)
        injected = any(set(s.layout.injected) - s.dormant for s in self.structures)
        pairs = [*([self.residual] if self.residual and spans else []), *(self.injected.values() if injected else [])]
        return [slot for pair in pairs for slot in pair]

    def tensors(self, lane: int) -> dict[str, torch.Tensor]:
        """All tensors of the lane's model by name, as they are saved; views without the lane axis."""
        return {name: slot.tensor[lane][at] for name, slot, at in self._places(self.structures[lane].layout)}

    def modules(self) -> dict[str, torch.Tensor]:
        """All modules that may ever be in use, by the names of `tensors`: views [K, ...]."""
        every = range(self.layers)
        spans = Layout.initial(self.layers).spans if self.residual else ()
        layout = Layout(spans, tuple(every) if self.injected else ())
        return {name: slot.tensor[:, at[0]] if at else slot.tensor for name, slot, at in self._places(layout)}

    def trainable(self, lane: int) -> int:
        """Number of parameters by semantics.md section 8. A frozen merged module counts, a dormant LoRA does not."""
        structure = self.structures[lane]
        live = tuple(layer for layer in structure.layout.injected if layer not in structure.dormant)
        places = self._places(replace(structure.layout, injected=live))
        return sum(slot.tensor[lane][at].numel() for _, slot, at in places)

    def _places(self, layout: Layout) -> Iterator[tuple[str, Slot, tuple[int, ...]]]:
        """(name, slot, index after the lane) of every tensor of a layout."""
        if layout.spans:
            assert self.residual is not None
            a, b = self.residual
            if self.params.share:
                yield "lor2c.shared.A", a, ()
            for span in layout.spans:
                if not self.params.share:
                    yield f"lor2c.{span.start}.A", a, (span.start,)
                yield f"lor2c.{span.start}.B", b, (span.start,)
        for layer in layout.injected:
            for name, pair in self.injected.items():
                for part, slot in zip("AB", pair, strict=True):
                    yield f"injected.{layer}.{name}.{part}", slot, (layer,)

    def spectra(self, lanes: Sequence[int]) -> list[Spectra]:
        """Singular values of the modules of these lanes with the present weights."""
        places = [(lane, span.start) for lane in lanes for span in self.structures[lane].layout.spans]
        values: list[list[float]] = []
        if self.residual is not None and places:
            a, b = (slot.tensor.detach() for slot in self.residual)
            rows, starts = (torch.tensor(index, device=b.device) for index in zip(*places, strict=True))
            values = singular_values(a[rows] if self.params.share else a[rows, starts], b[rows, starts])
        found: dict[int, Spectra] = {lane: {} for lane in lanes}
        for (lane, start), own in zip(places, values, strict=True):
            found[lane][start] = own
        return list(found.values())

    def fork(self, rows: Sequence[int]) -> None:
        """Lane i becomes a copy of the former lane rows[i]. The slots stay the same objects with new tensors."""
        for slot in self.slots():
            slot.fork(rows)
        self.gates, self.injected_gates = self.gates[list(rows)], self.injected_gates[list(rows)]
        self.restore([self.structures[row] for row in rows], [self.numbers[row] for row in rows])

    def set_gates(self, residual: torch.Tensor, injected: torch.Tensor) -> None:
        """Multiply each module by its gate from now on; both [K, L]. All are 1 at first.

        Saved adapters have none: at the end of a run a gate other than 1 would have to be multiplied into B.
        """
        like = self.gates
        self.gates, self.injected_gates = (gates.to(like, copy=True).contiguous() for gates in (residual, injected))
        self._routes = {}

    @torch.no_grad()
    def merge(
        self, lane: int, merge: Merge, optimizer: LaneAdamW, *, trains: bool, moments: str, end_dropout: bool
    ) -> None:
        """Replace both modules by one with A, B and, for `moments` "keep", the Adam state of module `merge.keep`."""
        first, second = merge.first.start, merge.second.start
        assert self.residual is not None
        for slot in self.residual:
            if not slot.layered:  # the shared A stays
                continue
            if merge.keep == second:
                slot.tensor[lane, first] = slot.tensor[lane, second]
                optimizer.move(slot.name, lane, second, first)
            if moments == "fresh":
                optimizer.reset(slot.name, lane, first)
        self.gates[lane, first] = self.gates[lane, merge.keep]
        old = self.structures[lane]
        gone = frozenset({first, second})
        self.set_structure(
            lane,
            replace(
                old,
                layout=old.layout.merge(merge.first, merge.second),
                frozen=old.frozen - gone | (frozenset() if trains else frozenset({first})),
                end_dropout=old.end_dropout - gone | (frozenset({first}) if end_dropout else frozenset()),
            ),
        )

    def inject(self, lane: int, inject: Inject, *, trains: bool) -> None:
        """Replace the module by LoRA, whose tensors still have their initial values."""
        old = self.structures[lane]
        dormant = old.dormant if trains else old.dormant | {inject.layer}
        self.set_structure(lane, replace(old, layout=old.layout.inject(inject.layer), dormant=dormant))

    def set_structure(self, lane: int, structure: Structure) -> None:
        """Change the structure of one lane. Its tensors stay."""
        self.structures[lane] = structure
        self._refresh()

    def restore(self, structures: Sequence[Structure], numbers: Sequence[Numbers]) -> None:
        """Set structure and numbers of each lane. The slots' tensors and the gates must have as many rows already."""
        self.structures, self.numbers = list(structures), list(numbers)
        self._refresh()

    def _refresh(self) -> None:
        """Derive from the structures what trains, and drop the routes, which `begin` makes again."""
        self._routes = {}
        spans = self._flags([{s.start for s in x.layout.spans} - x.frozen for x in self.structures])
        injected = self._flags([set(x.layout.injected) - x.dormant for x in self.structures])
        if self.residual is not None:
            for slot in self.residual:
                live = torch.tensor([bool(x.layout.spans) for x in self.structures])
                slot.trains = spans if slot.layered else live
        for pair in self.injected.values():
            for slot in pair:
                slot.trains = injected

    def _flags(self, of_lanes: Sequence[set[int]]) -> torch.Tensor:
        flags = torch.zeros((self.lanes, self.layers), dtype=torch.bool)
        for lane, layers in enumerate(of_lanes):
            flags[lane, sorted(layers)] = True
        return flags

    def begin(
        self,
        masks: StepMasks | None,
        lanes: Sequence[int] | None = None,
        tensors: Mapping[str, torch.Tensor] | None = None,
    ) -> BankPass:
        """The adapters of one forward; `masks` None: without dropout. `lanes`: of these only, which agree in their
        dropout. `tensors` [len(lanes), ...], by the names of the slots, replace the slots' own."""
        members = tuple(range(self.lanes) if lanes is None else lanes)
        if members not in self._routes:
            with torch.inference_mode(False):  # an evaluation makes them too, and training goes on with them
                self._routes[members] = self._route(members)
        routes = self._routes[members]
        given = {slot.name: slot.tensor for slot in self.slots()} if tensors is None else tensors

        def pair(slots: Pair) -> tuple[torch.Tensor, torch.Tensor]:
            return given[slots[0].name], given[slots[1].name]

        return BankPass(
            self.numbers[members[0]],
            routes,
            masks,
            self.params.injection,
            pair(self.residual) if self.residual and routes.spans.layers else None,
            {name: pair(slots) for name, slots in self.injected.items()} if routes.injected.layers else {},
        )

    def _route(self, members: tuple[int, ...]) -> Routes:
        rows, params, numbers = list(members), self.params, [self.numbers[lane] for lane in members]
        scales = self.gates.new_tensor([own.alpha / params.rank for own in numbers])
        injected = self.gates.new_tensor([own.injected_alpha / params.injected_rank for own in numbers])
        return Routes.of(
            [self.structures[lane] for lane in members],
            self.layers,
            self.gates[rows] * scales[:, None],
            self.injected_gates[rows] * injected[:, None],
        )


def _injected(params: BankParams, d_in: int, layers: Iterable[int], name: Projection, seed: int) -> torch.Tensor:
    """Initial A of the injected LoRA of a projection, [L, r', d_in]."""
    shape, initial = (params.injected_rank, d_in), params.injection.initial
    return torch.stack([kaiming_uniform(shape, seed, *initial(i, name)) for i in layers])


def kaiming_uniform(shape: tuple[int, int], seed: int, *key: int | str) -> torch.Tensor:
    """Kaiming-uniform with a = sqrt 5: U(-1/sqrt d_in, 1/sqrt d_in), float32, keyed. shape: (r, d_in)."""
    purpose, *place = key
    bound = shape[1] ** -0.5
    return (2 * torch.rand(shape, generator=generator(seed, str(purpose), *place)) - 1) * bound
