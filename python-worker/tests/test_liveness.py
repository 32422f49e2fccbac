"""A run whose method did not act as its spec says fails with the reason. These tests break methods on purpose.

More such tests: test_baselines.py (AdaLoRA, PiSSA), test_dylora.py, test_adapter.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
from test_methods import EPOCHS, build, fresh, run
from test_train import rows

from lor2c_worker.adapters.bank import Bank
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.methods.adalora import AdaLoraLearner


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("model"), "roberta")


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(32), tiny.tokenizer(), "classify", 32)


def outcome(learner: Any, name: str, values: dict[str, Any]) -> tuple[list[str], list[str]]:
    """(why it failed, what its record says)."""
    cell = Cell("c", parse_params(METHODS[name], values), 3)
    return METHODS[name].check(learner, cell), METHODS[name].remarks(learner, cell)


BOTH = {"rank": 4, "merges": 1, "injections": 1}


def test_merges_and_injections_that_happened_are_no_reason(folder: Path, data: Encoded) -> None:
    learner = build(fresh(folder), "imlor2c", BOTH)
    run(learner, data)
    assert outcome(learner, "imlor2c", BOTH) == ([], [])


def test_a_merge_that_changes_nothing_fails_the_run(
    folder: Path, data: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bank, "merge", lambda self, *args, **kwargs: None)
    values = {"rank": 4, "merges": 1}
    learner = build(fresh(folder), "mergelor2c", values)
    run(learner, data)
    assert outcome(learner, "mergelor2c", values)[0] == [
        "3 residual modules are left, not 2, after 1 merges and 0 injections"
    ]


def test_an_injection_that_changes_nothing_fails_the_run(
    folder: Path, data: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bank, "inject", lambda self, *args, **kwargs: None)
    values = {"rank": 4, "injections": 1}
    learner = build(fresh(folder), "injectlor2c", values)
    run(learner, data)
    assert outcome(learner, "injectlor2c", values)[0] == [
        "3 residual modules are left, not 2, after 0 merges and 1 injections",
        "0 layers have an injected LoRA, not 1",
    ]


def test_events_that_were_never_due_fail_the_run(folder: Path, data: Encoded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BankLearner, "end_epoch", lambda self, *args: [])
    learner = build(fresh(folder), "imlor2c", BOTH)
    run(learner, data)
    assert outcome(learner, "imlor2c", BOTH)[0] == [
        f"0 of 1 {kind} done after 0 tries: the run ended before the others were due"
        for kind in ("merges", "injections")
    ]


def test_rules_that_leave_no_candidate_are_recorded_and_no_failure(folder: Path, data: Encoded) -> None:
    values = {"rank": 4, "merges": 3}  # three layers make one module after two merges
    learner = build(fresh(folder), "mergelor2c", values)
    run(learner, data)
    failed, recorded = outcome(learner, "mergelor2c", values)
    assert failed == []
    assert len(recorded) == 1
    assert recorded[0].startswith("2 of 3 merges done: the rules left no candidate at ")


def test_each_cell_of_a_forked_bundle_is_judged_by_its_own_lane(folder: Path, data: Encoded) -> None:
    method, values = METHODS["imlor2c"], [BOTH | {"merges": 0, "injections": 0}, BOTH]
    cells = [Cell(str(i), parse_params(method, v), 3) for i, v in enumerate(values)]
    learner = method.build(fresh(folder), cells, horizon=Horizon(EPOCHS, EPOCHS * 4, 4))
    run(learner, data)
    assert len(learner.lanes) == 2
    assert [method.check(learner, cell) for cell in cells] == [[], []]
    assert isinstance(learner, BankLearner)
    learner.bank.structures.reverse()  # each cell now has the other's structure
    assert all(method.check(learner, cell) for cell in cells)


def test_adalora_that_prunes_everything_fails_the_run(folder: Path, data: Encoded) -> None:
    values = {"init_rank": 4, "target_rank": 2}
    learner = build(fresh(folder), "adalora", values)
    assert isinstance(learner, AdaLoraLearner)
    run(learner, data)
    assert outcome(learner, "adalora", values) == ([], [])
    pattern = learner.config.rank_pattern
    assert pattern is not None
    learner.config.rank_pattern = {key: [False] * len(row) for key, row in pattern.items()}
    assert outcome(learner, "adalora", values)[0] == [
        "every triplet was pruned: importance was zero everywhere when ranks were allocated"
    ]


def test_adalora_whose_allocation_is_never_called_fails_the_run(
    folder: Path, data: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AdaLoraLearner, "end_step", lambda self, *args: [])
    values = {"init_rank": 4, "target_rank": 2}
    learner = build(fresh(folder), "adalora", values)
    _, records = run(learner, data)
    assert outcome(learner, "adalora", values)[0] == [
        "no rank was ever allocated: all projections kept their initial rank"
    ]
    tables = [record.ranks for record in records if record.ranks is not None]
    assert {m.rank for table in tables for m in table.modules} == {4}
