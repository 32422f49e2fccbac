"""The report of `examine`: every count is that of a file whose oddities are known."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worker import Worker, only, settings

from lor2c_worker import messages
from lor2c_worker.data.task import Split
from lor2c_worker.examination import examine
from lor2c_worker.examination.labels import values
from lor2c_worker.examination.lengths import lengths
from lor2c_worker.examination.same_texts import contradicting, keys_of, repeated, shared
from lor2c_worker.models import load_tokenizer
from lor2c_worker.settings import ModelSettings, Settings


def given(place: Path, folder: Path | None = None, task: str = "sst2", **train: Any) -> dict[str, Any]:
    value = settings(place, **train)
    value["task"] = task
    if folder is not None:
        value["data"]["path"] = str(folder)
    return value


def look(value: dict[str, Any]) -> dict[str, Any]:
    return examine(Settings.from_json(value))


def shown(_: str, row: int) -> dict[str, object]:
    return {"text": f"row {row}", "text_pair": None, "labels": []}


def test_every_oddity_is_counted_and_named_by_its_row(place: Path, tmp_path: Path) -> None:
    train = [
        "good film\t1",
        "bad plot\t0",
        "Good  film \t0",
        "the film is not very dull\t1",
        "ключ film\t0",
        "bad plot\t0",
    ]
    dev = ["GOOD film\t1", " \t0", "a bright film\t1", "the film is not very dull\t0"]
    for name, rows in (("train", train), ("dev", dev)):
        (tmp_path / f"{name}.tsv").write_text("\n".join(["sentence\tlabel", *rows]) + "\n", encoding="utf-8-sig")
    found = look(given(place, tmp_path, max_length=6))
    assert found["problems"] == found["warnings"] == []
    report = found["report"]
    assert [(Path(f["path"]).name, f["format"], f["encoding"]) for f in report["files"]] == [
        ("train.tsv", "TSV", "UTF-8 with a byte-order mark"),
        ("dev.tsv", "TSV", "UTF-8 with a byte-order mark"),
    ]
    first, evaluation = report["splits"]
    assert first["labels"] == [{"label": "negative", "rows": 4}, {"label": "positive", "rows": 2}]
    assert (first["rows"], evaluation["rows"]) == (6, 4)
    # [CLS], six words and [SEP] are eight; the tokenizer knows neither Good nor the word in Cyrillic letters.
    assert first["tokens"] | {"p90": 0, "p99": 0} == {
        **{"rows": 6, "min": 4, "median": 4, "p90": 0, "p99": 0, "max": 8, "cut": 1},
        **{"words": 16, "unknown": 2},
    }
    assert first["repeated"]["rows"] == 2
    assert [[(one["row"], one["labels"]) for one in same["occurrences"]] for same in first["repeated"]["first"]] == [
        [(1, ["positive"]), (3, ["negative"])],
        [(2, ["negative"]), (6, ["negative"])],
    ]
    assert first["contradicting"]["rows"] == 2
    assert evaluation["blank"] == {"rows": 1, "first": [2]}
    (leak,) = report["shared"]
    assert (leak["known_from"], leak["found_in"]) == ("train", "eval")
    assert (leak["same_label"]["rows"], leak["other_label"]["rows"]) == (1, 1)
    assert leak["other_label"]["first"][0]["occurrences"] == [
        {"split": "train", "row": 4, "labels": ["positive"]},
        {"split": "eval", "row": 4, "labels": ["negative"]},
    ]
    assert first["first"][3 - 1]["text"] == "Good  film "
    assert first["first"][1]["tokens"] == ["[CLS]", "bad", "plot", "[SEP]"]


def test_held_out_rows_are_a_split_of_their_own(place: Path) -> None:
    report = look(given(place, holdout=0.25))["report"]
    assert {split["split"]: split["rows"] for split in report["splits"]} == {"train": 48, "holdout": 16, "eval": 20}
    assert [(one["known_from"], one["found_in"]) for one in report["shared"]] == [
        *[("train", "holdout"), ("train", "eval")],
        ("holdout", "eval"),
    ]


def test_values_of_a_regression_and_second_texts(place: Path, tmp_path: Path) -> None:
    rows = ["sentence1\tsentence2\tscore", *(f"good film\tbad film {i}\t{i}" for i in range(5))]
    for name in ("train", "dev"):
        (tmp_path / f"{name}.tsv").write_text("\n".join(rows) + "\n")
    report = look(given(place, tmp_path, task="stsb"))["report"]
    first = report["splits"][0]
    assert first["labels"] == []
    assert first["values"] == {
        **{"min": 0.0, "quarter": 1.0, "median": 2.0, "three_quarters": 3.0, "max": 4.0},
        **{"mean": 2.0, "distinct": 5},
    }
    assert (first["first"][1]["text_pair"], first["first"][1]["labels"]) == ("bad film 1", ["1"])
    assert first["first"][0]["tokens"].count("[SEP]") == 2
    assert report["shared"][0]["same_label"]["rows"] == 5


def test_what_plan_refuses_is_a_problem_and_the_rows_are_still_shown(place: Path, tmp_path: Path) -> None:
    nowhere = look(given(place, tmp_path / "none"))
    assert nowhere["report"] is None
    assert [str(tmp_path / "none") in problem for problem in nowhere["problems"]] == [True]
    long = look(given(place, max_length=4000))
    assert "at most 64" in long["problems"][0]
    assert long["report"]["splits"][0]["rows"] == 64
    value = given(place)
    value["model"]["name"] = str(tmp_path / "no-model")
    without = look(value)
    assert "no-model" in without["problems"][0]
    assert len(without["problems"]) == 1
    assert without["report"]["splits"][0]["tokens"] is None
    assert without["report"]["splits"][0]["first"][0]["tokens"] == []


def test_a_worker_answers_for_each_of_the_settings(worker: Worker, place: Path, tmp_path: Path) -> None:
    worker.send(type="examine", request="e", settings=[given(place), given(place, tmp_path / "none"), {"task": 1}])
    events = worker.until_done()
    found = only(events, messages.Examined)
    assert [(event.index, event.report is None, len(event.problems)) for event in found] == [
        *[(0, False, 0), (1, True, 1)],
        (2, True, 1),
    ]
    assert dataclasses.asdict(found[0].report) == look(given(place))["report"]
    assert only(events, messages.Done)[0].error is None


def test_keys_agree_with_a_comparison_of_the_texts_themselves() -> None:
    draw = np.random.default_rng(3)

    def split(rows: int) -> Split:
        texts = tuple(f"{['a', 'A', 'b'][i % 3]} {draw.integers(30)}{' ' * (i % 2)}" for i in range(rows))
        return Split(texts, tuple(int(label) for label in draw.integers(0, 3, rows)))

    def plain(one: Split, row: int) -> str:
        return " ".join(one.text[row].split()).casefold()

    first, other = split(200), split(80)
    one, two = keys_of("train", first), keys_of("eval", other)
    texts = [plain(first, row) for row in range(len(first))]
    labels: dict[str, set[Any]] = {}
    for text, label in zip(texts, first.labels, strict=True):
        labels.setdefault(text, set()).add(label)
    assert repeated(one, shown)["rows"] == len(texts) - len(labels)
    assert contradicting(one, shown)["rows"] == sum(len(labels[text]) > 1 for text in texts)
    leak = shared(one, two, shown)
    inside = [row for row in range(len(other)) if plain(other, row) in labels]
    same = [row for row in inside if other.labels[row] in labels[plain(other, row)]]
    assert 0 < len(same) < len(inside) < len(other)
    assert leak["same_label"]["rows"] == len(same)  # type: ignore[index]
    assert leak["other_label"]["rows"] == len(inside) - len(same)  # type: ignore[index]


def test_a_large_split_is_sampled_evenly(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lor2c_worker.examination.lengths.SAMPLE", 10)
    split = Split(tuple("good " * (1 + i // 50) for i in range(100)), (0,) * 100)
    tokenizer = load_tokenizer(ModelSettings(str(place / "model")))
    found = lengths(split, tokenizer, 3)
    assert found is not None
    assert (found["rows"], found["min"], found["max"], found["cut"]) == (10, 3, 4, 5)


def test_a_split_without_rows_has_no_figures() -> None:
    empty = Split((), ())
    keys = keys_of("eval", empty)
    assert values(empty) is None
    assert lengths(empty, None, 8) is None
    assert repeated(keys, shown) == contradicting(keys, shown) == {"rows": 0, "first": []}
    assert shared(keys, keys, shown)["same_label"] == {"rows": 0, "first": []}


def test_rows_with_several_labels_are_counted_by_label_and_by_number(place: Path, tmp_path: Path) -> None:
    rows = [(["b", "a"], "good film"), ([], "bad plot"), (["b"], "good  FILM"), (["a", "b"], "dull film")]
    for name in ("train", "dev"):
        lines = [json.dumps({"text": text, "label": labels}) + "\n" for labels, text in rows]
        (tmp_path / f"{name}.jsonl").write_text("".join(lines))
    value = given(place, tmp_path)
    value["task"] = {"name": "classify", "labels": None, "metrics": None}
    report = look(value)["report"]
    first = report["splits"][0]
    assert report["kind"] == "multi_label"
    assert first["labels"] == [{"label": "a", "rows": 2}, {"label": "b", "rows": 3}]
    assert first["labels_per_row"] == [{"labels": 0, "rows": 1}, {"labels": 1, "rows": 1}, {"labels": 2, "rows": 2}]
    assert [row["labels"] for row in first["first"]] == [["a", "b"], [], ["b"]]
    assert first["contradicting"]["rows"] == 2
    assert report["shared"][0]["same_label"]["rows"] == 4
