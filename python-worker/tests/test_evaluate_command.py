"""`plan_evaluation` and `evaluate` of a real worker: every row scored once, also when it is killed in the middle."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import asking
import pytest
from worker import Worker, only

from lor2c_worker import messages
from lor2c_worker.benchmarking.evaluate import evaluate
from lor2c_worker.benchmarking.plan import plan_evaluation
from lor2c_worker.errors import Interrupted
from lor2c_worker.prompting.subject import Subject
from lor2c_worker.run.adapter_folder import RunInfo, write_folder

EVALUATION = {
    "protocol": "instructeval",
    "rows": None,
    "seed": 0,
    "batch_tokens": 3000,
    "allow_code_execution": False,
    "mmlu_none": "nan",
}
HARNESS = {"protocol": "lm-eval", "mmlu_none": "None"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    asking.save_model(folder / "model")
    asking.save_benchmarks(folder / "benchmarks")
    asking.save_adapter(folder / "adapter", folder / "model", asking.LORA)
    return folder


def started(log: Path) -> Worker:
    worker = Worker(log)
    assert isinstance(next(worker.events()), messages.Ready)
    return worker


@pytest.fixture(scope="module")
def worker(place: Path) -> Iterator[Worker]:
    worker = started(place / "stderr.log")
    yield worker
    assert worker.close() == 0


def subject_of(place: Path, *, adapter: bool = True) -> dict[str, Any]:
    if adapter:
        return {"folder": str(place / "adapter"), "settings": None}
    return {"folder": None, "settings": asking.model_settings(place / "model", asking.UNTUNED)}


def planning_of(place: Path, names: list[str], *, adapter: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "type": "plan_evaluation",
        "request": "p",
        **subject_of(place, adapter=adapter),
        "evaluation": {**EVALUATION, "data": str(place / "benchmarks"), **more},
        "benchmarks": names,
    }


def plan(
    worker: Worker, place: Path, names: list[str], *, adapter: bool = True, **more: Any
) -> messages.EvaluationPlanned:
    worker.send(**planning_of(place, names, adapter=adapter, **more))
    events = worker.until_done()
    assert events[-1].error is None
    [planned] = only(events, messages.EvaluationPlanned)
    return planned


def evaluation_of(
    place: Path, planned: messages.EvaluationPlanned, folder: Path, *, adapter: bool = True, **more: Any
) -> dict[str, Any]:
    """The command that carries out the plan."""
    return {
        "type": "evaluate",
        "request": "e",
        **subject_of(place, adapter=adapter),
        "evaluation": {**EVALUATION, "data": str(place / "benchmarks"), **more},
        "model_hash": planned.model_hash,
        "adapter_hash": planned.adapter_hash,
        "benchmarks": [
            {
                "benchmark": one.benchmark,
                "data_hash": one.data_hash,
                "settings_hash": one.settings_hash,
                "folder": str(folder / one.benchmark),
            }
            for one in planned.benchmarks
        ],
    }


def ask(worker: Worker, place: Path, planned: messages.EvaluationPlanned, folder: Path, **more: Any) -> None:
    worker.send(**evaluation_of(place, planned, folder, **more))


def carried_out(
    worker: Worker, place: Path, planned: messages.EvaluationPlanned, folder: Path, **more: Any
) -> list[Any]:
    ask(worker, place, planned, folder, **more)
    return worker.until_done()


def lines(folder: Path, name: str) -> dict[str, dict[str, Any]]:
    """Rows of the file by name; no row is there twice."""
    found = [json.loads(line) for line in (folder / name / "samples.jsonl").read_text().splitlines()]
    assert len({row["row"] for row in found}) == len(found)
    return {row["row"]: {key: value for key, value in row.items() if key != "seconds"} for row in found}


def told(events: list[Any], name: str) -> dict[str, dict[str, Any]]:
    items = [
        asdict(item) for event in only(events, messages.Samples) if event.benchmark == name for item in event.items
    ]
    assert len({item["row"] for item in items}) == len(items)
    return {item["row"]: item for item in items}


def result_of(event: messages.Evaluated) -> dict[str, Any]:
    """What does not depend on the time or the folder."""
    changing = ("seq", "seconds", "samples_path", "samples_bytes", "samples_sha256")
    return {key: value for key, value in asdict(event).items() if key not in changing}


@pytest.fixture(scope="module")
def whole(worker: Worker, place: Path) -> tuple[messages.EvaluationPlanned, dict[str, Any], dict[str, Any]]:
    """(plan, results, rows) of an evaluation that nothing interrupts."""
    planned = plan(worker, place, ["mmlu", "bbh"])
    events = carried_out(worker, place, planned, place / "whole")
    assert events[-1].error is None
    results = {event.benchmark: result_of(event) for event in only(events, messages.Evaluated)}
    return planned, results, {name: told(events, name) for name in results}


def test_a_plan_says_what_the_evaluation_then_does(worker: Worker, place: Path, whole: Any) -> None:
    planned, results, rows = whole
    assert planned.problems == []
    assert planned.adapter_hash is not None
    for one in planned.benchmarks:
        own = results[one.benchmark]
        assert own["decoding"] == one.decoding == "greedy"
        for name in ("rows", "all_rows", "shots", "cut_rows", "max_new_tokens", "metric", "data_hash", "prompt_tokens"):
            assert own[name] == getattr(one, name), name
        assert one.rows == len(rows[one.benchmark]) == 24
    assert results["mmlu"]["shots"] == 5
    assert sum(task["rows"] for task in results["bbh"]["tasks"]) == 24
    assert results["bbh"]["new_tokens"] == sum(row["new_tokens"] for row in rows["bbh"].values())


def test_rows_are_told_and_kept_with_their_outputs(place: Path, whole: Any) -> None:
    _, results, rows = whole
    for name in results:
        assert lines(place / "whole", name) == rows[name]
    row = rows["bbh"]["one/4"]
    assert row["output"]
    assert (row["gold"], row["shots"], row["task"]) == ("no", 3, "one")
    right = {name: row for name, row in rows["mmlu"].items() if row["output"].strip().startswith(row["gold"])}
    assert {name for name, row in rows["mmlu"].items() if row["score"] == 1.0} == set(right)


def test_nothing_is_scored_twice(worker: Worker, place: Path, whole: Any) -> None:
    planned, results, rows = whole
    before = (place / "whole" / "bbh" / "samples.jsonl").read_bytes()
    events = carried_out(worker, place, planned, place / "whole")
    assert {event.benchmark: result_of(event) for event in only(events, messages.Evaluated)} == results
    assert told(events, "bbh") == rows["bbh"]
    assert (place / "whole" / "bbh" / "samples.jsonl").read_bytes() == before


SMALL = {"batch_tokens": 1400}


def test_a_killed_evaluation_goes_on_and_gives_the_same(
    worker: Worker, place: Path, tmp_path: Path, whole: Any
) -> None:
    planned, results, rows = whole
    killed = started(tmp_path / "log")
    ask(killed, place, planned, tmp_path, **SMALL)
    seen: list[Any] = []
    for event in killed.events():
        seen.append(event)
        if len(only(seen, messages.Samples)) == 2:
            killed.process.kill()
    killed.close()
    check_rest(worker, place, tmp_path, planned, results, rows)


def test_a_stopped_evaluation_says_what_stays_and_goes_on(
    worker: Worker, place: Path, tmp_path: Path, whole: Any
) -> None:
    planned, results, rows = whole
    command = messages.decode_command(evaluation_of(place, planned, tmp_path, **SMALL))
    sent: list[Any] = []

    def send(kind: type, **fields: Any) -> None:
        sent.append(kind(seq=1, **fields))

    assert isinstance(command, messages.Evaluate)
    with pytest.raises(Interrupted, match=r"stopped with \d+ of 24 rows of mmlu scored; they stay"):
        evaluate(command, send, lambda: len(only(sent, messages.Samples)) == 2)
    assert told(sent, "mmlu") == lines(tmp_path, "mmlu")
    assert only(sent, messages.Evaluating)[0].seconds_left is None
    check_rest(worker, place, tmp_path, planned, results, rows)


def check_rest(worker: Worker, place: Path, folder: Path, planned: Any, results: Any, rows: Any) -> None:
    """Some rows in `folder` are scored; the others come, and the results are those of one evaluation."""
    before = (folder / "mmlu" / "samples.jsonl").read_bytes()
    assert 0 < before.count(b"\n") < 24
    events = carried_out(worker, place, planned, folder, **SMALL)
    assert events[-1].error is None
    assert {event.benchmark: result_of(event) for event in only(events, messages.Evaluated)} == results
    for name in results:
        assert told(events, name) == lines(folder, name) == rows[name]
    whole_lines = before[: before.rfind(b"\n") + 1]
    assert (folder / "mmlu" / "samples.jsonl").read_bytes().startswith(whole_lines)  # no row was scored again


def test_the_untuned_model_says_something_else(worker: Worker, place: Path, tmp_path: Path, whole: Any) -> None:
    tuned, _, rows = whole
    planned = plan(worker, place, ["bbh"], adapter=False)
    assert (planned.adapter_hash, planned.model_hash) == (None, tuned.model_hash)
    events = carried_out(worker, place, planned, tmp_path, adapter=False)
    assert events[-1].error is None
    found = told(events, "bbh")
    assert found.keys() == rows["bbh"].keys()
    assert {name: row["output"] for name, row in found.items()} != {n: row["output"] for n, row in rows["bbh"].items()}


def test_a_run_that_trains_nothing_has_the_scores_of_its_model(worker: Worker, place: Path, tmp_path: Path) -> None:
    saved = RunInfo(asking.model_settings(place / "model", asking.UNTUNED), (), "language_model", 1, {}, "test")
    write_folder(tmp_path / "adapter", saved, lambda target: (target / "weights").write_text("of nothing"))
    worker.send(**planning_of(place, ["bbh"]) | {"folder": str(tmp_path / "adapter")})
    [planned] = only(worker.until_done(), messages.EvaluationPlanned)
    model = plan(worker, place, ["bbh"], adapter=False)
    assert replace(planned, seq=model.seq) == model
    assert planned.adapter_hash is None


def test_a_quick_look_takes_some_rows(worker: Worker, place: Path, whole: Any) -> None:
    planned = plan(worker, place, ["bbh"], rows=6)
    assert (planned.benchmarks[0].rows, planned.benchmarks[0].all_rows) == (6, 24)
    assert any("sample of 6 of 24" in note for note in planned.benchmarks[0].notes)
    one, other = planned.benchmarks[0], whole[0].benchmarks[1]
    assert one.data_hash == other.data_hash
    assert one.settings_hash != other.settings_hash
    assert plan(worker, place, ["bbh"], rows=6, seed=1).benchmarks[0].settings_hash != one.settings_hash


@pytest.mark.parametrize("what", ["model_hash", "adapter_hash", "data_hash", "settings_hash"])
def test_what_has_changed_since_the_plan_is_not_scored(
    worker: Worker, place: Path, tmp_path: Path, whole: Any, what: str
) -> None:
    planned, _, _ = whole
    fields = json.loads(json.dumps(asdict(planned)))
    changed = messages.EvaluationPlanned(
        **{**fields, "benchmarks": [messages.EvaluationPlannedBenchmark(**one) for one in fields["benchmarks"]]}
        | ({what: "other"} if what in fields else {})
    )
    if what not in fields:
        changed.benchmarks[:] = [
            messages.EvaluationPlannedBenchmark(**{**asdict(one), what: "other"}) for one in changed.benchmarks
        ]
    events = carried_out(worker, place, changed, tmp_path)
    assert "has changed" in events[-1].error
    assert only(events, messages.Samples) == []
    assert not list(tmp_path.rglob("samples.jsonl"))


def test_a_benchmark_that_is_not_there_is_a_problem_of_its_own(worker: Worker, place: Path) -> None:
    planned = plan(worker, place, ["bbh", "drop"])
    assert [one.benchmark for one in planned.benchmarks] == ["bbh"]
    assert len(planned.problems) == 1
    assert "drop" in planned.problems[0]


def test_lm_eval_goes_on_as_well(place: Path, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="the extra lm-eval is not installed")
    planned: list[messages.EvaluationPlanned] = []
    command = messages.decode_command(planning_of(place, ["mmlu", "bbh"], **HARNESS))
    assert isinstance(command, messages.PlanEvaluation)
    plan_evaluation(command, lambda kind, **fields: planned.append(kind(seq=1, **fields)), lambda: False)
    assert planned[0].problems == []
    assert [one.decoding for one in planned[0].benchmarks] == ["log-likelihoods", "greedy"]
    whole = by_harness(place, planned[0], tmp_path / "whole", None)
    with pytest.raises(Interrupted, match="scored; they stay"):
        by_harness(place, planned[0], tmp_path / "parts", 2)
    assert by_harness(place, planned[0], tmp_path / "parts", None) == whole
    assert whole["bbh"]["rows"] == 24


def by_harness(
    place: Path, planned: messages.EvaluationPlanned, folder: Path, stop_after: int | None
) -> dict[str, Any]:
    """The results, in this process; it stops when so many events with rows were sent."""
    sent: list[Any] = []

    def send(kind: type, **fields: Any) -> None:
        sent.append(kind(seq=1, **fields))

    command = messages.decode_command(evaluation_of(place, planned, folder, **HARNESS))
    assert isinstance(command, messages.Evaluate)
    evaluate(command, send, lambda: stop_after is not None and len(only(sent, messages.Samples)) >= stop_after)
    for name in ("mmlu", "bbh"):
        assert told(sent, name) == lines(folder, name)
    return {event.benchmark: result_of(event) for event in only(sent, messages.Evaluated)}


def test_weights_held_in_fp32_are_named_alike_whether_that_was_asked_for_or_not(place: Path) -> None:
    def name_of(dtype: str) -> str:
        settings = asking.model_settings(place / "model", asking.UNTUNED)
        return Subject.of(None, settings | {"model": settings["model"] | {"dtype": dtype}}).model_hash()

    assert name_of("auto") == name_of("fp32") != name_of("bf16")


@pytest.mark.skipif(importlib.util.find_spec("lm_eval") is not None, reason="the extra lm-eval is installed")
def test_a_plan_without_lm_eval_says_what_to_install(worker: Worker, place: Path) -> None:
    planned = plan(worker, place, ["bbh"], protocol="lm-eval")
    assert planned.benchmarks == []
    assert ['pip install "lm-eval==0.4.13"' in problem for problem in planned.problems] == [True]


def test_lm_eval_has_no_nan_among_choices(worker: Worker, place: Path) -> None:
    planned = plan(worker, place, ["mmlu"], protocol="lm-eval", mmlu_none="nan")
    assert planned.problems == ["mmlu_none nan belongs to instructeval; lm-eval asks MMLU's choices as they stand"]
