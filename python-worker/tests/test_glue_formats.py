"""QQP, MNLI and WNLI in the exact columns of their original files, and every task from Parquet."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny
from worker import Worker, only, run, settings

from lor2c_worker import messages
from lor2c_worker.data import TASKS, DataError, load_task
from lor2c_worker.settings import DataSettings

QQP = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate"
MNLI = (
    "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse"
)
MNLI_TRAIN = f"{MNLI}\tsentence1\tsentence2\tlabel1\tgold_label"
MNLI_DEV = f"{MNLI}\tsentence1\tsentence2\tlabel1\tlabel2\tlabel3\tlabel4\tlabel5\tgold_label"
WNLI = "index\tsentence1\tsentence2\tlabel"
PARSES = "( a b )\t( c d )\t(ROOT (S a b))\t(ROOT (S c d))"


def mnli_train(i: int, first: str, second: str, gold: str) -> str:
    return f"{i}\t31193\t31193n\tgovernment\t{PARSES}\t{first}\t{second}\t{gold}\t{gold}"


def mnli_dev(i: int, first: str, second: str, gold: str) -> str:
    return f"{i}\t63735\t63735n\tslate\t{PARSES}\t{first}\t{second}\tneutral\t{gold}\t{gold}\t{gold}\tneutral\t{gold}"


def write(folder: Path, files: dict[str, list[str]]) -> DataSettings:
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return DataSettings(path=str(folder))


def mnli_files() -> dict[str, list[str]]:
    train = [mnli_train(i, f'He said "{i}.', f"It is {i}", g) for i, g in enumerate(["neutral", "entailment"] * 3)]
    matched = [mnli_dev(0, "One.", "Two.", "contradiction"), mnli_dev(1, "Three.", "Four.", "entailment")]
    return {
        "train.tsv": [MNLI_TRAIN, *train],
        "dev_matched.tsv": [MNLI_DEV, *matched],
        "dev_mismatched.tsv": [MNLI_DEV, mnli_dev(0, "Five.", "Six.", "neutral")],
    }


def test_mnli_has_matched_and_mismatched_rows(tmp_path: Path) -> None:
    data = load_task("mnli", write(tmp_path, mnli_files()))
    assert data.label_names == ("entailment", "neutral", "contradiction")
    assert data.train.labels == (1, 0) * 3
    assert data.train.text[0] == 'He said "0.'
    assert data.eval.pair == ("Two.", "Four.", "Six.")
    assert data.eval.labels == (2, 0, 1)
    assert data.eval.part == ("m", "m", "mm")
    assert set(data.train.part or ()) == {"m"}
    assert data.eval.take([0, 2]).part == ("m", "mm")


def test_mnli_needs_both_dev_files(tmp_path: Path) -> None:
    files = mnli_files()
    del files["dev_mismatched.tsv"]
    with pytest.raises(DataError, match=r"no file of the dev_mismatched split; looked for dev_mismatched\.tsv"):
        load_task("mnli", write(tmp_path, files))


def test_which_rows_are_of_which_part_is_in_the_fingerprint(tmp_path: Path) -> None:
    one = load_task("mnli", write(tmp_path / "a", mnli_files()))
    files = mnli_files()
    moved = files["dev_matched.tsv"].pop()
    files["dev_mismatched.tsv"].insert(1, moved)
    other = load_task("mnli", write(tmp_path / "b", files))
    assert one.eval.text == other.eval.text
    assert one.fingerprint != other.fingerprint


def test_qqp_and_the_rows_that_its_files_have_broken(tmp_path: Path) -> None:
    rows = [QQP, '133273\t213221\t213222\tHow is "life"?\tHow\'s life?\t1', "402555\t536040\t536041\tWhy?\tHow?\t0"]
    broken = ["83650\t135028\t135029\tWhat is", "a question with a line break?\t0"]
    data = load_task("qqp", write(tmp_path / "a", {"train.tsv": [*rows, *broken], "dev.tsv": rows}))
    assert (data.train.labels, data.eval.labels) == ((1, 0), (1, 0))
    assert data.train.text[0] == 'How is "life"?'
    assert data.notes == ("train: 2 rows without all fields left out, as GLUE's own reader does",)
    many = write(tmp_path / "b", {"train.tsv": [*rows, *broken * 11], "dev.tsv": rows})
    with pytest.raises(DataError, match=r"train.tsv:24: 4 tab-separated fields, expected 6"):
        load_task("qqp", many)
    long = write(tmp_path / "c", {"train.tsv": [*rows, f"{rows[1]}\tmore"], "dev.tsv": rows})
    with pytest.raises(DataError, match=r"train.tsv:4: 7 tab-separated fields"):
        load_task("qqp", long)


def test_wnli(tmp_path: Path) -> None:
    rows = [WNLI, "0\tI stuck a pin through a carrot. It had a hole.\tThe carrot had a hole.\t1", "1\tA.\tB.\t0"]
    data = load_task("wnli", write(tmp_path, {"train.tsv": rows, "dev.tsv": rows}))
    assert data.train.labels == (1, 0)
    assert data.label_names == ("not_entailment", "entailment")
    assert "adversarial" in TASKS["wnli"].summary


def test_csv_has_the_names_of_the_hub(tmp_path: Path) -> None:
    rows = ["premise,hypothesis,label", 'one,"two, three",2']
    files = {"train.csv": rows, "validation_matched.csv": rows, "validation_mismatched.csv": rows}
    data = load_task("mnli", write(tmp_path, files))
    assert (data.train.labels, data.eval.pair) == ((2,), ("two, three", "two, three"))


def mnli_settings(place: Path, folder: Path, **train: Any) -> dict[str, Any]:
    value = settings(place, **train) | {"task": "mnli"}
    value["data"] = {**value["data"], "path": str(folder)}
    return value


@pytest.fixture
def mnli_folder(tmp_path: Path) -> Path:
    lines = [line.split("\t") for line in tiny.rows(48).splitlines()[1:]]
    golds = ("entailment", "contradiction")
    rows = [(text, "the film is good", golds[int(y)]) for text, y in lines]
    dev = [mnli_dev(i, *row) for i, row in enumerate(rows[:20])]
    files = {"train.tsv": [MNLI_TRAIN, *(mnli_train(i, *row) for i, row in enumerate(rows))]}
    files |= {"dev_matched.tsv": [MNLI_DEV, *dev[:12]], "dev_mismatched.tsv": [MNLI_DEV, *dev[12:]]}
    write(tmp_path / "MNLI", files)
    return tmp_path / "MNLI"


def test_a_run_on_mnli_reports_both_and_chooses_by_one(
    worker: Worker,
    place: Path,
    mnli_folder: Path,
    tmp_path: Path,
) -> None:
    events = run(worker, tmp_path / "m", mnli_settings(place, mnli_folder, num_train_epochs=4))
    assert not only(events, messages.Failed), only(events, messages.Failed)
    (finished,) = only(events, messages.Finished)
    evaluations = [m.values for m in only(events, messages.Metrics) if m.split == "eval"]
    assert all(set(values) == {"loss", "accuracy_m", "accuracy_mm"} for values in evaluations)
    assert finished.score_name == "accuracy_m"
    assert finished.best_score == max(values["accuracy_m"] for values in evaluations)
    assert finished.majority_score == 0.5
    by_other = run(worker, tmp_path / "mm", mnli_settings(place, mnli_folder, num_train_epochs=4, score="accuracy_mm"))
    assert only(by_other, messages.Finished)[0].best_score == max(values["accuracy_mm"] for values in evaluations)


def test_rows_that_a_score_is_not_of_cannot_choose(worker: Worker, place: Path, mnli_folder: Path) -> None:
    tried = [
        mnli_settings(place, mnli_folder, score="accuracy_mm", holdout=0.25),
        mnli_settings(place, mnli_folder, score="accuracy_m", holdout=0.25),
        mnli_settings(place, mnli_folder, score="accuracy"),
    ]
    worker.send(type="inspect", request="i", settings=tried)
    held, good, unknown = only(worker.until_done(), messages.Inspected)
    assert held.problems == ["train.score accuracy_mm: none of the 12 held-out rows belongs to it"]
    assert good.problems == []
    assert "task mnli computes accuracy_m, accuracy_mm" in unknown.problems[0]


def test_parquet_without_its_package_says_what_to_install(tmp_path: Path) -> None:
    for name in ("train-00000-of-00001.parquet", "validation-00000-of-00001.parquet"):
        (tmp_path / name).write_bytes(b"PAR1")
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from lor2c_worker.data import load_task\nfrom lor2c_worker.settings import DataSettings\n"
        f"load_task('mrpc', DataSettings(path={str(tmp_path)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    command = f'{sys.executable} -m pip install "pyarrow>=19"'
    assert f"reading Parquet needs the package pyarrow: {command}, or give the rows as TSV" in done.stderr
    assert done.stderr.count("Traceback") == 1


needs_pyarrow = pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed (pip install 'pyarrow>=19')"
)


def write_parquet(path: Path, rows: dict[str, list[Any]]) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(rows), path)


def mrpc_rows(*numbers: int) -> dict[str, list[Any]]:
    return {
        "sentence1": [f"first {i}" for i in numbers],
        "sentence2": [f"second {i}" for i in numbers],
        "label": [i % 2 for i in numbers],
        "idx": list(numbers),
    }


@needs_pyarrow
def test_parquet_as_a_hub_cuts_it(tmp_path: Path) -> None:
    write_parquet(tmp_path / "train-00000-of-00002.parquet", mrpc_rows(0, 1))
    write_parquet(tmp_path / "train-00001-of-00002.parquet", mrpc_rows(2))
    write_parquet(tmp_path / "validation-00000-of-00001.parquet", mrpc_rows(3))
    data = load_task("mrpc", DataSettings(path=str(tmp_path)))
    assert data.train.text == ("first 0", "first 1", "first 2")
    assert data.train.labels == (0, 1, 0)
    assert data.eval.pair == ("second 3",)
    (tmp_path / "train-00001-of-00002.parquet").unlink()
    with pytest.raises(DataError, match="1 parts of the split train, but their names say 2"):
        load_task("mrpc", DataSettings(path=str(tmp_path)))


@needs_pyarrow
def test_parquet_files_of_ones_own(tmp_path: Path) -> None:
    table = {"a": ["x"], "b": ["y"], "gold": ["equivalent"]}
    for name in ("train", "dev"):
        write_parquet(tmp_path / f"{name}.parquet", table)
    columns = {"text": "a", "text_pair": "b", "label": "gold"}
    assert load_task("mrpc", DataSettings(path=str(tmp_path), columns=columns)).train.labels == (1,)
    with pytest.raises(DataError, match=r"train.parquet:1: no column 'sentence1'; it has a, b, gold"):
        load_task("mrpc", DataSettings(path=str(tmp_path)))


@needs_pyarrow
def test_mnli_as_parquet(tmp_path: Path) -> None:
    rows = {"premise": ["p"], "hypothesis": ["h"], "label": [2], "idx": [0]}
    for name in ("train", "validation_matched", "validation_mismatched", "test_matched"):
        write_parquet(tmp_path / f"{name}-00000-of-00001.parquet", rows)
    data = load_task("mnli", DataSettings(path=str(tmp_path)))
    assert data.eval.part == ("m", "mm")
    assert (len(data.train), data.eval.labels) == (1, (2, 2))


@needs_pyarrow
@pytest.mark.parametrize(
    ("change", "message"),
    [({"label": [-1]}, "label -1 is none of"), ({"sentence2": [None]}, "'sentence2' is missing")],
)
def test_parquet_rows_that_are_no_examples(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    for name in ("train", "dev"):
        write_parquet(tmp_path / f"{name}.parquet", mrpc_rows(0) | change)
    with pytest.raises(DataError, match=message):
        load_task("mrpc", DataSettings(path=str(tmp_path)))


@needs_pyarrow
def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    for name in ("train", "dev"):
        (tmp_path / f"{name}.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(DataError, match=r"train.parquet: not a Parquet file that can be read"):
        load_task("mrpc", DataSettings(path=str(tmp_path)))
