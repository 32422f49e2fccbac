"""Which epoch a run reports, rows held out of training, and predictions that are all equal."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU, SETTINGS, Seen, training_of
from test_dylora import build as build_dylora
from test_dylora import fill_b
from test_methods import fresh
from test_train import rows
from worker import Worker, only, run, settings

from lor2c_worker import messages
from lor2c_worker.data.encode import encode
from lor2c_worker.data.holdout import hold_out, holdout_note
from lor2c_worker.data.task import DataError, Split
from lor2c_worker.evaluation.choose import CellResult, Judge, Look, collapse_warning, note, note_cells
from lor2c_worker.evaluation.evaluate import Evaluated, RowEvaluation, alike
from lor2c_worker.evaluation.scoring import majority_score, score_logits
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.objective import Classify, Regress, objective_of
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.run.loop import train


def split(labels: list[Any]) -> Split:
    return Split(tuple(f"row {i}" for i in range(len(labels))), tuple(labels))


IMBALANCED = split([int(i % 10 == 0) for i in range(100)])


@pytest.mark.parametrize("holdout", [0.2, 20])
def test_a_holdout_keeps_the_proportions_and_no_row_is_in_both(holdout: float | int) -> None:
    kept, held = hold_out(IMBALANCED, holdout, 0, "classify")
    assert Counter(held.labels) == {0: 18, 1: 2}
    assert len(kept) == 80
    assert sorted(kept.text + held.text) == sorted(IMBALANCED.text)
    for part in (kept, held):
        assert list(part.text) == sorted(part.text, key=lambda text: int(text.split()[1]))


def test_a_holdout_is_a_function_of_the_seed() -> None:
    assert hold_out(IMBALANCED, 0.3, 1, "classify") == hold_out(IMBALANCED, 0.3, 1, "classify")
    assert hold_out(IMBALANCED, 0.3, 1, "classify") != hold_out(IMBALANCED, 0.3, 2, "classify")


def test_the_largest_remainders_get_the_rows_that_rounding_leaves() -> None:
    three = split([0] * 5 + [1] * 3 + [2] * 2)
    assert Counter(hold_out(three, 5, 0, "classify")[1].labels) == {0: 3, 1: 1, 2: 1}  # 2.5, 1.5, 1: the lower label
    assert Counter(hold_out(three, 3, 0, "classify")[1].labels) == {0: 1, 1: 1, 2: 1}  # 1.5, 0.9, 0.6


def test_a_regression_is_drawn_without_classes() -> None:
    values = split([i / 7 for i in range(50)])
    kept, held = hold_out(values, 0.1, 0, "regress")
    assert (len(kept), len(held)) == (45, 5)
    assert "classes" not in holdout_note(kept, held, 0.1, 0, "regress")
    assert "5 of 50 training rows" in holdout_note(kept, held, 0.1, 0, "regress")


@pytest.mark.parametrize(
    ("holdout", "message"),
    [
        (100, "there are only 100 training rows"),
        (0.999, "there are only 100 training rows"),
        (0.001, "holds out 0 rows with fewer than two different labels"),
        (1, "holds out 1 row with fewer than two"),
        (3, "holds out 3 rows with fewer than two"),  # a class of ten rows gets none of them yet
    ],
)
def test_a_holdout_that_cannot_choose_is_refused(holdout: float | int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        hold_out(IMBALANCED, holdout, 0, "classify")


def seen(score: float, held: float | None = None, collapsed: bool = False) -> Look:
    logits = torch.full((2, 2), score)
    on_held = None if held is None else Evaluated({"accuracy": held}, logits, collapsed)
    return Look(Evaluated({"accuracy": score}, logits, collapsed), on_held)


def test_the_evaluation_rows_choose_without_a_holdout() -> None:
    result = CellResult()
    marks = [note(result, seen(s), "accuracy", e) for e, s in enumerate([0.5, 0.7, 0.7, 0.6], 1)]
    assert marks == [True, True, False, False]
    assert (result.best_score, result.best_epoch, result.chosen_score) == (0.7, 2, 0.7)
    assert (result.eval_best_score, result.eval_best_epoch, result.last_score) == (0.7, 2, 0.6)


def test_held_out_rows_choose_and_both_choices_are_kept() -> None:
    result = CellResult()
    pairs = [(0.5, 0.6), (0.9, 0.7), (0.8, 0.75), (0.4, 0.1)]
    marks = [note(result, seen(s, h), "accuracy", e) for e, (s, h) in enumerate(pairs, 1)]
    assert marks == [True, True, True, False]
    assert (result.best_score, result.best_epoch, result.chosen_score) == (0.8, 3, 0.75)
    assert (result.eval_best_score, result.eval_best_epoch) == (0.9, 2)
    assert result.best_proof is not None
    assert float(result.best_proof[0, 0]) == pytest.approx(0.8)


def test_a_score_that_is_no_number_is_never_the_best_when_there_is_one() -> None:
    result = CellResult()
    marks = [note(result, seen(s), "accuracy", e) for e, s in enumerate([math.nan, math.nan, 0.1, math.nan], 1)]
    assert marks == [True, False, True, False]
    assert (result.best_epoch, result.eval_best_epoch) == (3, 3)
    assert math.isnan(result.last_score)


def test_collapse_is_of_the_chosen_epoch_and_is_warned_of_when_it_begins() -> None:
    results = {"a": CellResult(), "b": CellResult()}
    story = [(0.5, True), (0.5, True), (0.7, False), (0.6, True)]
    told = [note_cells(results, ["a", "b"], seen(s, None, c), "accuracy", e) for e, (s, c) in enumerate(story, 1)]
    assert told == [(["a", "b"], ["a", "b"]), ([], []), (["a", "b"], []), ([], ["a", "b"])]
    assert not results["a"].collapsed
    assert results["a"].last_collapsed


def test_every_cell_of_a_bundle_chooses_as_if_it_were_alone(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path, "roberta")
    data, held = (encode(rows(n), tiny.tokenizer(), "classify", 32) for n in (32, 12))
    method = METHODS["imlor2c"]
    cells = [
        Cell(f"{m}{i}", parse_params(method, {"rank": 4, "merges": m, "injections": i}), 3)
        for m, i in ((0, 0), (1, 0), (1, 1))
    ]

    def results(group: list[Cell]) -> dict[str, CellResult]:
        learner = method.build(fresh(folder), group, horizon=Horizon(8, 32, 4))
        settings = dataclasses.replace(SETTINGS, num_train_epochs=8, learning_rate=2e-2)
        optimizer = LaneAdamW(learner.slots(), 1, weight_decay=0.01)
        return train(training_of(learner, data, Seen(), settings, optimizer=optimizer, held=held)).results

    together = results(cells)
    assert len({result.eval_best_score for result in together.values()}) > 1, (
        "the lanes should part, or nothing is tested"
    )
    for cell in cells:
        alone, among = results([cell])[cell.id], together[cell.id]
        for name in ("best_score", "best_epoch", "chosen_score", "last_score", "eval_best_score", "eval_best_epoch"):
            assert getattr(alone, name) == getattr(among, name), (cell.id, name)
        assert alone.best_proof is not None
        assert among.best_proof is not None
        assert torch.equal(alone.best_proof, among.best_proof)


def test_what_counts_as_collapsed() -> None:
    labels, values = torch.tensor([0, 1, 0, 1]), torch.tensor([0.0, 5.0, 2.0, 3.0])
    one, two = torch.tensor([[2.0, 1.0]] * 4), torch.tensor([[2.0, 1.0]] * 3 + [[1.0, 2.0]])
    classes, numbers = Classify(), Regress()
    assert classes.collapsed(one, labels)
    assert not classes.collapsed(two, labels)
    assert not classes.collapsed(one, torch.zeros(4, dtype=torch.long))  # every label is that class
    assert not classes.collapsed(torch.full((4, 2), math.nan), labels)  # diverged, which other messages report
    assert numbers.collapsed(torch.tensor([[2.5], [2.501], [2.5], [2.5]]), values)
    assert not numbers.collapsed(torch.tensor([[2.5], [2.6], [2.5], [2.5]]), values)
    assert "one class" in collapse_warning(classes, 3)
    assert "one value" in collapse_warning(numbers, 3)


def test_scores_of_parts_are_of_their_rows_alone() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
    labels, parts = torch.tensor([0, 0, 1, 1]), ("m", "m", "mm", "mm")
    values = score_logits(logits, labels, Classify(), ("accuracy_m", "accuracy_mm", "accuracy"), parts)
    assert values == {"loss": values["loss"], "accuracy_m": 0.5, "accuracy_mm": 1.0, "accuracy": 0.75}
    assert "accuracy_mm" not in score_logits(logits, labels, Classify(), ("accuracy_m", "accuracy_mm"), ("m",) * 4)
    assert majority_score(labels, Classify(), "accuracy_m", parts) == 1.0
    assert majority_score(labels, Classify(), "accuracy") == 0.5


def test_a_run_with_a_holdout(worker: Worker, place: Path, tmp_path: Path) -> None:
    events = run(worker, tmp_path, settings(place, num_train_epochs=6, holdout=0.25))
    (started,) = only(events, messages.Started)
    (finished,) = only(events, messages.Finished)
    assert (started.train_rows, started.eval_rows, started.total_steps) == (48, 20, 36)
    assert any("holdout: 16 of 64 training rows" in note for note in started.notes)
    by_split = {
        name: [m.values["accuracy"] for m in only(events, messages.Metrics) if m.split == name]
        for name in ("eval", "holdout")
    }
    held, evaluated = by_split["holdout"], by_split["eval"]
    assert len(held) == len(evaluated) == 6
    chosen = held.index(max(held))
    assert (finished.chosen_on, finished.chosen_score, finished.best_epoch) == ("holdout", max(held), chosen + 1)
    assert finished.best_score == evaluated[chosen]
    assert finished.eval_best_score == max(evaluated)
    assert finished.eval_best_epoch == evaluated.index(max(evaluated)) + 1
    assert not finished.collapsed
    assert (finished.collapsed_to, finished.collapsed_share) == (None, None)


def test_rows_that_are_not_trained_on_change_the_training(worker: Worker, place: Path, tmp_path: Path) -> None:
    def losses(name: str, **changes: Any) -> list[float]:
        value = settings(place, num_train_epochs=1, logging_steps=1, **changes)
        value["data"]["train_rows"] = 40
        events = run(worker, tmp_path / name, value)
        return [m.values["loss"] for m in only(events, messages.Metrics) if m.split == "train"]

    whole, less, again = losses("a"), losses("b", holdout=8), losses("c", holdout=8)
    assert (len(whole), len(less)) == (5, 4)
    assert less == again
    assert less != whole[:4]


def test_dylora_chooses_its_rank_where_the_epoch_is_chosen(worker: Worker, place: Path, tmp_path: Path) -> None:
    method = {"name": "dylora", "rank": 4, "alpha": 8.0}
    events = run(worker, tmp_path, settings(place, method=method, num_train_epochs=6, holdout=0.25))
    assert not only(events, messages.Failed), only(events, messages.Failed)  # it reloads at that rank, or would fail
    metrics = only(events, messages.Metrics)
    held, evaluated = ([m.values for m in metrics if m.split == name] for name in ("holdout", "eval"))
    for h, e in zip(held, evaluated, strict=True):
        assert h["accuracy"] == max(h[f"accuracy@{b}"] for b in range(1, 5))
        assert e["rank"] == h["rank"]
        assert e["accuracy"] == e[f"accuracy@{int(h['rank'])}"]


def test_the_form_that_held_out_rows_choose_is_the_one_that_is_reported(tmp_path: Path) -> None:
    learner = build_dylora(tiny.save(tmp_path, "roberta"))
    fill_b(learner)
    data = encode(rows(32), tiny.tokenizer(), "classify", 32)
    opposite = copy.copy(data)
    opposite.labels = 1 - data.labels  # the best rank on those rows is the worst on these
    ours, theirs = (RowEvaluation(d, 16, CPU, Classify(), ("accuracy",), "accuracy") for d in (data, opposite))
    (alone,) = Judge(ours, "accuracy").look(learner)
    (chosen,) = Judge(ours, "accuracy", theirs).look(learner)
    assert chosen.held is not None
    values = chosen.eval.values
    each = [values[f"accuracy@{b}"] for b in range(1, 5)]
    assert values["accuracy"] == min(each) < max(each) == alone.eval.values["accuracy"]
    assert values["rank"] == chosen.held.values["rank"] == learner.rank


def test_what_all_rows_are_predicted_and_for_how_many_it_is_right() -> None:
    classes = objective_of("classify")
    assert alike(classes, torch.tensor([[0.0, 1], [0, 2], [0, 3], [0, 4]]), torch.tensor([1, 1, 1, 0])) == (
        (1.0,),
        0.75,
    )
    assert alike(classes, torch.tensor([[0.0, 1], [1, 0]]), torch.tensor([1, 0])) == ((), None)
    numbers = objective_of("regress")
    assert alike(numbers, torch.tensor([[2.5], [2.5]]), torch.tensor([1.0, 4.0])) == ((2.5,), None)
    sets, labels = objective_of("multi_label"), torch.tensor([[1.0, 0, 1], [0, 0, 1]])
    assert alike(sets, torch.tensor([[3.0, -1, 2], [1, -2, 4]]), labels) == ((1.0, 0.0, 1.0), 0.5)


def test_a_collapsed_run_is_marked_and_warned_of(worker: Worker, place: Path, tmp_path: Path) -> None:
    events = run(worker, tmp_path, settings(place, num_train_epochs=2, learning_rate=1e-12))
    (finished,) = only(events, messages.Finished)
    assert finished.collapsed
    assert finished.best_score == finished.majority_score == finished.collapsed_share
    assert finished.collapsed_to in ("negative", "positive")
    (log,) = [log for log in only(events, messages.Log) if "collapsed" in log.message]
    assert (log.level, log.cells) == ("warn", ["c"])
    assert log.message.startswith("epoch 1: collapsed")


def test_a_holdout_that_leaves_nothing_is_a_problem_of_the_plan(worker: Worker, place: Path) -> None:
    worker.send(type="inspect", request="i", settings=[settings(place, holdout=64), settings(place, holdout=0.25)])
    bad, good = only(worker.until_done(), messages.Inspected)
    assert "there are only 64 training rows" in bad.problems[0]
    assert (good.train_rows, good.total_steps) == (48, 12)
