"""The user's own rows: `classify` and `regress` from every place, format and column, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lor2c_worker.data import DataError, TaskData, load_task
from lor2c_worker.settings import DataSettings, SettingsError, TaskSettings

ROWS = [{"text": f"row {i}", "label": ("pos", "neg", "mixed")[i % 3]} for i in range(12)]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(rows[0])
    if path.suffix == ".jsonl":
        lines = [json.dumps(row) for row in rows]
    elif path.suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
        return path
    else:
        mark = {".tsv": "\t", ".csv": ","}[path.suffix]
        lines = [mark.join(names), *(mark.join(str(row[name]) for name in names) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(path: Path, name: str = "classify", *, task: dict[str, Any] | None = None, **data: Any) -> TaskData:
    return load_task(TaskSettings(name, **(task or {})), DataSettings(path=str(path), **data))


@pytest.mark.parametrize("ending", [".tsv", ".csv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, ending: str) -> None:
    write(tmp_path / f"train{ending}", ROWS)
    write(tmp_path / f"validation{ending}", ROWS[:4])
    found = read(tmp_path)
    assert found.label_names == ("mixed", "neg", "pos")
    assert [found.label_names[label] for label in found.train.labels] == [row["label"] for row in ROWS]
    assert (len(found.eval), found.eval.text[3], found.eval.pair) == (4, "row 3", None)
    assert (found.kind, found.num_labels) == ("classify", 3)


def test_one_file_is_split_with_a_seed_and_by_label(tmp_path: Path) -> None:
    path = write(tmp_path / "all.csv", ROWS)
    found = read(path, dev_rows=0.25)
    assert (len(found.train), len(found.eval)) == (9, 3)
    assert sorted(found.eval.labels) == [0, 1, 2]
    assert set(found.train.text).isdisjoint(found.eval.text)
    assert read(path, dev_rows=3).fingerprint == found.fingerprint
    assert read(path, dev_rows=3, split_seed=1).fingerprint != found.fingerprint
    with pytest.raises(DataError, match=r"is one file: set data\.dev_rows"):
        read(path)


def test_a_regression_takes_any_finite_number(tmp_path: Path) -> None:
    path = write(tmp_path / "all.jsonl", [{"sentence": f"row {i}", "score": i * 100 - 50.5} for i in range(8)])
    found = read(path, "regress", dev_rows=2)
    assert (found.kind, found.label_names, found.num_labels) == ("regress", (), 1)
    assert sorted([*found.train.labels, *found.eval.labels])[:2] == [-50.5, 49.5]
    with pytest.raises(SettingsError, match="a regression has no labels"):
        read(path, "regress", dev_rows=2, task={"labels": ["a"]})
