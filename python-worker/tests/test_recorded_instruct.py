"""The protocol `instructeval` gives the prompts, verdicts and scores that the published code gave (recorded)."""

from __future__ import annotations

import math
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from instruct_recordings import digest, problems, recorded, remembering, row_of, sha256, task_rows, tokens

from lor2c_worker.evaluation.fence.fence import refusal
from lor2c_worker.evaluation.instructeval import load
from lor2c_worker.evaluation.instructeval.benchmark import begins_with_gold
from lor2c_worker.evaluation.instructeval.example import TaskRows
from lor2c_worker.evaluation.instructeval.humaneval import extracted, judge
from lor2c_worker.evaluation.instructeval.prompts import fitted
from lor2c_worker.evaluation.instructeval.scores import score

SUITES = ("mmlu", "bbh", "drop")
MEANS = {suite: load.SUITES[suite].mean for suite in SUITES}


def cases_of(suite: str) -> dict[str, list[dict[str, Any]]]:
    by_task = defaultdict(list)
    for case in recorded(suite):
        by_task[case["task"]].append(case)
    return by_task


def whole_tasks(suite: str) -> list[dict[str, Any]]:
    return [case for case in recorded(f"{suite}_tasks") if case.get("task", "*") != "*"]


TASKS = [(suite, task) for suite in SUITES for task in cases_of(suite)]
WHOLE = [(suite, case["task"], i) for suite in SUITES for i, case in enumerate(whole_tasks(suite))]


def test_there_are_recordings() -> None:
    if not recorded("tokenizer"):
        pytest.skip("no recordings of instruct-eval (LOR2C_RECORDED)")
    assert TASKS
    assert WHOLE


def test_the_tokenizer_is_the_recorded_one() -> None:
    encode = tokens()
    assert [list(encode([case["text"]])[0]) for case in recorded("tokenizer")] == [
        case["ids"] for case in recorded("tokenizer")
    ]


@pytest.mark.parametrize(("suite", "task"), TASKS)
def test_prompts_and_verdicts_of_single_rows(suite: str, task: str) -> None:
    for case in cases_of(suite)[task]:
        place = row_of(suite, task, case.get("na") or "nan", case["row"])
        [row] = fitted([place], tokens(case["bos"]), case["limit"])
        found = {
            "shots": row.shots,
            "tokens": len(row.ids),
            "chars": len(row.prompt),
            "prompt_sha256": sha256(row.prompt),
            "gold": row.gold,
            "correct": begins_with_gold(case["output"], row).right,
        }
        assert found == {name: case[name] for name in found}, row.id
        assert row.prompt == case.get("prompt", row.prompt)


@pytest.mark.parametrize(("suite", "task", "number"), WHOLE)
def test_whole_tasks(suite: str, task: str, number: int) -> None:
    case = whole_tasks(suite)[number]
    rows = task_rows(suite, task, "nan")
    asked = fitted([(rows, row) for row in rows.rows[: case["rows"]]], remembering(), case["limit"])
    hashes = [sha256(row.prompt) for row in asked]
    found = {
        "sha4": "".join(each[:4] for each in hashes),
        "prompts_sha256": digest(hashes),
        "tokens": [len(row.ids) for row in asked],
        "shots": "".join(str(row.shots) for row in asked),
        "correct": "".join(
            str(int(begins_with_gold(o, row).right)) for o, row in zip(case["outputs"], asked, strict=True)
        ),
    }
    for name, value in found.items():  # one by one, as a long text's difference says nothing
        assert value == case[name], name
    verdicts = [(row.task, right == "1") for row, right in zip(asked, case["correct"], strict=True)]
    assert score(verdicts, MEANS[suite]).value == pytest.approx(case["score"], abs=1e-12)
    if "prompts_sha256_none" in case:
        other = task_rows(suite, task, "None")
        none = fitted([(other, row) for row in other.rows[: case["rows"]]], remembering(), case["limit"])
        assert digest([sha256(row.prompt) for row in none]) == case["prompts_sha256_none"]


@pytest.mark.parametrize("suite", SUITES)
def test_scores_over_tasks(suite: str) -> None:
    if not recorded("scores"):
        pytest.skip("no recorded scores (LOR2C_RECORDED)")
    [whole] = [case for case in recorded("scores") if case["suite"] == suite]
    counted = [case for case in recorded(suite) if not case["bos"] and case.get("na") != "None"]
    found = score([(case["task"], case["correct"]) for case in counted], MEANS[suite])
    assert found.rows == whole["rows"]
    assert math.isclose(found.value, whole["score"], abs_tol=1e-12)
    for task, value in whole.get("per_task", {}).items():
        assert math.isclose(found.tasks[task].value, value, abs_tol=1e-12)

    total = [case for case in recorded(f"{suite}_tasks") if case.get("task") == "*"]
    for case in total:
        verdicts = [(each["task"], right == "1") for each in whole_tasks(suite) for right in each["correct"]]
        assert math.isclose(score(verdicts, MEANS[suite]).value, case["score"], abs_tol=1e-12)


def test_the_rows_of_drop_that_count() -> None:
    filters = [case for case in recorded("drop_tasks") if "kept" in case]
    if not filters:
        pytest.skip("no recording of DROP's filter (LOR2C_RECORDED)")
    rows = task_rows("drop", "drop", "nan")
    [case] = filters
    scored = [row.row for row in rows.rows]
    assert [shot.row for shot in rows.shots] == case["shots"]
    assert len(scored) == case["scored"]
    assert scored[:50] == case["scored_first_50"]
    assert digest([str(row) for row in scored]) == case["scored_sha256"]


HUMAN_EVAL = recorded("humaneval")


@pytest.mark.parametrize(
    "case", [case for case in HUMAN_EVAL if case["kind"] == "prompt"], ids=lambda case: case["task"]
)
def test_prompts_of_humaneval(case: dict[str, Any]) -> None:
    question = problems()[0][case["task"]].question
    assert (len(question), sha256(question)) == (case["chars"], case["prompt_sha256"])
    assert question == case.get("prompt", question)
    assert len(tokens()([question])[0]) == case["tokens"]


def test_completions_are_cut_as_recorded() -> None:
    cases = [case for case in HUMAN_EVAL if "extracted" in case]
    if not cases:
        pytest.skip("no recorded completions of HumanEval (LOR2C_RECORDED)")
    assert [extracted(case["completion"]) for case in cases] == [case["extracted"] for case in cases]


def test_programs_pass_and_fail_as_recorded() -> None:
    cases = [case for case in HUMAN_EVAL if "passed" in case and "completion" in case]
    if not cases or (why := refusal()):
        pytest.skip(why if cases else "no recorded programs of HumanEval (LOR2C_RECORDED)")
    examples, found = problems()
    rows = {
        row.id: row for row in fitted([(TaskRows("humaneval", ()), each) for each in examples.values()], nothing, 0)
    }
    judged = judge(found)
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda case: judged(case["completion"], rows[case["task"]]), cases))
    wrong = [(case, said) for case, said in zip(cases, verdicts, strict=True) if said.right != case["passed"]]
    assert not wrong
    for case, said in zip(cases, verdicts, strict=True):
        assert (said.detail == "timed out after 3 s") == case.get("timed_out", False), case
    [whole] = [case for case in HUMAN_EVAL if case["kind"] == "score"]
    assert math.isclose(score([("humaneval", said.right) for said in verdicts], "micro").value, whole["score"])


def nothing(texts: list[str]) -> list[list[int]]:
    """Token ids where they don't matter."""
    return [[] for _ in texts]
