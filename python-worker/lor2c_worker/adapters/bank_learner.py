"""Lanes of a bank over a frozen backbone: forward, decisions when they are due, forks where cells differ in them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..adapters import lane_groups
from ..backbones.adapted_decoder import AdaptedDecoder
from ..backbones.backbone import Backbone
from ..backbones.decoder import Decoder
from ..backbones.heads import Head, LanguageModelHead
from ..backbones.hf_backbone import HfBackbone
from ..backbones.hf_decoder import HfDecoder
from ..backbones.unpadded_decoder import UnpaddedDecoder
from ..data.batch import Batch
from ..keyed.seeding import StepKey
from ..learner import EpochRecord, Expected, Lane, ScoreTable
from ..optim.adamw import LaneAdamW
from ..optim.slot import Slot
from ..rules import Rules
from ..schedule import Decision, Merge, Progress, Schedule, decide
from ..scores import score
from .bank import Bank, Spectra
from .bank_records import change_of, table_of
from .bank_routes import shared_seed
from .bank_state import (
    BankLane,
    history_of,
    lanes_state,
    lanes_with,
    progress_of,
    restore_slots,
    structures_of,
)
from .shared_batch import SharedBatch
from .trajectories import decay_of, effect_of, expected_events, gather_records, vain_tries


@dataclass(frozen=True)
class _Plan:
    """What one cell decides, and its effect on the lane. Cells with equal effects stay together."""

    cell: str
    decisions: tuple[Decision, ...]
    effects: tuple[tuple[object, ...], ...]
    #: Tries that found no candidate.
    notes: tuple[str, ...] = ()


class BankLearner:
    """Implements `Learner`. `schedules`: of each cell. `groups`: the cells of each lane at the start. `decays`: weight
    decay of cells whose rules name none; of others it is the optimizer's."""

    def __init__(
        self,
        backbone: Backbone,
        bank: Bank,
        head: Head,
        schedules: dict[str, Schedule],
        groups: Sequence[Sequence[str]],
        decays: Mapping[str, float] | None = None,
    ) -> None:
        if sorted(c for cells in groups for c in cells) != sorted(schedules) or bank.lanes != len(groups):
            raise ValueError("every cell begins in exactly one lane")
        self.backbone, self.bank, self.head = backbone, bank, head
        pairs = list(zip(groups, bank.numbers, strict=True))
        self.lanes: list[Lane] = [BankLane(list(cells), own.seed) for cells, own in pairs]
        self._numbers = {cell: own for cells, own in pairs for cell in cells}
        self._schedules, self._decays = schedules, decays or {}
        #: Merges and injections that each cell must have done, or its method did not act.
        self.required = {cell: (schedule.merges, schedule.injections) for cell, schedule in schedules.items()}
        self._progress = {cell: Progress() for cell in schedules}
        #: Lanes that go through the model together; None: all.
        self.width: int | None = None
        #: Fill the last group up to `width`, so that no product's shape depends on the number of lanes.
        self.fill = False
        #: Seconds of each fork so far.
        self.fork_seconds: list[float] = []
        #: The newest step with real-valued events, and the cells whose scores were told for it.
        self._scored: tuple[int, set[str]] = (0, set())
        self._shared = SharedBatch(backbone)
        self._set_decay()

    def slots(self) -> list[Slot]:
        return [*self.bank.slots(), *self.head.slots()]

    def groups(self) -> list[list[int]]:
        """They agree in their dropout too, and are neighbours."""
        size = self.width or len(self.lanes)
        alike = itertools.groupby(range(len(self.lanes)), key=lambda lane: self.bank.numbers[lane].together)
        runs = [list(lanes) for _, lanes in alike]
        return [run[first : first + size] for run in runs for first in range(0, len(run), size)]

    def use_width(self, width: int | None, *, fill: bool) -> None:
        self.width, self.fill = width, fill

    def use_checkpointing(self) -> None:
        self.backbone.use_checkpointing()
        self._shared.keeps_masks = False

    def narrow(self) -> int | None:
        together = self.width if self.fill and self.width else max(len(group) for group in self.groups())
        if together == 1:
            return None
        self.width = together // 2
        self._shared.forget()
        return self.width

    def forward(self, batch: Batch, step: StepKey | None, lanes: Sequence[int] | None = None) -> torch.Tensor:
        members = list(range(len(self.lanes)) if lanes is None else lanes)
        seed = None if step is None else shared_seed([self.bank.numbers[lane] for lane in members])
        count, used = len(members), [*self.bank.used(), *self.head.slots()]
        part = count < len(self.lanes)
        layout, masks, frozen = self._shared.of(batch, step, seed, keep=part)
        tensors = {slot.name: slot.tensor for slot in used}
        if part or (lanes is not None and self.fill):
            more = (self.width or count) - count if self.fill else 0
            leaves = {slot.name: slot.leaf(members[0], count, trains=step is not None) for slot in used}
            tensors = {name: _filled(leaf, more) for name, leaf in leaves.items()}
            members += [members[-1]] * more
        parts = self.backbone, self.bank, self.head
        return lane_groups.forward(*parts, batch, layout, masks, members, tensors, frozen)[:count]

    def penalty(self) -> torch.Tensor | None:
        return None

    def after_backward(self, step: int) -> None:
        pass

    def end_step(self, step: int, epoch: float, optimizer: LaneAdamW) -> list[EpochRecord]:
        real = {cell for cell, schedule in self._schedules.items() if schedule.real}
        due = {cell for cell in real if any(self._schedules[cell].due(epoch, self._progress[cell]))}
        if not due:
            return []
        self._scored = step, due
        return self._decide(epoch, real, optimizer, tables=due)

    def end_epoch(self, epoch: int, step: int, optimizer: LaneAdamW) -> list[EpochRecord]:
        deciding = {c for c, s in self._schedules.items() if not s.real}
        told = self._scored[1] if self._scored[0] == step else set()
        tables = set() if self.bank.residual is None else self._schedules.keys() - told
        return self._decide(epoch, deciding, optimizer, tables=tables, history=self.bank.residual is not None)

    def expected(self, lane: int, epoch: float) -> Expected:
        state, layout = self.lanes[lane], self.bank.structures[lane].layout
        assert isinstance(state, BankLane)
        newest = state.history[max(state.history)] if state.history else {}
        events: Expected = {}
        for cell in state.cells:
            schedule = self._schedules[cell]
            scores = self._scores(schedule.rules, newest)
            events[cell] = expected_events(schedule, layout, self._progress[cell], epoch, scores)
        return events

    def settled(self, lane: int, step: int, epoch: float) -> set[str]:
        """Cells that expect no event, and have done all that they must, or tried it in vain."""
        return {cell for cell, events in self.expected(lane, epoch).items() if not events and self._acted(cell)}

    def _acted(self, cell: str) -> bool:
        done, (merges, injections) = self._progress[cell], self.required[cell]
        merged = done.merges >= merges or done.merge_tries > done.merges
        return merged and (done.injections >= injections or done.inject_tries > done.injections)

    def decoder(self) -> Decoder:
        if not isinstance(self.head, LanguageModelHead):
            raise ValueError("a classifier continues no text")
        backbone, bank = self.backbone, self.bank
        if isinstance(backbone, UnpaddedDecoder):
            return AdaptedDecoder(backbone, self.head, lambda: bank.begin(None, [0]))
        assert isinstance(backbone, HfBackbone)
        return HfDecoder(backbone.module, lambda: backbone.using(bank.begin(None, [0])))

    def trainable_parameters(self, lane: int) -> tuple[int, int]:
        return self.bank.trainable(lane), sum(slot.tensor[0].numel() for slot in self.head.slots())

    def tensors(self, lane: int) -> dict[str, torch.Tensor]:
        return self.bank.tensors(lane) | {slot.name: slot.tensor[lane] for slot in self.head.slots()}

    def progress(self, cell: str) -> Progress:
        """How many events the cell has done and tried so far."""
        return self._progress[cell]

    def spectra(self, lane: int) -> Spectra:
        """Singular values of the lane's modules with the present weights."""
        return self.bank.spectra([lane])[0]

    def fork(self, groups: Sequence[tuple[int, list[str]]], optimizer: LaneAdamW) -> None:
        """Replace the lanes; a group is (lane to copy, its cells). Copies moments and history; randomness is keyed."""
        began = time.perf_counter()
        if self._regroup(groups, optimizer):
            self.fork_seconds.append(time.perf_counter() - began)

    def leave(self, cells: Iterable[str], optimizer: LaneAdamW) -> list[int]:
        """Go on without these cells. Returns, for each lane that is left, its index before."""
        gone = set(cells)
        kept = [(row, [cell for cell in lane.cells if cell not in gone]) for row, lane in enumerate(self.lanes)]
        groups = [(row, members) for row, members in kept if members]
        self._schedules = {cell: own for cell, own in self._schedules.items() if cell not in gone}
        self._regroup(groups, optimizer)
        return [row for row, _ in groups]

    def _regroup(self, groups: Sequence[tuple[int, list[str]]], optimizer: LaneAdamW) -> bool:
        """Returns True when it copied tensors."""
        rows = [row for row, _ in groups]
        old: list[BankLane] = self.lanes  # type: ignore[assignment]
        moved = rows != list(range(len(old)))
        if moved:
            self.bank.fork(rows)
            self.head.fork(rows)
            optimizer.fork(rows)
        self.lanes = [BankLane(cells, old[row].seed, dict(old[row].history)) for row, cells in groups]
        self._set_decay()
        return moved

    def state(self) -> dict[str, Any]:
        lanes: list[BankLane] = self.lanes  # type: ignore[assignment]
        return {
            **lanes_state(lanes, self.bank.structures, self._progress),
            "width": self.width,
            "fill": self.fill,
            "fork_seconds": list(self.fork_seconds),
            "tensors": {slot.name: slot.tensor.detach() for slot in self.slots()},
            "gates": {"residual": self.bank.gates, "injected": self.bank.injected_gates},
        }

    def restore(self, state: dict[str, Any], cells: Iterable[str]) -> list[int]:
        rows, groups = lanes_with(state, cells)
        restore_slots(self.slots(), state, rows)
        numbers = [self._numbers[members[0]] for members in groups]
        self.bank.set_gates(*(state["gates"][kind][list(rows)] for kind in ("residual", "injected")))
        self.bank.restore(structures_of(state, rows), numbers)
        self.lanes = [
            BankLane(members, own.seed, history_of(state["lanes"][row]["history"]))
            for row, members, own in zip(rows, groups, numbers, strict=True)
        ]
        self._progress = {cell: progress_of(state, cell) for members in groups for cell in members}
        self.width, self.fill, self.fork_seconds = state["width"], state["fill"], list(state["fork_seconds"])
        self._shared.forget()
        self._set_decay()
        return rows

    def _decide(
        self, epoch: float, deciding: set[str], optimizer: LaneAdamW, *, tables: set[str], history: bool = False
    ) -> list[EpochRecord]:
        """Let the `deciding` cells decide, fork where they differ, and return a record for every cell.

        `tables`: cells whose scores before the decisions are told. `history`: keep them for later decisions.
        """
        groups: list[tuple[int, list[str]]] = []
        plans: list[list[_Plan]] = []
        made: dict[str, ScoreTable] = {}
        of_lanes = self.bank.spectra(range(len(self.lanes)))
        for index, (lane, spectra) in enumerate(zip(self.lanes, of_lanes, strict=True)):
            assert isinstance(lane, BankLane)
            if history:
                lane.history[int(epoch)] = spectra
            made |= {cell: self._table(index, cell, epoch, spectra) for cell in lane.cells if cell in tables}
            by_effect: dict[tuple[object, ...], list[_Plan]] = {}
            for cell in lane.cells:
                plan = self._plan(index, cell, epoch, spectra) if cell in deciding else _Plan(cell, (), ())
                by_effect.setdefault(plan.effects, []).append(plan)
            for members in by_effect.values():
                groups.append((index, [plan.cell for plan in members]))
                plans.append(members)
        if any(plan.decisions for members in plans for plan in members):
            self.fork(groups, optimizer)
        records = []
        for index, members in enumerate(plans):
            counts = self._carry_out(index, members[0], optimizer)
            for plan in members:
                changes = [
                    change_of(decision, self._schedules[plan.cell], epoch, count)
                    for decision, count in zip(plan.decisions, counts, strict=True)
                ]
                records.append(EpochRecord(index, [plan.cell], changes, made.get(plan.cell), notes=list(plan.notes)))
        return gather_records(records)

    def _plan(self, lane: int, cell: str, epoch: float, spectra: Spectra) -> _Plan:
        schedule, state = self._schedules[cell], self.lanes[lane]
        assert isinstance(state, BankLane)
        scores_from = schedule.deciding_epoch(epoch)
        source = spectra if scores_from == epoch else state.history.get(int(scores_from or 0), {})
        values = self._scores(schedule.rules, source)
        before = self._progress[cell]
        decisions, after = decide(
            schedule, self.bank.structures[lane].layout, before, epoch, values, scores_from or 0.0
        )
        self._progress[cell] = after
        effects = tuple(effect_of(decision, schedule.rules) for decision in decisions)
        return _Plan(cell, tuple(decisions), effects, tuple(vain_tries(before, after, epoch)))

    def _scores(self, rules: Rules, spectra: Spectra) -> dict[int, float]:
        return {s: score(rules.score, values, self.backbone.hidden, rules.score_k) for s, values in spectra.items()}

    def _carry_out(self, lane: int, plan: _Plan, optimizer: LaneAdamW) -> list[int]:
        """Apply the decisions. Returns the trainable parameters of the body after each."""
        rules, counts = self._schedules[plan.cell].rules, []
        for decision in plan.decisions:
            if isinstance(decision, Merge):
                self.bank.merge(
                    lane,
                    decision,
                    optimizer,
                    trains=rules.merged_trains,
                    moments=rules.merged_moments,
                    end_dropout=rules.span_dropout_at == "end",
                )
            else:
                self.bank.inject(lane, decision, trains=rules.injected_trains)
            counts.append(self.bank.trainable(lane))
        return counts

    def _table(self, lane: int, cell: str, epoch: float, spectra: Spectra) -> ScoreTable:
        rules, layout = self._schedules[cell].rules, self.bank.structures[lane].layout
        return table_of(layout, epoch, rules.score, self._scores(rules, spectra), self.bank.trainable(lane))

    def _set_decay(self) -> None:
        """Set each lane's weight decay from its cells, which agree within a lane (`trajectory_key`)."""
        cells = [lane.cells[0] for lane in self.lanes]
        named = [(self._schedules[cell].rules, self._decays.get(cell)) for cell in cells]
        for slot in self.slots():
            bias = slot.name.endswith("bias")
            slot.decay = [decay_of(rules, own, bias=bias) for rules, own in named]


def _filled(leaf: torch.Tensor, more: int) -> torch.Tensor:
    """`leaf` with `more` copies of its last lane, which have no gradient.

    So the shapes of all products stay the same for any number of lanes, and a lane's results on CUDA do not depend on
    its neighbours.
    """
    return leaf if more == 0 else torch.cat([leaf, leaf[-1:].detach().expand(more, *leaf.shape[1:])])
