"""Rows of a file are labelled by a saved adapter: every row that is there has an answer, or is an error."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import torch
from safetensors.numpy import load_file
from worker import LORA, Worker, adapter_of, only, run, settings

from lor2c_worker import messages

LOR2C = {"name": "imlor2c", "rank": 4, "merges": 1, "injections": 1}
THREE = ["ham", "no answer", "spam"]


@pytest.fixture(scope="module")
def adapters(worker: Worker, place: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Adapters of several tasks, trained for a moment; each with `predictions.safetensors` beside it."""
    folder = tmp_path_factory.mktemp("adapters")
    rows = (place / "data" / "dev.tsv").read_text().splitlines()[1:]
    texts = [row.split("\t")[0] for row in rows]
    tables: dict[str, list[dict[str, Any]]] = {
        "three": [{"body": text, "kind": THREE[i % 3]} for i, text in enumerate(texts)],
        "sets": [{"body": text, "kind": THREE[: i % 4]} for i, text in enumerate(texts)],
        "values": [{"body": text, "kind": i / 4} for i, text in enumerate(texts)],
        "pairs": [{"body": text, "second": texts[-i], "kind": THREE[i % 3]} for i, text in enumerate(texts)],
    }
    cells = {"lora": settings(place, method=LORA), "lor2c": settings(place, method=LOR2C, num_train_epochs=4)}
    for name, table in tables.items():
        source = folder / f"{name}-rows"
        source.mkdir()
        for split in ("train", "dev"):
            (source / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table))
        value = settings(place, method=LORA)
        value["task"] = {"name": "regress" if name == "values" else "classify", "labels": None, "metrics": None}
        columns = {"text": "body", "text_pair": "second" if name == "pairs" else None, "label": "kind"}
        value["data"] |= {"path": str(source), "columns": columns}
        cells[name] = value
    found = {}
    for name, value in cells.items():
        events = run(worker, folder / name, value)
        assert only(events, messages.Finished), events
        found[name] = Path(adapter_of(events).path)
    return found


Label = Callable[..., Any]


@pytest.fixture
def label(worker: Worker, adapters: dict[str, Path], tmp_path: Path) -> Label:
    """Labels a file; returns the path of the output and the event at the end, or the error."""

    def ask(name: str, file: Path, format: str = "tsv", **options: Any) -> Any:
        output = tmp_path / f"out.{format}"
        command = {
            "type": "predict_file",
            "request": "p",
            "folder": str(adapters[name]),
            "input": str(file),
            "ending": file.suffix,
            "columns": None,
            "output": str(output),
            "format": format,
            "keep": [],
            "keep_all": False,
            "probabilities": False,
            "batch_size": None,
        }
        worker.send(**command | options)
        events = worker.until_done()
        if events[-1].error is not None:
            return events[-1].error
        [predicted] = only(events, messages.Predicted)
        return output, predicted

    return ask


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def stored(adapter: Path) -> torch.Tensor:
    return torch.from_numpy(load_file(adapter.parent / "predictions.safetensors")["scores"])


@pytest.mark.parametrize("name", ["lora", "lor2c"])
def test_predictions_of_the_evaluation_rows_are_those_that_the_run_stored(
    place: Path, adapters: dict[str, Path], label: Label, name: str
) -> None:
    output, predicted = label(name, place / "data" / "dev.tsv", probabilities=True, batch_size=3)
    rows, known = table(output), stored(adapters[name]).softmax(1)
    assert [row["row"] for row in rows] == [str(i + 1) for i in range(len(known))]
    assert [row["label"] for row in rows] == [("negative", "positive")[i] for i in known.argmax(1)]
    said = [[float(row[f"probability_{label}"]) for label in ("negative", "positive")] for row in rows]
    np.testing.assert_allclose(said, known, atol=1e-5)
    assert [row["score"] for row in rows] == [repr(max(values)) for values in said]
    info = json.loads((adapters[name] / "lor2c.json").read_text())
    assert predicted.scores["accuracy"] == pytest.approx(info["scores"]["accuracy"])


def test_every_kind_of_task_in_every_format(adapters: dict[str, Path], label: Label) -> None:
    for name in ("three", "sets", "values", "pairs"):
        source = adapters["lora"].parents[2] / f"{name}-rows" / "dev.jsonl"
        output, predicted = label(name, source, "jsonl", keep_all=True, probabilities=True)
        given, rows = ([json.loads(line) for line in file.open()] for file in (source, output))
        assert [row["body"] for row in rows] == [row["body"] for row in given]
        assert predicted.scores, predicted
        known = stored(adapters[name])
        if name == "values":
            np.testing.assert_allclose([row["label"] for row in rows], known[:, 0], atol=1e-5)
        elif name == "sets":
            assert [row["label"] for row in rows] == [
                [label for label, score in zip(THREE, scores, strict=True) if score > 0] for scores in known
            ]
        else:
            assert [row["label"] for row in rows] == [THREE[i] for i in known.argmax(1)]
        assert ("score" in rows[0]) == (name in ("three", "pairs"))
        parquet = pyarrow.parquet.read_table(label(name, source, "parquet")[0]).to_pylist()
        assert [row["label"] for row in parquet] == [row["label"] for row in rows]
        with label(name, source, "csv", keep=["kind"])[0].open(newline="") as file:
            assert [int(row["row"]) for row in csv.DictReader(file)] == [row["row"] for row in rows]


def test_each_line_of_text_has_an_answer_also_an_empty_one(label: Label, tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_bytes("\ufeffgood film\r\n\nbad film\n \nvery\x0bdull".encode())
    output, predicted = label("lora", file, "jsonl", keep_all=True)
    rows = [json.loads(line) for line in output.open()]
    assert [(row["row"], row["text"]) for row in rows] == [
        *[(1, "good film"), (2, ""), (3, "bad film"), (4, " "), (5, "very\x0bdull")]
    ]
    assert (predicted.rows, predicted.empty, predicted.scores) == (5, 2, None)


@pytest.mark.parametrize(
    ("name", "file", "content", "says"),
    [
        ("lora", "a.tsv", "sentence\none\n\ntwo\n", "a.tsv:3: the line is blank"),
        ("lora", "a.jsonl", '{"sentence": "one"}\n\n{"sentence": "two"}\n', "a.jsonl:2: the line is blank"),
        ("lora", "a.csv", 'sentence\n"one\nline"\n\n"two"\n', "a.csv:4: the line is blank"),
        ("lora", "a.jsonl", '{"sentence": "one"}\n{"sentence": ["x"]}\n', "a.jsonl:2: column 'sentence' is ['x'], not"),
        ("lora", "a.jsonl", '{"sentence": "one"}\n{"text": "x"}\n', "a.jsonl:2: no column 'sentence'; it has text"),
        ("lora", "a.tsv", "a\tb\none\ttwo\n", "a.tsv has the columns a, b"),
        ("lora", "a.txt", "one\ttwo\n", "a.txt:1: the line 'one\\ttwo' has a tab"),
        ("pairs", "a.txt", "one\ttwo\n\n", "a.txt:2: the line '' has no second text"),
        ("lora", "a.txt", b"one\n\xff\n", "a.txt:2: byte 0xff is not UTF-8"),
        ("three", "a.csv", "id\n1\n", "no 'body' (data.columns). To label rows with other columns: --columns text="),
        ("lora", "a.tsv", "sentence\n", "a.tsv: no rows"),
        ("lora", "a.txt", "", "a.txt: no rows"),
    ],
)
def test_a_row_that_cannot_be_labelled_is_named(
    label: Label, tmp_path: Path, name: str, file: str, content: str | bytes, says: str
) -> None:
    path = tmp_path / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert says in label(name, path)


def test_a_csv_with_line_ends_in_its_fields_has_no_blank_lines(label: Label, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('sentence,id\n"one\nline",1\n"two\n\n\nlines",2\nplain,3\n"four\n",4\n')
    output, predicted = label("lora", file, "csv", keep=["id"])
    with output.open(newline="") as rows:
        assert [(row["row"], row["id"]) for row in csv.DictReader(rows)] == [(str(i), str(i)) for i in range(1, 5)]
    assert predicted.unscored is None


def test_columns_can_be_named_and_kept(label: Label, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("label,title,body\nx,good,film\ny,bad,film\n")
    output, predicted = label("lora", file, columns={"text": ["title", "body"]}, keep_all=True)
    assert [row["input_label"] for row in table(output)] == ["x", "y"]
    assert "label 'x' is none of negative, positive" in predicted.unscored
    assert "--keep nothing: " in label("lora", file, columns={"text": "body"}, keep=["nothing"])
    wide = tmp_path / "b.csv"
    wide.write_text('sentence,note\ngood,"a\tb"\n')
    assert f"{wide}:2: 'a\\tb' has a tab" in label("lora", wide, keep=["note"])


def test_glue_gets_its_index_and_form(label: Label, tmp_path: Path) -> None:
    file = tmp_path / "test.tsv"
    file.write_text("index\tsentence\n7\tgood film\n9\tbad film\n")
    output, _ = label("lora", file, "glue")
    lines = output.read_text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["index", "7", "9"]
    assert {line.split("\t")[1] for line in lines[1:]} <= {"0", "1"}
    assert "classify is no task of GLUE" in label("three", file, "glue")
