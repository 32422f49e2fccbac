"""DyLoRA: truncation, what a step does not change, the best rank, and the check that ranks were drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU, SETTINGS, Seen, training_of
from test_methods import fresh
from test_methods import run as train_it
from test_train import rows
from worker import Worker, only, run, settings

from lor2c_worker import messages
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.evaluation.evaluate import RowEvaluation, logits_of
from lor2c_worker.evaluation.proof import proof_of
from lor2c_worker.learner import Learner
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.methods.dylora import DyloraLearner, DyloraLinear
from lor2c_worker.objective import Classify
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.run.loop import train
from lor2c_worker.run.loop_state import LoopState
from lor2c_worker.settings import SettingsError

METHOD = METHODS["dylora"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("model"), "roberta")


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(32), tiny.tokenizer(), "classify", 32)


def cell(**values: Any) -> Cell:
    return Cell("c", parse_params(METHOD, {"rank": 4, **values}), 3)


def build(folder: Path, **values: Any) -> DyloraLearner:
    learner = METHOD.build(fresh(folder), [cell(**values)], horizon=Horizon(8, 32, 4))
    assert isinstance(learner, DyloraLearner)
    return learner


def fill_b(learner: DyloraLearner) -> None:
    """Set B, since zeros at the start would hide a wrong truncation."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for component in learner.components:
            component.copy_(torch.randn(component.shape, generator=generator) * 0.3)


@pytest.mark.parametrize("rank", [1, 3, 4])
def test_a_form_is_lora_of_that_rank(folder: Path, data: Encoded, rank: int) -> None:
    """The base model with weights W + (alpha / b) B[:, :b] A[:b] gives the same logits."""
    learner = build(folder)
    fill_b(learner)
    learner.use(learner.forms()[rank - 1])
    base = fresh(folder).module
    with torch.no_grad():
        for name, (a, b) in zip(learner._linears, learner._pairs(learner.components), strict=True):
            base.get_submodule(name).weight += 16.0 / rank * b[:rank].T @ a[:rank]  # type: ignore[operator]
        batch = data.batch(range(16), CPU)
        expected = base(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    assert torch.allclose(logits_of(learner, data, 16, CPU)[0, :16], expected, atol=1e-4)


@pytest.mark.parametrize("update", ["all", "last"])
def test_components_that_a_step_does_not_train_are_left_alone(folder: Path, data: Encoded, update: str) -> None:
    """Neither gradient nor weight decay nor old moments move them."""
    learner, seen, moves = build(folder, update=update), Seen(), []
    optimizer = LaneAdamW(learner.slots(), 1, weight_decay=0.5)
    before = [component.detach().clone() for component in learner.components]

    def progress(_: Learner, state: LoopState, phase: str, losses: torch.Tensor | None) -> None:
        if phase == "train":
            moves.append({i for i, c in enumerate(learner.components) if not torch.equal(c, before[i])})
            before[:] = [component.detach().clone() for component in learner.components]

    settings, report = replace(SETTINGS, warmup_ratio=0.0), replace(seen.report(), progress=progress)
    train(training_of(learner, data, seen, settings, optimizer=optimizer, report=report))
    assert len(moves) == 12
    for step, moved in enumerate(moves):
        rank = learner.draw(step)
        assert moved == (set(range(rank)) if update == "all" else {rank - 1})
    counts = [optimizer.steps(f"component.{i}", 0) for i in range(4)]
    drawn = [learner.drawn[b] for b in range(1, 5)]
    assert counts == (drawn if update == "last" else [sum(drawn[i:]) for i in range(4)])


def test_ranks_are_keyed_by_the_step_and_cover_the_range(folder: Path) -> None:
    learner = build(folder, min_rank=2)
    draws = [learner.draw(step) for step in range(200)]
    assert draws == [build(folder, min_rank=2).draw(step) for step in range(200)]
    assert all(40 < draws.count(b) < 95 for b in (2, 3, 4))
    assert {len(draws), *draws} == {200, 2, 3, 4}


def test_the_evaluation_has_every_rank_and_the_best_is_left_in_use(folder: Path, data: Encoded) -> None:
    learner = build(folder)
    fill_b(learner)
    evaluation = RowEvaluation(data, 16, CPU, Classify(), ("accuracy", "f1"), "accuracy")
    [seen] = evaluation.of(learner, choose=True)
    values = seen.values
    each = [values[f"accuracy@{b}"] for b in range(1, 5)]
    assert set(values) == {"loss", "accuracy", "f1", "rank"} | {
        f"{n}@{b}" for n in ("accuracy", "f1") for b in range(1, 5)
    }
    assert len(set(each)) > 1, "the ranks should differ here, else nothing is tested"
    assert values["accuracy"] == max(each)
    assert values["rank"] == 1 + each.index(max(each)) == learner.rank
    assert torch.equal(proof_of(logits_of(learner, data, 16, CPU)[0]), seen.proof)


def test_ranks_that_are_not_drawn_fail_the_run(folder: Path, data: Encoded, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = build(folder)
    train_it(learner, data)
    assert METHOD.check(learner, cell()) == []
    monkeypatch.setattr(DyloraLearner, "draw", lambda self, step: 4)
    stuck = build(folder)
    train_it(stuck, data)
    assert METHOD.check(stuck, cell()) == ["all 16 steps were trained at rank 4: ranks were not drawn"]
    assert METHOD.check(stuck, cell(min_rank=4)) == []


def test_a_run_reports_ranks_and_reloads_at_the_best(worker: Worker, place: Path, tmp_path: Path) -> None:
    """The worker itself checks that the folder gives the best epoch's score again."""
    method = {"name": "dylora", "rank": 4, "alpha": 8.0}
    events = run(worker, tmp_path, settings(place, method=method, num_train_epochs=8))
    (finished,) = only(events, messages.Finished)
    evaluations = [m for m in only(events, messages.Metrics) if m.split == "eval"]
    best = evaluations[int(finished.best_epoch) - 1].values
    assert finished.best_score == best["accuracy"] == max(best[f"accuracy@{b}"] for b in range(1, 5))
    assert finished.best_score > finished.majority_score
    (started,) = only(events, messages.Started)
    assert any("best over ranks 1 to 4" in note for note in started.notes)
    assert started.trainable_parameters == 768


def test_only_projections_are_replaced_and_bad_ranks_are_refused(folder: Path) -> None:
    learner = build(folder, target_modules=["query"])
    replaced = [n for n, m in learner.module.named_modules() if isinstance(m, DyloraLinear)]
    assert len(replaced) == 3
    assert all(name.endswith("query") for name in replaced)
    with pytest.raises(SettingsError, match="min_rank 5 is larger than rank 4"):
        cell(min_rank=5)
