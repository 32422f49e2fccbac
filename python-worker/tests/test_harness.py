"""Protocol `lm-eval` on small made-up benchmarks: what lm-evaluation-harness itself gives for the same module."""

from __future__ import annotations

import gzip
import json
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from test_instructeval import bbh_folder, drop_folder, drop_line, mmlu_folder, put
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lor2c_worker.backbones.hf_decoder import HfDecoder
from lor2c_worker.benchmarking.harness import HarnessAsked
from lor2c_worker.data.task import DataError
from lor2c_worker.evaluation.fence.fence import refusal
from lor2c_worker.evaluation.harness import benchmark as harness
from lor2c_worker.evaluation.harness.benchmark import HarnessBenchmark, Scored, load
from lor2c_worker.generation.batches import Room

CPU = torch.device("cpu")
PROBLEM = {
    "task_id": "T/0",
    "prompt": "def f():\n",
    "entry_point": "f",
    "test": "def check(f):\n    assert f() == 1",
    "canonical_solution": "    return 1",
}


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte, and an end of text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({"<end>": 0} | {byte: 1 + i for i, byte in enumerate(alphabet)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>", pad_token="<end>")


@cache
def module() -> Any:
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=257,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=2048,
        initializer_range=0.3,
        eos_token_id=0,
        bos_token_id=None,
    )
    return LlamaForCausalLM(config).eval()


def benchmarks(folder: Path) -> list[HarnessBenchmark]:
    mmlu_folder(folder, rows=6, choice="None")
    bbh_folder(folder, small=5, large=6)
    lines = [drop_line(f"passage {i // 2}", f"question {i}?", "7|7.5 " if i % 3 else "7") for i in range(20)]
    drop_folder(folder, "".join(lines))
    return [load(name, folder, rows=6 if name == "drop" else None) for name in ("mmlu", "bbh", "drop")]


def run(benchmark: HarnessBenchmark, rows: Sequence[Any] | None = None, positions: int | None = None) -> list[Scored]:
    with torch.inference_mode():
        return benchmark.run(rows or benchmark.rows, speaking(positions))


def speaking(positions: int | None = None) -> Any:
    from lor2c_worker.evaluation.harness.model import Speaking

    return Speaking(HfDecoder(module()), tokenizer(), CPU, Room(2000, 4), positions, frozenset([0]), lambda: None)


def by_the_library(benchmark: HarnessBenchmark) -> Any:
    """The results of the same tasks with the library's own model, all rows."""
    from lm_eval import evaluator
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.huggingface import HFLM

    tasks = [
        ConfigurableTask(config=harness.config_of(benchmark.name, task, benchmark._values(task, {})))
        for task in benchmark.tasks
    ]
    model = HFLM(pretrained=module(), tokenizer=tokenizer(), batch_size=1, max_length=2048)
    return evaluator.evaluate(
        lm=model, task_dict={"tasks": {task.config.task: task for task in tasks}, "groups": {}}, bootstrap_iters=1
    )


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lm_eval", reason="protocol lm-eval needs the package lm-eval, which is not installed")

    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("offline")
def test_rows_are_what_the_library_gives_for_the_same_module(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for benchmark in benchmarks(tmp_path):
        found = {scored.row.id: scored for scored in run(benchmark)}
        assert capfd.readouterr().out == "", "the protocol's descriptor"
        assert list(found) == [row.id for row in benchmark.rows]
        results = by_the_library(benchmark)
        metric = benchmark.definition.metric
        theirs = {s["doc"]["id"]: s for samples in results["samples"].values() for s in samples}
        assert set(found) <= set(theirs)
        for name, scored in found.items():
            sample = theirs[name]
            assert scored.value == sample[metric]
            assert scored.prompt == sample["arguments"][0][0] == benchmark.prompts()[name]
            assert scored.prompt_tokens == len(scored.prompt.encode())
            if benchmark.definition.max_new_tokens:
                assert scored.output == sample["filtered_resps"][0]
        if len(found) == len(theirs):
            ours = benchmark.score({name: scored.value for name, scored in found.items()})
            for task, score in ours.tasks.items():
                whole = results["results"][f"{benchmark.name}_{task}"]
                assert score.value == pytest.approx(whole[f"{metric},none"])
                assert score.standard_error == pytest.approx(whole[f"{metric}_stderr,none"])


@pytest.mark.usefixtures("offline")
def test_rows_in_parts_are_the_same_rows(tmp_path: Path) -> None:
    _, bbh, _ = benchmarks(tmp_path)
    whole = run(bbh)
    assert [scored for row in reversed(bbh.rows) for scored in run(bbh, [row])] == whole[::-1]
    assert {scored.new_tokens for scored in whole} > {64} or len({scored.output for scored in whole}) > 1


@pytest.mark.usefixtures("offline")
def test_a_prompt_that_is_too_long_loses_its_beginning_and_says_so(tmp_path: Path) -> None:
    mmlu, bbh, _ = benchmarks(tmp_path)
    assert {scored.cut for scored in run(mmlu)} == {0}
    [scored] = run(mmlu, mmlu.rows[:1], positions=101)
    assert (scored.prompt_tokens, scored.cut) == (99, len(scored.prompt.encode()) - 99)  # two tokens for the answer
    [scored] = run(bbh, bbh.rows[:1], positions=80)
    assert scored.prompt_tokens == 16


@pytest.mark.usefixtures("offline")
def test_answers_are_judged_in_whole(tmp_path: Path) -> None:
    from lor2c_worker.evaluation.harness.definitions import judge_of

    _, bbh, drop = benchmarks(tmp_path)
    row = bbh.rows[0]
    exact = judge_of("bbh", {})
    assert [exact(text, row)[0] for text in (f" {row.answer} ", row.answer, f"{row.answer}.", "")] == [1, 1, 0, 0]
    bags = judge_of("drop", {})
    row = next(row for row in drop.rows if "7.5" in row.test)
    assert bags(" 7.5", row) == (1.0, "exact match 1")
    assert bags("seven", row) == (0.0, "exact match 0")
    assert bags("7.5 yards", row) == (0.67, "exact match 0")


@pytest.mark.usefixtures("offline")
def test_programs_run_in_the_fence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "humaneval/HumanEval.jsonl.gz", gzip.compress(json.dumps(PROBLEM).encode()))
    with pytest.raises(DataError, match="--allow-code-execution"):
        load("humaneval", tmp_path)
    if why := refusal():
        pytest.skip(why)
    monkeypatch.setitem(
        harness.DEFINITIONS,
        "humaneval",
        harness.Definition(0, "pass@1", "", 16, harness.DEFINITIONS["humaneval"].until),
    )
    benchmark = load("humaneval", tmp_path, allow_code_execution=True)
    [scored] = run(benchmark)
    assert (scored.prompt, scored.value) == ("def f():\n", 0)
    assert scored.detail is not None
    judge = harness.judge_of("humaneval", benchmark.problems)
    assert judge("    x = 1\n\n    return x", benchmark.rows[0]) == (1.0, "passed")  # no cut at a blank line


@pytest.mark.usefixtures("offline")
def test_a_row_in_its_own_prompt_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = harness.config_of

    def leaking(*arguments: Any) -> Any:
        """The way that the library's `first_n` leaks: scored rows as shots, under another name of the same split."""
        config = right(*arguments)
        splits = config["custom_dataset"]
        return config | {"custom_dataset": lambda: {**splits(), "shots": splits()["test"]}}

    monkeypatch.setattr(harness, "config_of", leaking)
    mmlu_folder(tmp_path, rows=6)
    bbh_folder(tmp_path, small=8)
    for suite, name in (("mmlu", "made_up/0"), ("bbh", "small/3")):
        with pytest.raises(DataError, match=f"{name} occurs in its own prompt"):
            run(load(suite, tmp_path))


def test_a_plan_needs_no_library(tmp_path: Path) -> None:
    mmlu, bbh, drop = benchmarks(tmp_path)
    assert mmlu.prompts()["made_up/1"].startswith(
        "The following are multiple choice questions (with answers) about made up.\n\nmade_up dev, number 0\nA. one\n"
        "B. None\nC. three\nD. four\nAnswer: A\n\n"
    )
    assert (
        bbh.prompts()["small/3"] == "Q: small 0\nA: (0)\n\nQ: small 1\nA: (1)\n\nQ: small 2\nA: (2)\n\nQ: small 3\nA:"
    )
    assert drop.prompts()[drop.rows[0].id].count("Passage: ") == 4
    assert {len(json.loads(row.test)) for task in drop.tasks for row in task.rows} == {1, 2}
    assert (len(drop.rows), drop.available, drop.notes[-1]) == (
        6,
        len(drop.tasks[0].rows),
        f"a seeded sample of 6 of {drop.available} rows (seed 0)",
    )
    with pytest.raises(ValueError, match="1 of 5 rows have no value: small/4"):
        bbh.score({row.id: 1.0 for row in bbh.rows if row.id != "small/4"})


def test_prompts_that_are_cut_are_counted_in_a_note_and_another_version_of_the_library_is_another_evaluation(
    tmp_path: Path,
) -> None:
    bbh = benchmarks(tmp_path)[1]
    asked = HarnessAsked(bbh, tokenizer(), 100, frozenset([0]), "lm-eval==0.4.13")
    described = asked.described()
    assert 0 < described["cut_rows"] <= len(bbh.rows)
    assert described["notes"] == [
        *bbh.notes,
        f"{described['cut_rows']} prompts lose their beginning, as the model has 100 positions",
    ]
    assert replace(asked, positions=None).described()["notes"] == bbh.notes
    assert replace(asked, library="lm-eval==0.4.14").settings_hash != asked.settings_hash


def test_data_and_options_are_checked(tmp_path: Path) -> None:
    lines = [drop_line(f"p{i}", "q", "1") for i in range(9)]
    data = load("drop", drop_folder(tmp_path, "".join(lines))).data
    lines[0] = drop_line("p0", "q", "1|2")
    assert load("drop", drop_folder(tmp_path, "".join(lines))).data != data
    with pytest.raises(DataError, match="known: mmlu, bbh, drop, humaneval"):
        load("arc", tmp_path)
    with pytest.raises(DataError, match="at least one row"):
        load("bbh", bbh_folder(tmp_path, t=5), rows=0)


def test_without_the_library_a_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(
        DataError, match=r"protocol lm-eval needs the package lm-eval .*pip install \"lm-eval==0.4.13\""
    ):
        harness.check_library()
    with pytest.raises(DataError, match=r"protocol lm-eval needs the package lm-eval"):
        load("bbh", bbh_folder(tmp_path, t=5)).run([], None)  # type: ignore[arg-type]
