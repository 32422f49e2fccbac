"""DyLoRA (Valipour et al. 2023, arXiv 2210.07558): one LoRA that is good at every rank from r_min to r.

Each optimizer step draws a rank b, uniformly (the paper's p_B). A and B are truncated to their first b components, and
the update is (alpha / b) B A x: equation 5 of the paper, and its published code, which scales each factor by
sqrt(r / b) besides alpha / r. Evaluation scores every rank; the run reports the best one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..adapters.formula import add_low_rank
from ..adapters.peft_learner import PeftLearner
from ..data.batch import Batch
from ..keyed.seeding import StepKey, generator
from ..learner import Form, Learner
from ..models import LoadedModel
from ..optim.slot import Slot
from .entry import setting
from .method import Cell, Method
from .own_folder import fill, read_trained, write_trained
from .plan import Horizon, Part
from .projections import Targets, check_targets, initialise_a, is_target, linear_parts, target_modules, targets_setting

#: If equal draws are less probable than this, a run with only equal draws counts as faulty.
UNLIKELY = 1e-6


@dataclass(frozen=True)
class DyloraParams:
    """Raises ValueError when settings contradict each other."""

    rank: int = setting(8, "Largest rank r", minimum=1, source="paper IV-B of LoR2C: 8 on GLUE")
    min_rank: int = setting(1, "Smallest rank r_min that is drawn", minimum=1, source="DyLoRA, algorithm 1")
    alpha: float = setting(
        16.0, "Scale: at rank b the update is multiplied by alpha / b", exclusive_minimum=0, source="DyLoRA Eq. 5"
    )
    dropout: float = setting(0.05, "Dropout on the input of A", unit="probability", minimum=0, maximum=0.99)
    update: str = setting(
        "all",
        "What a step at rank b trains: all of the first b components, or only the b-th",
        choices=("all", "last"),
        source="DyLoRA section 4.1: `last` is its frozen mode",
    )
    target_modules: Targets = targets_setting("Projections that get an update")

    def __post_init__(self) -> None:
        if self.min_rank > self.rank:
            raise ValueError(f"min_rank {self.min_rank} is larger than rank {self.rank}")
        check_targets(self.target_modules)


#: A [b, d_in] and B transposed [b, d_out].
Factors = tuple[torch.Tensor, torch.Tensor]


class DyloraLinear(nn.Module):
    """W x + (alpha / b) B A drop(x), with the factors that the learner sets."""

    def __init__(self, base_layer: nn.Linear, alpha: float, dropout: float) -> None:
        super().__init__()
        self.base_layer, self.alpha = base_layer, alpha
        self.dropout = nn.Dropout(dropout)
        self.factors: Factors | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert self.factors is not None
        a, b = self.factors
        y = self.base_layer(x)
        flat = self.dropout(x).reshape(1, -1, x.shape[-1])
        scale = self.alpha / len(a)
        return add_low_rank(y.reshape(1, -1, y.shape[-1]), flat, a[None], b[None], scale).view(y.shape).to(y.dtype)


class DyloraLearner(PeftLearner):
    """Component i of every projection, row i of A and column i of B, is one tensor.

    A component that a step does not train has no gradient, so the optimizer does not touch it, its moments or its step
    count. With whole factors its gradient would be zero instead: AdamW would move it along old moments, and decay it.
    """

    def __init__(
        self, model: LoadedModel, linears: dict[str, DyloraLinear], params: DyloraParams, cells: list[str], seed: int
    ) -> None:
        super().__init__(model.module, model.head, cells, seed)
        self.params, self._seed, self._linears = params, seed, linears
        self.rank = params.rank  # in evaluation; `use` changes it
        #: Rank -> number of steps trained at it.
        self.drawn: Counter[int] = Counter()
        self._widths = [
            width for lin in linears.values() for width in (lin.base_layer.in_features, lin.base_layer.out_features)
        ]
        like = next(iter(linears.values())).base_layer.weight
        self.components = [
            torch.zeros(sum(self._widths), device=like.device, requires_grad=True) for _ in range(params.rank)
        ]
        body = [Slot(f"component.{i}", c, "body", stacked=False) for i, c in enumerate(self.components)]
        self._slots = [*body, *self._slots]

    def draw(self, step: int) -> int:
        """The rank of optimizer step `step`, the same for all of its micro-batches."""
        low, high = self.params.min_rank, self.params.rank
        return int(torch.randint(low, high + 1, (), generator=generator(self._seed, "dylora", step)))

    def forward(self, batch: Batch, step: StepKey | None, lanes: Sequence[int] | None = None) -> torch.Tensor:
        rank = self.rank if step is None else self.draw(step)
        frozen = rank - 1 if self.params.update == "last" else 0
        components = [c.detach() if i < frozen else c for i, c in enumerate(self.components[:rank])]
        with self._using(self._pairs(components)):
            return super().forward(batch, step, lanes)

    def _evaluating(self) -> AbstractContextManager[None]:
        """At the rank in use."""
        return self._with(self._pairs(self.components[: self.rank]), super()._evaluating())

    @contextmanager
    def _using(self, pairs: Sequence[Factors | None]) -> Iterator[None]:
        """A context in which the projections have these factors."""
        for linear, factors in zip(self._linears.values(), pairs, strict=True):
            linear.factors = factors
        try:
            yield
        finally:
            for linear in self._linears.values():
                linear.factors = None

    @contextmanager
    def _with(self, pairs: Sequence[Factors | None], masks: AbstractContextManager[None]) -> Iterator[None]:
        with self._using(pairs), masks:
            yield

    def _again(self) -> AbstractContextManager[None]:
        """With its factors too."""
        return self._with([linear.factors for linear in self._linears.values()], super()._again())

    def _pairs(self, components: list[torch.Tensor]) -> list[Factors]:
        """Of every projection. One split, so that the gradient is one tensor."""
        pieces = torch.stack(components).split(self._widths, dim=1)
        return list(zip(pieces[::2], pieces[1::2], strict=True))

    def merged(self) -> nn.Module:
        """The model with the update at the rank in use in its weights, and without what was put around them."""
        pairs = self._pairs(self.components[: self.rank])
        with torch.no_grad():
            for (name, linear), (a, b) in zip(self._linears.items(), pairs, strict=True):
                linear.base_layer.weight += linear.alpha / len(a) * b.mT @ a
                parent, _, child = name.rpartition(".")
                setattr(self.module.get_submodule(parent), child, linear.base_layer)
        return self.module

    def after_backward(self, step: int) -> None:
        self.drawn[self.draw(step)] += 1

    def state(self) -> dict[str, Any]:
        """With the rank in use and how often each was drawn."""
        return super().state() | {"rank": self.rank, "drawn": sorted(self.drawn.items())}

    def restore(self, state: dict[str, Any], cells: Iterable[str]) -> list[int]:
        self.rank, self.drawn = state["rank"], Counter(dict(state["drawn"]))
        return super().restore(state, cells)

    def forms(self) -> list[Form]:
        return [_form(b) for b in range(self.params.min_rank, self.params.rank + 1)]

    def use(self, form: Form) -> None:
        self.rank = int(form.values["rank"])

    def in_use(self) -> Form:
        return _form(self.rank)

    def initialise(self) -> None:
        """Set A as LoRA does, keyed by its place, and B to zero. Component i: row i of every A, column i of every B."""
        with torch.no_grad():
            for (name, linear), at in zip(self._linears.items(), self._starts(), strict=True):
                drawn = nn.Parameter(torch.empty(self.params.rank, linear.base_layer.in_features))
                initialise_a(drawn, self._seed, name)
                for component, row in zip(self.components, drawn, strict=True):
                    component[at : at + len(row)] = row

    def _starts(self) -> list[int]:
        """Offsets of the projections' parts in a component."""
        return [sum(self._widths[: 2 * i]) for i in range(len(self._linears))]


def _form(rank: int) -> Form:
    return Form(str(rank), {"rank": float(rank)})


class Dylora(Method):
    name = "dylora"
    summary = "LoRA trained at a rank drawn each step, scored at every rank"
    source = "Valipour et al. 2023, arXiv 2210.07558"
    Params = DyloraParams

    def notes(self, params: DyloraParams) -> list[str]:
        if params.min_rank == params.rank:
            return []
        ranks = f"{params.min_rank} to {params.rank}"
        return [f"the score is the best over ranks {ranks}, chosen on the rows that choose the epoch"]

    def parts(self, model: LoadedModel, params: DyloraParams) -> list[Part]:
        return linear_parts(model, target_modules(model, params.target_modules), params.rank)

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> DyloraLearner:
        learner = attach(model, cells[0].params, [cell.id for cell in cells], cells[0].seed)
        learner.initialise()
        return learner

    def check(self, learner: Learner, cell: Cell) -> list[str]:
        """Check that steps drew several ranks, unless so few steps may draw a single one by chance."""
        assert isinstance(learner, DyloraLearner)
        choices = cell.params.rank - cell.params.min_rank + 1
        steps, ranks = learner.drawn.total(), sorted(learner.drawn)
        if len(ranks) == 1 and choices > 1 and choices ** (1 - steps) < UNLIKELY:
            return [f"all {steps} steps were trained at rank {ranks[0]}: ranks were not drawn"]
        return [f"a step was trained at rank {b}" for b in ranks if not cell.params.min_rank <= b <= cell.params.rank]

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        assert isinstance(learner, DyloraLearner)
        write_trained(folder, learner.tensors(lane), {"method": self.name, "rank": learner.rank})

    def load(self, model: LoadedModel, params: DyloraParams, folder: Path) -> DyloraLearner:
        """A learner that evaluates at the rank that was best when `save` wrote the folder."""
        tensors, config = read_trained(folder, self.name)
        learner = attach(model, params, [], 0)
        fill(learner.tensors(0), tensors, folder)
        learner.rank = int(config["rank"])
        return learner

    def unmergeable(self, params: DyloraParams) -> str | None:
        return None

    def merged(self, model: LoadedModel, params: DyloraParams, folder: Path) -> nn.Module:
        return self.load(model, params, folder).merged()


def attach(model: LoadedModel, params: DyloraParams, cells: list[str], seed: int) -> DyloraLearner:
    model.module.requires_grad_(False)
    targets = target_modules(model, params.target_modules)
    linears: dict[str, DyloraLinear] = {}
    for name, module in list(model.module.named_modules()):
        parent, _, child = name.rpartition(".")
        if isinstance(module, nn.Linear) and is_target(name, targets):
            linears[name] = DyloraLinear(module, params.alpha, params.dropout)
            setattr(model.module.get_submodule(parent), child, linears[name])
    for parameter in model.head_parameters().values():
        parameter.requires_grad_(True)
    return DyloraLearner(model, linears, params, cells, seed)


METHOD = Dylora()
