"""Rows with lists of labels through every method: trained, kept, loaded again, used; in lanes and from a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import stopping
import tiny
import torch
from test_methods import TRIED
from worker import LORA, only, settings

from lor2c_worker import messages
from lor2c_worker.objective import MultiLabel
from lor2c_worker.predict import predict
from lor2c_worker.run.adapter_folder import read_info

#: More labels than `check_repeats` keeps tokens of a row.
LABELS = tuple(f"label {i:02}" for i in range(20))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows whose labels are the words in them: "good", "film", or none."""
    folder = tmp_path_factory.mktemp("lists")
    tiny.save(folder / "model")
    lines = []
    for i in range(60):
        labels = [name for name, has in (("good", i % 2), ("film", i % 3)) if has]
        text = f"it was {' '.join(labels)} {tiny.WORDS[10 + i % 7]}"
        lines.append(json.dumps({"text": text, "labels": labels}))
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def cell(place: Path, method: dict[str, Any] = LORA, **train: Any) -> dict[str, Any]:
    value = settings(place, method=method, **train)
    value["task"] = {"name": "classify", "labels": None, "metrics": None}
    value["data"] = {"path": str(place / "rows.jsonl"), "dev_rows": 20}
    return value


def outcome(events: list[Any], name: str = "c") -> messages.Finished:
    failed = [event for event in events if isinstance(event, messages.Failed)]
    assert not failed, failed
    [finished] = [event for event in only(events, messages.Finished) if event.cells == [name]]
    return finished


def test_a_run_learns_and_its_adapter_says_lists(place: Path, tmp_path: Path) -> None:
    events = stopping.train(tmp_path, cell(place, {"name": "full"}, num_train_epochs=12, learning_rate=3e-3))
    finished = outcome(events)
    assert finished.score_name == "f1_macro"
    assert finished.best_score is not None
    assert finished.majority_score is not None
    assert finished.best_score > max(0.9, finished.majority_score)
    assert not finished.collapsed
    [last] = [event for event in only(events, messages.Metrics) if event.split == "eval"][-1:]
    assert set(last.values) == {"loss", "f1_macro", "f1", "accuracy", "auroc"}
    info = read_info(tmp_path / "c" / "adapter")
    assert (info.kind, info.label_names, info.pairs) == ("multi_label", ("film", "good"), False)
    assert set(info.constant_scores) == {"f1_macro", "f1", "accuracy", "auroc"}
    assert info.constant_scores["f1_macro"] == finished.majority_score
    assert info.precision in ("fp32", "mixed")
    stored = json.loads((tmp_path / "c" / "adapter" / "lor2c.json").read_text(encoding="utf-8"))
    assert stored["id2label"] == {"0": "film", "1": "good"}
    items = predict(tmp_path / "c" / "adapter", ["it was good film", "it was dull", "it was good"], None)
    assert [item["label"] for item in items] == ['["film", "good"]', "[]", '["good"]']
    assert all(set(item["scores"]) == {"film", "good"} for item in items)


@pytest.mark.parametrize(("name", "given"), TRIED, ids=lambda given: given if isinstance(given, str) else "")
def test_every_method_trains_keeps_and_loads_it(place: Path, tmp_path: Path, name: str, given: dict[str, Any]) -> None:
    events = stopping.train(
        tmp_path, cell(place, {"name": name, **given}, max_steps=14, num_train_epochs=3, allow_unreached_events=True)
    )
    assert outcome(events).best_score is not None


def test_a_lane_has_the_numbers_that_it_has_alone_and_after_a_stop(place: Path, tmp_path: Path) -> None:
    method = {"name": "imlor2c", "rank": 2, "merges": 1, "injections": 1}
    cells = {str(seed): cell(place, method, num_train_epochs=4, logging_steps=1) | {"seed": seed} for seed in (1, 2)}
    together = stopping.train_cells(tmp_path / "together", cells)
    alone = stopping.train_cells(tmp_path / "alone", {"2": cells["2"]}, stop=stopping.after_step(7))
    assert only(alone, messages.Stopped)
    again = stopping.train_cells(tmp_path / "alone", {"2": cells["2"]})
    assert outcome(again, "2").best_score == outcome(together, "2").best_score

    def of(events: list[Any]) -> list[Any]:
        seen = [event for event in only(events, messages.Metrics) if "2" in event.cells and event.split == "eval"]
        return [(event.step, event.values) for event in seen]

    assert of(again) == of(together)


def test_predictions_that_are_all_alike_have_collapsed() -> None:
    labels = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    alike = torch.tensor([[1.0, -1.0], [2.0, -3.0]])
    assert MultiLabel().collapsed(alike, labels)
    assert not MultiLabel().collapsed(alike * torch.tensor([[1.0], [-1.0]]), labels)
    assert not MultiLabel().collapsed(alike, labels[:1].repeat(2, 1))
    assert not MultiLabel().collapsed(alike * torch.nan, labels)


def test_more_labels_than_tokens(place: Path, tmp_path: Path) -> None:
    own = torch.Generator().manual_seed(0)
    rows = [
        {"text": "the film is good", "labels": [name for name in LABELS if torch.rand((), generator=own) < 0.3]}
        for _ in range(24)
    ]
    path = tmp_path / "many.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    value = cell(place, max_steps=2)
    value["data"] = {"path": str(path), "dev_rows": 8}
    assert outcome(stopping.train(tmp_path / "run", value)).majority_score is not None
