"""What `survey` says about columns, for every format, with the loaders' own errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from worker import Worker, only

from lor2c_worker import messages
from lor2c_worker.data import DataError
from lor2c_worker.examination import survey

NAMES = ("id", "text", "mood", "hours", "empty")
ROWS = [(i, f"the film is {'good' if i % 2 else 'bad'} {i}", "xyz"[i % 3], i / 4, "") for i in range(12)]


def write(path: Path, rows: list[tuple[Any, ...]] = ROWS) -> Path:
    if path.suffix == ".jsonl":
        lines = [json.dumps(dict(zip(NAMES, row, strict=True))) for row in rows]
    else:
        between = "\t" if path.suffix == ".tsv" else ","
        lines = [between.join(map(str, row)) for row in [NAMES, *rows]]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("ending", ["tsv", "csv", "jsonl"])
def test_columns_are_what_their_values_are_in_every_format(place: Path, tmp_path: Path, ending: str) -> None:
    found = survey(write(tmp_path / f"rows.{ending}"), str(place / "model"))
    assert found["splits"] == [{"split": None, "files": [str(tmp_path / f"rows.{ending}")]}]
    assert (found["rows"], found["more"]) == (12, False)
    columns = {column.pop("column"): column for column in found["columns"]}
    assert [(name, columns[name]["kind"], columns[name]["distinct"]) for name in NAMES] == [
        ("id", "whole", 12),
        ("text", "text", 12),
        ("mood", "text", 3),
        ("hours", "number", 12),
        ("empty", "mixed", 0),
    ]
    assert columns["text"]["words"] == 5
    assert columns["text"]["tokens"] == {"median": 7, "p99": 7, "max": 7}
    assert columns["mood"]["values"] == [{"value": mood, "rows": 4} for mood in "xyz"]
    assert columns["empty"]["filled"] == 0


def test_lists_truth_values_and_mixtures(tmp_path: Path) -> None:
    rows = [{"tags": ["a", "b"], "done": True, "odd": 1}, {"tags": [], "done": False, "odd": {"a": 1}}, {"tags": ["b"]}]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = {column["column"]: column for column in survey(path, "no model")["columns"]}
    assert [(name, one["kind"], one["filled"]) for name, one in columns.items()] == [
        ("tags", "list", 3),
        ("done", "boolean", 2),
        ("odd", "mixed", 2),
    ]
    assert columns["tags"]["values"] == [{"value": "b", "rows": 2}, {"value": "a", "rows": 1}]
    assert columns["done"]["values"][0] == {"value": "true", "rows": 1}


def test_a_large_table_is_looked_at_from_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lor2c_worker.examination.columns.MOST", 5)
    found = survey(write(tmp_path / "rows.csv"), "no model")
    assert (found["rows"], found["more"]) == (5, True)
    assert found["columns"][1]["tokens"] is None
    monkeypatch.setattr("lor2c_worker.examination.columns.MOST", 12)
    assert survey(tmp_path / "rows.csv", "no model")["more"] is False


def test_a_folder_with_train_and_dev_and_one_without_dev(tmp_path: Path) -> None:
    write(tmp_path / "train.csv")
    assert survey(tmp_path, "no model")["splits"] == [{"split": None, "files": [str(tmp_path / "train.csv")]}]
    write(tmp_path / "validation.csv")
    assert [one["split"] for one in survey(tmp_path, "no model")["splits"]] == ["train", "dev"]
    write(tmp_path / "validation.tsv")
    with pytest.raises(DataError, match="keep one of them"):
        survey(tmp_path, "no model")


def test_what_cannot_be_read_is_refused_in_the_loaders_words(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "cut.csv").write_text('text,label\n"never closed,1\n')
    (tmp_path / "latin.csv").write_bytes("text,label\ncaf\xe9,1\n".encode("latin-1"))
    (tmp_path / "head.csv").write_text("text,label\n")
    (tmp_path / "book.xlsx").write_bytes(b"PK")
    for name, says in (
        ("cut.csv", "cut.csv:"),
        ("latin.csv", "latin.csv:2: byte 0xe9 is not UTF-8"),
        ("head.csv", "no rows"),
        ("book.xlsx", "one of .tsv, .csv, .jsonl, .parquet"),
        ("none.csv", "none.csv: no such file or folder"),
    ):
        worker.send(type="survey", request=name, path=str(tmp_path / name), model="no model")
        events = worker.until_done()
        assert not only(events, messages.Surveyed)
        assert says in str(only(events, messages.Done)[0].error)
    worker.send(type="survey", request="good", path=str(write(tmp_path / "rows.csv")), model="no model")
    assert only(worker.until_done(), messages.Surveyed)[0].rows == 12
