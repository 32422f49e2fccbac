"""Cells that differ in numbers as lanes of one bundle, in a real worker: each has the bits that it has alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from marks import needs_bf16
from test_backbones import bank_of, batch_of, build
from test_bank import learner_of, params_of
from test_methods import fresh
from test_tree import cell, place, record, until_epoch
from worker import Worker, only, settings, train

from lor2c_worker import messages
from lor2c_worker.adapters.bank import Bank, Numbers, Structure
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.adapters.bank_routes import shared_seed
from lor2c_worker.backbones.unpadded import UnpaddedEncoder
from lor2c_worker.keyed.seeding import generator
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.methods.lanes import marked
from lor2c_worker.methods.lor2c_params import ImParams
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.rules import PRESETS
from lor2c_worker.run.lane_width import most_together
from lor2c_worker.run.tree import TRAIN_NUMBERS, group_trees, read_cell
from lor2c_worker.schedule import Inject, Layout, Merge, Schedule, Span

__all__ = ["place"]  # a fixture

Cells = dict[str, dict[str, Any]]


def sweep(place: Path, **options: Any) -> Cells:
    """Cells that differ in every number there is, each from `usual` in one or more of them."""

    def one(merges: int, injections: int, rules: Any = "paper", seed: int = 17, **own: Any) -> dict[str, Any]:
        method = {k: own.pop(k) for k in list(own) if k in METHOD}
        value = cell(place, merges, injections, rules, **{"gradient_accumulation_steps": 2, **options, **own})
        return {**value, "seed": seed, "method": {**value["method"], **method}}

    return {
        "usual": one(1, 1),
        "events": one(2, 1, max_span=2),
        "rate": one(1, 1, learning_rate=1e-2),
        "head": one(1, 1, head_learning_rate=3e-2),
        "decay": one(1, 1, weight_decay=0.3),
        "seed": one(1, 1, seed=5),
        "alpha": one(1, 1, alpha=3.0),
        "dropout": one(1, 1, dropout=0.0),
        "injected": one(0, 2, injected_alpha=5.0, injected_dropout=0.3),
        "rules": one(1, 1, rules="official", seed=5, alpha=7.0),
        "all": one(2, 2, learning_rate=3e-2, weight_decay=0.0, seed=6, alpha=5.0, dropout=0.3, injected_alpha=9.0),
    }


METHOD = {*marked(ImParams, "number"), *marked(ImParams, "schedule")}
#: Cells that begin in a lane of their own: all but `events`, which parts from `usual` later.
STARTS = 10


@pytest.fixture(scope="module")
def alone(worker: Worker, place: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    records = {}
    for name, value in sweep(place).items():
        folder = tmp_path_factory.mktemp("alone")
        train(worker, folder, {name: value})
        records[name] = record(worker.until_done(), name, folder)
    return records


def test_the_sweep_has_every_number(place: Path) -> None:
    """So that this file proves what the catalog says."""
    usual, *others = sweep(place).values()
    varied = {"seed"} if any(other["seed"] != usual["seed"] for other in others) else set()
    for part in ("train", "method"):
        varied |= {name for other in others for name, value in other[part].items() if value != usual[part].get(name)}
    assert varied == {"seed", *TRAIN_NUMBERS, *METHOD}
    assert {*marked(ImParams, "number")} <= {field.name for field in dataclasses.fields(Numbers)}


def test_a_cell_has_the_bits_that_it_has_alone(
    worker: Worker, place: Path, tmp_path: Path, alone: dict[str, list[Any]]
) -> None:
    train(worker, tmp_path, sweep(place))
    events = worker.until_done()
    (tree,) = only(events, messages.Tree)
    assert tree.lanes == STARTS + 1
    for name, value in alone.items():
        assert record(events, name, tmp_path) == value, name
    assert len({value[-2] for value in alone.values()}) == len(alone), "some number has no effect"


def test_lanes_that_diverge_cost_the_others_nothing(
    worker: Worker, place: Path, tmp_path: Path, alone: dict[str, list[Any]]
) -> None:
    """With several lanes in a group. The first stands in it before the others."""
    bad = {"bad": sweep(place, learning_rate=1e30)["usual"], "bad seed": sweep(place, weight_decay=1e38)["seed"]}
    cells = {
        name: value | {"train": {**value["train"], "max_lanes": 64}} for name, value in (bad | sweep(place)).items()
    }
    train(worker, tmp_path, cells)
    events = worker.until_done()
    assert {name for end in only(events, messages.Failed) for name in end.cells} == set(bad)
    for name, value in alone.items():
        assert record(events, name, tmp_path) == value, name


def test_each_lane_reports_its_own_rate(alone: dict[str, list[Any]]) -> None:
    def highest(name: str) -> float:
        said = [value for value in alone[name] if isinstance(value, dict)]
        return max(v["values"]["learning_rate"] for v in said if v["type"] == "metrics" and v["split"] == "train")

    assert {name: highest(name) for name in ("usual", "rate", "all")} == {"usual": 2e-2, "rate": 1e-2, "all": 3e-2}


def test_the_plan_parts_cells_where_the_worker_does(worker: Worker, place: Path) -> None:
    """By the event at epoch 0, which the runner's tree is made from."""
    cells = sweep(place)
    worker.send(type="inspect", request="i", settings=list(cells.values()))
    found = only(worker.until_done(), messages.Inspected)
    starts = [tuple(e.key for e in event.events if e.epoch == 0.0) for event in found]
    assert len(set(starts)) == STARTS
    assert starts[0] == starts[1]


def test_a_stopped_bundle_goes_on_bit_equal_also_in_parts(
    worker: Worker, place: Path, tmp_path: Path, alone: dict[str, list[Any]]
) -> None:
    """One cell is stopped first and leaves; then the worker stops; then two bundles go on from the checkpoint."""
    stopped = Worker(tmp_path / "stderr.log")
    train(stopped, tmp_path, sweep(place))
    until_epoch(stopped, 2)
    stopped.send(type="stop", cells=["rules"])
    until_epoch(stopped, 5)
    stopped.send(type="stop", cells=None)
    ends = {name: end.step for end in only(stopped.until_done(), messages.Stopped) for name in end.cells}
    assert stopped.close() == 0
    assert set(ends) == set(alone) - {"rules"}  # it ended before
    names = ["seed", "all", "usual", "rules"]
    for part in (names, [name for name in alone if name not in names]):
        train(worker, tmp_path, {name: sweep(place)[name] for name in part}, resume=True)
        events = worker.until_done()
        steps = {name: e.resumed_step for e in only(events, messages.Started) for name in e.cells}
        assert {name: steps[name] for name in part if name != "rules"} == {n: ends[n] for n in part if n != "rules"}
        assert "rules" not in part or 0 < (steps["rules"] or 0) < ends["usual"]
        for name in part:
            assert record(events, name, tmp_path) == alone[name], name


def test_so_has_a_cell_of_lora(worker: Worker, place: Path, tmp_path: Path) -> None:
    """Together, and each alone; they reload as peft's adapters."""

    def one(seed: int = 17, alpha: float = 8.0, dropout: float = 0.1, **options: Any) -> dict[str, Any]:
        method = {"name": "lora", "rank": 4, "alpha": alpha, "dropout": dropout, "target_modules": ["key", "value"]}
        return settings(place, seed, method, logging_steps=1, num_train_epochs=3, **options)

    cells = {
        "usual": one(),
        "rate": one(learning_rate=1e-2),
        "decay": one(weight_decay=0.3),
        "seed": one(5),
        "alpha": one(alpha=3.0),
        "dropout": one(dropout=0.0),
        "all": one(6, 5.0, 0.3, learning_rate=3e-2, weight_decay=0.0),
    }
    train(worker, tmp_path, cells | {"twin": one()})
    together = worker.until_done()
    (tree,) = only(together, messages.Tree)
    assert tree.lanes == len(cells)
    assert not only(together, messages.ModuleScores)
    records = {name: record(together, name, tmp_path) for name in cells}
    for name, value in cells.items():
        train(worker, tmp_path / "alone", {name: value})
        assert record(worker.until_done(), name, tmp_path / "alone") == records[name], name
    assert len({value[-2] for value in records.values()}) == len(cells), "some number has no effect"


def test_so_has_a_cell_over_mpnet(worker: Worker, place: Path, tmp_path: Path) -> None:
    tiny.save(tmp_path / "model", "mpnet")
    (tmp_path / "data").symlink_to(place / "data")
    cells = {name: value for name, value in sweep(tmp_path).items() if name in ("usual", "all")}
    train(worker, tmp_path / "together", cells)
    together = worker.until_done()
    for name, value in cells.items():
        train(worker, tmp_path / "alone", {name: value})
        found = record(worker.until_done(), name, tmp_path / "alone")
        assert found == record(together, name, tmp_path / "together"), name


@needs_bf16
def test_in_mixed_precision_too(worker: Worker, place: Path, tmp_path: Path) -> None:
    cells = {n: v for n, v in sweep(place, precision="mixed").items() if n in ("usual", "seed", "alpha", "all")}
    train(worker, tmp_path, cells)
    together = worker.until_done()
    for name in ("alpha", "all"):
        train(worker, tmp_path / "alone", {name: cells[name]})
        assert record(worker.until_done(), name, tmp_path / "alone") == record(together, name, tmp_path), name


def test_as_many_lanes_as_a_group_may_have_are_probed(place: Path) -> None:
    """More would be copies that fill the group of each seed and dropout."""
    cells = [
        Cell("a", ImParams(rank=4, merges=1), 1),
        Cell("b", ImParams(rank=4, alpha=3.0), 1),
        Cell("c", ImParams(rank=4, dropout=0.0), 1),
        *(Cell(f"seed {seed}", ImParams(rank=4), seed) for seed in range(2, 6)),
        Cell("d", ImParams(rank=4, merges=0), 1),
    ]
    learner = METHODS["imlor2c"].build(fresh(place / "model"), cells, horizon=Horizon(8, 32, 4))
    assert most_together(learner) == 3
    together = [[cell for lane in group for cell in learner.lanes[lane].cells] for group in learner.groups()]
    assert together == [["c"], ["a", "d", "b"], ["seed 2"], ["seed 3"], ["seed 4"], ["seed 5"]]


@pytest.mark.parametrize("name", ["full", "dylora"])
def test_a_method_without_lanes_trains_its_cells_one_after_the_other(name: str, place: Path) -> None:
    cells = [cell(place, 0, 0, learning_rate=rate) for rate in (1e-3, 2e-3)]
    read = [read_cell(str(i), place, {**value, "method": {"name": name}}, {}, False) for i, value in enumerate(cells)]
    assert len(group_trees(read)) == 2


def test_lanes_that_do_not_agree_are_refused_in_one_forward() -> None:
    same, other = Numbers(3, 8.0, 0.1), Numbers(3, 4.0, 0.1)
    assert shared_seed([same, other]) == 3
    for odd in (Numbers(4, 8.0, 0.1), Numbers(3, 8.0, 0.2)):
        with pytest.raises(ValueError, match="different seeds or dropouts"):
            shared_seed([same, odd])


class TestGates:
    """A module is multiplied by its gate. No method changes them yet."""

    module = build("bert", torch.float64)
    batch = batch_of("bert", [3, 7, 5])

    def hidden(self, bank: Bank) -> torch.Tensor:
        backbone = UnpaddedEncoder(self.module)
        layout = backbone.layout(self.batch)
        return backbone.forward(self.batch, layout, bank.lanes, bank.begin(None), None)

    def test_half_a_gate_is_half_the_scale(self) -> None:
        """Also in the gradients, in a lane beside another."""
        backbone, found = UnpaddedEncoder(self.module), []
        for alpha, gate in ((4.0, 1.0), (8.0, 0.5)):
            bank = bank_of(backbone, self.module)
            bank.numbers = [Numbers(3, alpha, 0.0, alpha, 0.0)]
            bank.fork([0, 0])
            gates = torch.tensor([[gate], [1.0]], dtype=torch.float64).expand(2, backbone.layers)
            bank.set_gates(gates, gates)
            out = self.hidden(bank)[0]
            out.sin().sum().backward()
            found.append(
                [out.detach(), *(slot.tensor.grad[0] for slot in bank.slots() if slot.tensor.grad is not None)]
            )
        assert len(found[0]) > 3
        for one, other in zip(*found, strict=True):
            assert torch.equal(one, other)

    def test_a_closed_gate_is_no_module(self) -> None:
        backbone = UnpaddedEncoder(self.module)
        bank = bank_of(backbone, self.module)
        whole = self.hidden(bank)
        closed = torch.zeros(1, backbone.layers, dtype=torch.float64)
        bank.set_gates(closed, closed)
        gated = self.hidden(bank)
        bank.set_structure(0, Structure(Layout(())))
        assert torch.equal(gated, self.hidden(bank))
        assert not torch.allclose(gated, whole)

    def test_lanes_with_other_scales_and_gates_go_through_the_model_together(self) -> None:
        backbone = UnpaddedEncoder(self.module)
        bank = bank_of(backbone, self.module)
        bank.fork([0, 0, 0])
        bank.numbers = [Numbers(3, alpha, 0.0, 1.0 + alpha, 0.0) for alpha in (4.0, 0.5, 9.0)]
        bank.set_gates(*torch.rand((2, 3, backbone.layers), dtype=torch.float64, generator=generator(1, "gates")))
        together, layout = self.hidden(bank), backbone.layout(self.batch)
        for lane in range(3):
            own = {slot.name: slot.tensor[lane : lane + 1] for slot in bank.slots()}
            [alone] = backbone.forward(self.batch, layout, 1, bank.begin(None, [lane], own), None)
            torch.testing.assert_close(together[lane], alone, rtol=1e-12, atol=1e-12)
            assert not torch.allclose(together[lane], together[lane - 1])

    def test_gates_follow_their_lane_and_module(self) -> None:
        """Through a fork, a merge, an injection and a checkpoint."""

        def build() -> BankLearner:
            return learner_of(self.module, {"a": schedule, "b": schedule}, params=params_of(layers=len(layers)))

        layers = range(UnpaddedEncoder(self.module).layers)
        schedule = Schedule(epochs=9, merges=1, injections=1, rules=PRESETS["paper"])
        learner = build()
        bank, optimizer = learner.bank, LaneAdamW(learner.slots(), 2)
        gates = torch.arange(2.0 * len(layers), dtype=torch.float64).view(2, -1)
        bank.set_gates(gates, -gates)
        learner.fork([(1, ["b"]), (0, ["a"])], optimizer)
        bank.merge(
            0,
            Merge(Span(0, 0), Span(1, 1), 1, 0.0, None, 0.0),
            optimizer,
            trains=True,
            moments="keep",
            end_dropout=False,
        )
        bank.inject(1, Inject(2, 0.0, None, 0.0), trains=True)
        expected = gates[[1, 0]]
        expected[0, 0] = expected[0, 1]
        other = build()
        rows = other.restore(learner.state(), ["a", "b"])
        assert rows == [0, 1]
        for found in (bank, other.bank):
            assert torch.equal(found.gates, expected)
            assert torch.equal(found.injected_gates, -gates[[1, 0]])
        assert torch.equal(self.hidden(other.bank), self.hidden(bank))

    def test_a_gate_is_never_lost_in_a_folder(self, place: Path, tmp_path: Path) -> None:
        method, model = METHODS["lor2c"], fresh(place / "model")
        learner = method.build(model, [Cell("c", parse_params(method, {"rank": 4}), 3)], horizon=Horizon(4, 4, 1))
        assert isinstance(learner, BankLearner)
        method.save(learner, 0, model, tmp_path)
        learner.bank.set_gates(0.5 * learner.bank.gates, learner.bank.injected_gates)
        with pytest.raises(ValueError, match="a module whose gate is not 1"):
            method.save(learner, 0, model, tmp_path)
