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


def refusal(path: Path, name: str = "classify", *, task: dict[str, Any] | None = None, **data: Any) -> str:
    with pytest.raises((DataError, SettingsError)) as caught:
        read(path, name, task=task, **data)
    return str(caught.value)


def labelled(path: Path, *labels: Any) -> Path:
    return write(path, [{"text": f"row {i}", "label": label} for i, label in enumerate(labels)])


def test_whole_numbers_are_sorted_by_value_however_they_are_written(tmp_path: Path) -> None:
    numbers = read(labelled(tmp_path / "a.jsonl", 10, 2, "2", 2.0, " 10 ", -1, -1, "+10"), dev_rows=4)
    assert numbers.label_names == ("-1", "2", "10")
    assert read(labelled(tmp_path / "b.csv", "10", "2", "2", "2.0", "10", "-1", "-1", "10"), dev_rows=4).train == (
        numbers.train
    )
    texts = read(labelled(tmp_path / "c.jsonl", "b", " b", "B", "10a", True, "true", "b", "B"), dev_rows=4)
    assert texts.label_names == ("10a", "B", "b", "true")


def test_names_and_their_order_are_content(tmp_path: Path) -> None:
    path = write(tmp_path / "all.csv", ROWS)
    other = write(tmp_path / "other.csv", [row | {"label": f"x{row['label']}"} for row in ROWS])
    given = {"labels": ["pos", "neg", "mixed"]}
    found = [read(path, dev_rows=3), read(other, dev_rows=3), read(path, dev_rows=3, task=given)]
    assert len({data.fingerprint for data in found}) == 3
    assert found[0].train.labels == found[1].train.labels
    assert found[2].label_names == ("pos", "neg", "mixed")
    rows = {row["text"]: row["label"] for row in ROWS}
    train = found[2].train
    assert [found[2].label_names[label] for label in train.labels] == [rows[text] for text in train.text]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "b", "a", 3], ":4: the label 'a' is text"),
        (["a", "b", None, "a"], ":3: the label is missing"),
        (["a", "b", "  ", "a"], ":3: the label is missing"),
        ([1, 0, 0.5, 1], ":3: the label 0.5 is a number with a fraction. To predict a number use task: regress"),
        (["0", "0.5", "1", "2.5"], ":2: the label '0.5' is a number with a fraction"),
        (["1.5", "0.5", "2.5", "3.25"], "the labels are numbers with fractions (0.5, 1.5, 2.5, 3.25)"),
        (["a", "b", {"x": 1}, "a"], ":3: the label {'x': 1} is neither text nor a whole number"),
        (["a", "b", ["a"], "a"], ":3: ['a'] is a list of labels, but"),
        (["a", "a", "a", "a"], "all 4 rows have the same label"),
        ([f"text {i}" for i in range(1001)], ":1001: 'text 1000' is label number 1,001"),
        (["a", "b", "\ud800", "a"], ":3: the label '\\ud800' has half a surrogate pair"),
    ],
)
def test_a_label_that_is_none_is_refused_with_its_row(tmp_path: Path, labels: list[Any], message: str) -> None:
    path = labelled(tmp_path / "all.jsonl", *labels)
    said = refusal(path, dev_rows=2)
    if message.startswith(":4"):
        assert said.startswith(f"{path}:1: the label 'a' is text, but {path}:4 has the whole number 3")
    else:
        assert message in said


def test_labels_that_are_named_refuse_all_others_and_name_the_nearest(tmp_path: Path) -> None:
    path = labelled(tmp_path / "all.csv", "positive", "negative", "postive", "negative")
    task = {"labels": ["negative", "positive"]}
    assert refusal(path, dev_rows=2, task=task) == (
        f"{path}:4: the label 'postive' is not in task.labels (negative, positive); nearest is 'positive'"
    )
    assert "'1' twice" in refusal(path, dev_rows=2, task={"labels": ["1", "1.0"]})


def test_labels_without_training_rows_are_a_warning(tmp_path: Path) -> None:
    labelled(tmp_path / "train.csv", "a", "b", "a", "b")
    labelled(tmp_path / "dev.csv", "a", "c", "c")
    assert read(tmp_path).warnings == (
        "no training row has the label 'c', which 2 evaluation rows have: no training can make that right",
    )
    found = read(tmp_path, task={"labels": ["a", "b", "c", "d"]})
    assert found.warnings[1] == "no row that is used has the label 'd'"
    labelled(tmp_path / "train.csv", "a", "a")
    assert "all 2 training rows have the label 'a': there is nothing to learn" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nan", "is not a finite number"),
        ("1e39", "is not a finite number"),
        ("", "the target is missing"),
        ("4,5", "the target '4,5' is not a number. To predict classes use task: classify"),
        ("1_000", "the target '1_000' is not a number"),
        (True, "the target True is not a number"),
        ([1], "the target [1] is not a number"),
    ],
)
def test_a_target_that_is_no_number_is_refused_with_its_row(tmp_path: Path, value: Any, message: str) -> None:
    path = labelled(tmp_path / "all.jsonl", 1, 2, value, 4)
    said = refusal(path, "regress", dev_rows=2)
    assert said.startswith(f"{path}:3: ")
    assert message in said


def test_constant_targets_have_nothing_to_learn(tmp_path: Path) -> None:
    labelled(tmp_path / "train.csv", 2, 2)
    labelled(tmp_path / "dev.csv", 2, 3)
    assert "the target of all 2 training rows is 2" in refusal(tmp_path, "regress")
    labelled(tmp_path / "train.csv", 2, 2.5)
    assert read(tmp_path, "regress").notes == ("targets from 2 to 2.5 in the training rows",)


@pytest.mark.parametrize(
    ("columns", "text", "pair"),
    [
        ({"text": "title"}, "t0", None),
        ({"text": ["title", "body"]}, "t0 b0", None),
        ({"text": ["title", "body"], "separator": " | ", "label": "stars"}, "t0 | b0", None),
        ({"text": "title", "text_pair": ["body", "title"], "label": "stars"}, "t0", "b0 t0"),
    ],
)
def test_columns_may_be_joined(tmp_path: Path, columns: dict[str, Any], text: str, pair: str | None) -> None:
    label = columns.get("label", "label")
    rows = [{"id": i, "title": f"t{i}", "body": f"b{i}", label: i % 2} for i in range(4)]
    found = read(write(tmp_path / "train.tsv", rows).parent, columns=columns, dev_rows=2)
    joined = read(write(tmp_path / "all" / "rows.jsonl", rows), columns=columns, dev_rows=2)
    assert found.train == joined.train
    whole = {*found.train.text, *found.eval.text}
    assert text in whole
    assert (pair in {*(found.train.pair or ()), *(found.eval.pair or ())}) == (pair is not None)
    assert dict(found.columns)[label] == "label"
    assert dict(found.columns)["id"] is None


@pytest.mark.parametrize(
    ("names", "columns", "message"),
    [
        (("text", "label"), None, None),
        (("sentence1", "sentence2", "labels"), None, None),
        (("text", "sentence", "label"), None, "several that may be the text"),
        (("text1", "text2", "text", "label"), None, "several that may be the text"),
        (("review", "label"), None, "has the columns review, label: no column with an obvious name for the text"),
        (("text", "stars"), None, "has the columns text, stars: no column with an obvious name for the label"),
        (("text", "label", "labels"), None, "several that may be the label"),
        (("text", "label"), {"text": "txt"}, "has the columns text, label; there is no 'txt' (data.columns)"),
        (("text", "label"), {"text_pair": "text"}, "text_pair without text"),
    ],
)
def test_obvious_columns_need_no_name(
    tmp_path: Path, names: tuple[str, ...], columns: dict[str, Any] | None, message: str | None
) -> None:
    path = write(tmp_path / "all.csv", [{name: f"{name}{i % 2}" for name in names} for i in range(4)])
    if message is None:
        found = read(path, dev_rows=2, columns=columns)
        assert [used for _, used in found.columns][-1] == "label"
    else:
        assert message in refusal(path, dev_rows=2, columns=columns)


def test_rows_come_from_one_place(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", ROWS)
    assert "no file of the dev split" in refusal(tmp_path)
    assert len(read(tmp_path, dev_rows=3).eval) == 3
    write(tmp_path / "held.csv", ROWS[:5])
    assert len(read(tmp_path, dev_split="held").eval) == 5
    assert len(read(tmp_path, train_split="held", dev_split="train").eval) == 12
    assert "data.dev_split 'held' and data.dev_rows exclude each other" in refusal(
        tmp_path, dev_split="held", dev_rows=2
    )
    write(tmp_path / "eval.csv", ROWS[:3])
    assert "but data.path" in refusal(tmp_path, dev_rows=3)
    assert "data.config is the configuration" in refusal(tmp_path, config="en")
    assert "chooses among splits" in refusal(tmp_path / "train.csv", dev_rows=3, dev_split="dev")
    with pytest.raises(DataError, match="are both null"):
        load_task("classify", DataSettings())
    other = tmp_path / "rows.txt"
    other.write_text("text\tlabel\n")
    assert "the name must end in .tsv, .csv, .jsonl, .parquet" in refusal(other, dev_rows=2)


def test_subsets_are_drawn_after_the_split(tmp_path: Path) -> None:
    path = write(tmp_path / "all.csv", ROWS)
    whole, part = read(path, dev_rows=6), read(path, dev_rows=6, eval_rows=3, train_rows=4)
    assert set(part.eval.text) < set(whole.eval.text)
    assert set(part.train.text) < set(whole.train.text)
    assert (len(part.eval), len(part.train)) == (3, 4)


def test_lists_of_labels_in_json_and_in_a_column_of_text(tmp_path: Path) -> None:
    lists = [["b", "a"], [], ["a"], ["c", "c"], ["b"], ["a", "c"]]
    found = read(labelled(tmp_path / "all.jsonl", *lists), dev_rows=2)
    assert (found.kind, found.label_names, found.num_labels) == ("multi_label", ("a", "b", "c"), 3)
    texts = [f"row {i}" for i in range(6)]
    rows = dict(zip([*found.train.text, *found.eval.text], [*found.train.labels, *found.eval.labels], strict=True))
    assert [tuple(rows[text]) for text in texts] == [(1, 1, 0), (0, 0, 0), (1, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 1)]
    assert found.scores == ("f1_macro", "f1", "accuracy", "auroc")
    assert "at random" in found.notes[0]
    cells = labelled(tmp_path / "all.tsv", *map(json.dumps, lists))
    assert read(cells, dev_rows=2).fingerprint == found.fingerprint


def test_metrics_are_chosen_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "all.csv", ROWS)
    assert "f1" not in read(path, dev_rows=3).scores
    assert read(path, dev_rows=3, task={"metrics": ["f1_macro", "accuracy"]}).scores == ("f1_macro", "accuracy")
    assert refusal(path, dev_rows=3, task={"metrics": ["f1"]}) == (
        "task.metrics 'f1': a task of 3 classes has accuracy, f1_macro, matthews, balanced_accuracy, auroc"
    )
    assert "accuracy twice" in refusal(path, dev_rows=3, task={"metrics": ["accuracy", "accuracy"]})
    assert "at least one" in refusal(path, dev_rows=3, task={"metrics": []})


@pytest.mark.parametrize("name", ["sst2", "movie-reviews"])
def test_other_tasks_keep_their_labels_and_splits(name: str) -> None:
    assert "the labels of" in refusal(Path("nowhere"), name, task={"labels": ["a", "b"]})
    assert "data.dev_rows: the splits of" in refusal(Path("nowhere"), name, dev_rows=3)
    assert f"'mse': {name} has accuracy, f1" in refusal(Path("nowhere"), name, task={"metrics": ["mse"]})
