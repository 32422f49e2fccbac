"""LoR2C and its variants (semantics.md; paper section III): one implementation, five names with their settings."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..adapters.bank import BankParams
from ..adapters.bank_learner import BankLearner
from ..adapters.injection import QUERY_AND_VALUE
from ..adapters.trajectories import expected_events, trajectory_key
from ..backbones.hf_backbone import base_of, find_layers, projection_shape
from ..learner import Learner
from ..models import LoadedModel
from ..rules import preset_name
from ..schedule import Layout, Progress, Schedule
from .lanes import build_learner, group_lanes, numbers_of, redraw_heads
from .lor2c_foresight import foresee, last_epoch, required, unreached
from .lor2c_liveness import excused, unmet
from .lor2c_params import ImParams, InjectParams, Lor2cParams, MergeParams, ShareParams
from .method import Cell, Method
from .peft_folder import read_lane, read_layout, write_lane
from .plan import Horizon, Part, PlannedEvent, count


@dataclass(frozen=True)
class Variant(Method):
    """Implements `Method` for one of the five names."""

    name: str
    summary: str
    source: str
    Params: type
    share: bool = False
    #: Cells of one family that differ only in their schedule can train in one bundle.
    family: str | None = None
    keeps_model: bool = True
    lanes: bool = True

    def schedule(self, model: LoadedModel, params: Any, horizon: Horizon) -> Schedule:
        """When a cell with these params changes its structure. Plans and warnings use it too."""
        schedule = Schedule(
            epochs=horizon.epochs,
            merges=getattr(params, "merges", 0),
            injections=getattr(params, "injections", 0),
            rules=params.rules,
            max_span=getattr(params, "max_span", None),
            share=self.share,
            causal=not model.head,
        )
        return dataclasses.replace(schedule, end=last_epoch(schedule, horizon))

    def events(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[PlannedEvent]:
        """What parts the cells of a bundle: how they train from the start, and each event with all that decides it."""
        rules = dataclasses.asdict(params.rules)
        choices = json.dumps([rules, getattr(params, "max_span", None)], sort_keys=True)
        schedule = self.schedule(model, params, horizon)
        layout = Layout.initial(layers_of(model))
        expected = {(effect[0], epoch) for epoch, effect in expected_events(schedule, layout, Progress(), 0.0, {})}
        falling = schedule.falling(horizon.steps_per_epoch)
        return [
            PlannedEvent(0.0, json.dumps(trajectory_key(params.rules)), True),
            *(
                PlannedEvent(float(at), f"{kind} {choices}", (kind, epoch) in expected)
                for (kind, epoch), (_, at) in zip(schedule.events(), falling, strict=True)
            ),
        ]

    def unreached(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[str]:
        return unreached(self.schedule(model, params, horizon), layers_of(model), horizon)

    def warnings(self, model: LoadedModel, params: Any, horizon: Horizon) -> list[str]:
        schedule = self.schedule(model, params, horizon)
        return foresee(schedule, params.rank, layers_of(model), horizon)

    def notes(self, params: Any) -> list[str]:
        """Notes for the record of every run with these params."""
        name, rules = preset_name(params.rules), params.rules
        notes = [f"rules: {name}" if name else "rules: a preset with fields replaced"]
        if getattr(params, "merges", 0) and not rules.merged_trains:
            notes.append("merged modules stay frozen, as in the published code")
        if getattr(params, "injections", 0) and not rules.injected_trains:
            notes.append("injected LoRA stays frozen, as in the published code: an injection only removes a module")
        return notes

    def parts(self, model: LoadedModel, params: Any) -> list[Part]:
        """2 r d for each layer; with a shared A, r d for each layer and once more for A (semantics.md section 8)."""
        layers, r, d = layers_of(model), params.rank, int(model.config.hidden_size)
        factor = "" if self.share else "2 "
        each = (1 if self.share else 2) * r * d
        parts = [Part("shared A", f"r d = {r} * {d}", r * d)] if self.share else []
        numbers = f"{r} * {d}" if self.share else f"2 * {r} * {d}"
        return parts + [Part(f"layer {i}", f"{factor}r d = {numbers}", each) for i in range(layers)]

    def changes(self, model: LoadedModel, params: Any) -> list[Part]:
        """Each merge removes a module; each injection replaces one by LoRA on query and value."""
        merges, injections = getattr(params, "merges", 0), getattr(params, "injections", 0)
        r, d = params.rank, int(model.config.hidden_size)
        each, sign = (1, "r d") if self.share else (2, "2 r d")
        changes = []
        if merges:
            changes.append(Part(_counted(merges, "merge"), f"-{sign} each", -merges * each * r * d))
        if injections:
            gained = injected_parameters(model, params)
            formula = f"-{sign} + r' (d_in + d_out) of query and value each, r' = {injected_rank(params)}"
            changes.append(Part(_counted(injections, "injection"), formula, injections * (gained - each * r * d)))
        if self.share and merges + injections >= layers_of(model):
            changes.append(Part("shared A", "-r d once no residual module is left", -r * d))
        return changes

    def checkpoint_parameters(self, model: LoadedModel, params: Any) -> int:
        """With injections, every layer's LoRA is in a checkpoint from the start."""
        return count(self, model, params) + (_reserved(model, params) if params.rules.injected_trains else 0)

    def kept_parameters(self, model: LoadedModel, params: Any) -> int:
        return 0 if params.rules.injected_trains else _reserved(model, params)

    def scored_modules(self, model: LoadedModel, params: Any) -> int:
        return layers_of(model)

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> BankLearner:
        """Cells begin in one lane unless their numbers or rules make them train differently from the first step on."""
        lanes = group_lanes(cells, lambda cell: trajectory_key(cell.params.rules))
        schedules = {cell.id: self.schedule(model, cell.params, horizon) for cell in cells}
        may_inject = any(schedule.injections for schedule in schedules.values())
        learner = build_learner(
            model.module,
            bank_params(cells[0].params, self.share, layers_of(model), may_inject),
            schedules,
            [[cell.id for cell in lane] for lane in lanes],
            [numbers_of(lane[0]) for lane in lanes],
            {cell.id: cell.weight_decay for cell in cells if cell.weight_decay is not None},
        )
        redraw_heads(learner, model)
        layers = layers_of(model)
        learner.required = {cell: required(schedule, layers, horizon) for cell, schedule in schedules.items()}
        return learner

    def check(self, learner: Learner, cell: Cell) -> list[str]:
        assert isinstance(learner, BankLearner)
        return unmet(learner, cell)

    def remarks(self, learner: Learner, cell: Cell) -> list[str]:
        assert isinstance(learner, BankLearner)
        return excused(learner, cell)

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        assert isinstance(learner, BankLearner)
        write_lane(learner, lane, model, folder)

    def load(self, model: LoadedModel, params: Any, folder: Path) -> BankLearner:
        return load_lane(model, params, self.share, folder)

    def unmergeable(self, params: Any) -> str | None:
        return "its branch goes around a whole layer, which is not linear, so that no weights can hold it"


def layers_of(model: LoadedModel) -> int:
    """Number of layers of the backbone; the model may be on meta."""
    return len(find_layers(base_of(model.module))[0])


def _reserved(model: LoadedModel, params: Any) -> int:
    """Parameters of the LoRA of all layers, for which the bank has room where a run may inject."""
    return layers_of(model) * injected_parameters(model, params) if getattr(params, "injections", 0) else 0


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def injected_rank(params: Any) -> int:
    """r' of semantics.md: half the rank unless given."""
    given = getattr(params, "injected_rank", None)
    return max(1, params.rank // 2) if given is None else int(given)


def injected_parameters(model: LoadedModel, params: Any) -> int:
    """Parameters of the LoRA of rank r' on query and value of one layer."""
    layers, paths = find_layers(base_of(model.module))
    places = [paths[name] for name in QUERY_AND_VALUE.projections]
    return sum(injected_rank(params) * sum(projection_shape(layers[0].get_submodule(at.module), at)) for at in places)


def bank_params(params: Any, share: bool, layers: int, may_inject: bool, layout: Layout | None = None) -> BankParams:
    return BankParams(
        rank=params.rank,
        injected_rank=injected_rank(params),
        share=share,
        layout=Layout.initial(layers) if layout is None else layout,
        may_inject=may_inject,
    )


def load_lane(model: LoadedModel, params: Any, share: bool, folder: Path) -> BankLearner:
    """A learner with one lane, the saved tensors, and no events left."""
    layout = read_layout(folder)
    layers = layers_of(model)
    schedule = Schedule(epochs=1, merges=0, injections=0, rules=params.rules, share=share)
    learner = build_learner(
        model.module,
        bank_params(params, share, layers, bool(layout.injected), layout),
        {"loaded": schedule},
        [["loaded"]],
        [numbers_of(Cell("loaded", params))],
    )
    read_lane(learner, model, folder)
    return learner


#: Sharing is another trajectory from the first step on; merging and injecting are not.
_FAMILY, _SHARED = "lor2c", "sharelor2c"

METHODS: tuple[Variant, ...] = (
    Variant(
        "lor2c", "Low-rank residual connection around every layer", "LoR2C III-B, Eq. 2", Lor2cParams, False, _FAMILY
    ),
    Variant("sharelor2c", "LoR2C with one A for all layers", "LoR2C III-C, Eq. 3", ShareParams, True, _SHARED),
    Variant("mergelor2c", "LoR2C whose least informative neighbours merge", "LoR2C III-D", MergeParams, False, _FAMILY),
    Variant(
        "injectlor2c",
        "LoR2C whose modules give way to LoRA on query and value",
        "LoR2C III-D",
        InjectParams,
        False,
        _FAMILY,
    ),
    Variant("imlor2c", "LoR2C with merges and injections", "LoR2C III-D, IV-B", ImParams, False, _FAMILY),
)
