"""Every loader refuses what is no text or no table, and names file, row and value."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lor2c_worker.data import DataError, load_task
from lor2c_worker.data.tables import read_rows
from lor2c_worker.settings import DataSettings


def load(folder: Path, train: Path) -> Any:
    """The rows of SST-2 with this training file and good evaluation rows of the same format."""
    if train.suffix == ".parquet":
        parquet(folder / "dev.parquet", ["sentence", "label"], [["good", "1"], ["bad", "0"]])
    else:
        row = {".tsv": "sentence\tlabel\ngood\t1\n", ".csv": "sentence,label\ngood,1\n"}
        (folder / f"dev{train.suffix}").write_text(row.get(train.suffix, '{"sentence": "good", "label": 1}\n'))
    return load_task("sst2", DataSettings(path=str(folder)))


def parquet(file: Path, names: list[str], rows: list[list[Any]]) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="reading Parquet needs pyarrow")
    import pyarrow.parquet as writer

    columns = [pyarrow.array(list(column)) for column in zip(*rows, strict=True)]
    writer.write_table(pyarrow.Table.from_arrays(columns, names=names), file)


TEXT_FILES = [
    ("tsv", b"sentence\tlabel\tlabel\na\t1\t0\n", ":1: the column 'label' is there twice"),
    ("csv", b"sentence,label, label \na,1,0\n", ":1: the column 'label' is there twice"),
    ("jsonl", b'{"sentence": "a", "sentence": "b", "label": 1}\n', ":1: 'sentence' is there twice"),
    ("csv", b'sentence,label\n"a\nb",1\nc\n', ":4: 1 fields, but the header has 2: 'c'"),
    ("csv", b'sentence,label\na,1\n"b\nc,1\nd,1\n', ":3: a quote opens in this row and never closes"),
    ("csv", b'sentence,label\n"a"b,1\n', ":2: text after a closing quote"),
    ("csv", b"sentence,label\ra,1\r", ":1: a carriage return outside of quotes"),
    ("csv", b"sentence,label\na,1,2\n", ":2: 3 fields, but the header has 2: 'a,1,2'"),
    ("csv", b",\na,1\n", ":1: the first row has no column names"),
    ("tsv", b"sentence\tlabel\na\n", ":2: 1 tab-separated fields, expected 2: 'a'"),
    ("tsv", b"sentence\tlabel\nok\t1\ncaf\xe9\t1\n", ":3: byte 0xe9 is not UTF-8; save the file as UTF-8"),
    ("csv", "sentence,label\na,1\n".encode("utf-16"), ": the file is UTF-16; save it as UTF-8"),
    ("tsv", b"sentence\tlabel\na\0b\t1\n", ":2: 'sentence': the text has the character NUL"),
    ("tsv", b"sentence\tlabel\na\t\x1b[2J\n", ":2: label '\\x1b[2J' is none of negative, positive"),
    ("jsonl", b'["a", 1]\n', ":1: expected an object, found list: "),
    ("jsonl", b'{"sentence": "a", "label": 1}\n{"sentence"\n', ":2: not JSON: "),
]


@pytest.mark.parametrize(("ending", "content", "message"), TEXT_FILES)
def test_a_broken_table_names_file_and_row(tmp_path: Path, ending: str, content: bytes, message: str) -> None:
    train = tmp_path / f"train.{ending}"
    train.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(f"train.{ending}{message}")):
        load(tmp_path, train)


NO_TEXT = [
    (["the", "tea"], r"is a list, not a text: \['the', 'tea'\]"),
    ({"a": "b"}, r"is a mapping, not a text: \{'a': 'b'\}"),
    (True, "is a truth value, not a text: True"),
    (float("nan"), "is nan, not a text"),
    (float("inf"), "is inf, not a text"),
    (None, r"is missing \(null\)"),
    ("half \ud83d", r"\\ud83d is half a surrogate pair"),
]


@pytest.mark.parametrize(("value", "message"), NO_TEXT)
def test_a_text_that_is_none_is_refused_in_json_lines(tmp_path: Path, value: Any, message: str) -> None:
    train = tmp_path / "train.jsonl"
    train.write_text("".join(json.dumps({"sentence": v, "label": 1}) + "\n" for v in ("fine", value)))
    with pytest.raises(DataError, match=rf"train\.jsonl:2: 'sentence'.*{message}"):
        load(tmp_path, train)


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="reading Parquet needs pyarrow")
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["the", "tea"], "is a list"),
        (True, "is a truth value"),
        (None, "is missing"),
        (b"bytes", "is bytes"),
        (float("nan"), "is nan"),
    ],
)
def test_a_text_that_is_none_is_refused_in_parquet(tmp_path: Path, value: Any, message: str) -> None:
    train = tmp_path / "train.parquet"
    fine = {bool: True, bytes: b"x", list: ["x"], float: 1.0}.get(type(value), "fine")
    parquet(train, ["sentence", "label"], [[value, "1"], [fine, "0"]])
    with pytest.raises(DataError, match=rf"1: 'sentence' {message}"):
        load(tmp_path, train)


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="reading Parquet needs pyarrow")
def test_a_column_that_is_in_a_parquet_file_twice_is_refused(tmp_path: Path) -> None:
    train = tmp_path / "train.parquet"
    parquet(train, ["sentence", "label", "label"], [["a", "1", "0"]])
    with pytest.raises(DataError, match=r"train\.parquet: the column 'label' is there twice"):
        load(tmp_path, train)


@pytest.mark.parametrize("value", [True, float("nan"), [1.0], "x", 7])
def test_a_target_that_is_no_number_in_range_is_refused(tmp_path: Path, value: Any) -> None:
    rows = [{"sentence1": "a", "sentence2": "b", "label": 1.0}, {"sentence1": "a", "sentence2": "b", "label": value}]
    for name in ("train", "dev"):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError, match=r"train\.jsonl:2: label .* is not"):
        load_task("stsb", DataSettings(path=str(tmp_path)))


def test_only_a_line_feed_ends_a_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.tsv"
    file.write_bytes("\ufeff text \tlabel\r\na\rb\x0b\u2028c\t1\r\n\r\nd\t0".encode())
    assert list(read_rows([file])) == [(2, {"text": "a\rb\x0b\u2028c", "label": "1"}), (4, {"text": "d", "label": "0"})]


def test_a_field_of_a_csv_file_has_any_length(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(f'text,label\n{"x" * 150_000},1\n"a\nb",0\nc,1\n')
    rows = list(read_rows([file]))
    assert [(number, len(row["text"])) for number, row in rows] == [(2, 150_000), (3, 3), (5, 1)]


def test_a_number_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"sentence": 12, "label": 1}\n{"sentence": 1.5, "label": 0}\n')
    assert list(load(tmp_path, tmp_path / "train.jsonl").train.text) == ["12", "1.5"]
