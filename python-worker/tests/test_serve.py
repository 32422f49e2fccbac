"""The worker as a process that reads commands and writes events, and nothing else, to its pipe."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from worker import LORA, Worker, adapter_of, only, run, settings, train

from lor2c_worker import messages
from lor2c_worker.versions import NUMERICS


def test_inspect_counts_without_training(worker: Worker, place: Path) -> None:
    worker.send(type="inspect", request="i", settings=[settings(place), settings(place, method={"name": "nope"})])
    good, bad = only(worker.until_done(), messages.Inspected)
    # LoRA on q and v: r (d_in + d_out) each, 3 layers of width 16.
    assert good.trainable_parameters == 3 * 2 * 4 * (16 + 16)
    assert good.head_parameters == 16 * 16 + 16 + 16 * 2 + 2
    assert (good.train_rows, good.eval_rows, good.total_steps) == (64, 20, 16)
    assert set(good.fingerprint) == {"model", "data", "precision", "numerics"}
    assert good.fingerprint["numerics"] == str(NUMERICS)
    assert (good.shape.layers, good.shape.hidden_size) == (3, 16)
    assert good.shape.embedding_parameters < good.total_parameters
    assert 2 < good.shape.train_row_tokens <= good.shape.longest_row_tokens <= 32
    sizes = good.shape
    assert sizes.saved_parameters == sizes.checkpoint_parameters == good.trainable_parameters
    assert sizes.kept_parameters == 0
    assert bad.shape is None
    assert "unknown method 'nope'" in bad.problems[0]


def test_train_save_reload_predict(worker: Worker, place: Path, tmp_path: Path) -> None:
    events = run(worker, tmp_path, settings(place, num_train_epochs=8))
    assert not only(events, messages.Failed), only(events, messages.Failed)
    (started,) = only(events, messages.Started)
    (finished,) = only(events, messages.Finished)
    assert started.trainable_parameters == finished.trainable_parameters == 768
    assert finished.best_score is not None
    assert finished.best_score > started.majority_score
    steps = [m.step for m in only(events, messages.Metrics) if m.split == "train"]
    assert steps == list(range(4, 65, 4))
    assert [m.epoch for m in only(events, messages.Metrics) if m.split == "eval"] == [float(e) for e in range(1, 9)]
    artifact = adapter_of(events)
    assert {f.name for f in Path(artifact.path).iterdir()} >= {"adapter_model.safetensors", "lor2c.json"}
    # Only the best epoch's model is left, since one model per epoch would fill the disk.
    assert len(list(tmp_path.glob("checkpoints/*/best/*"))) == 1
    assert [e.seq for e in events] == sorted({e.seq for e in events})
    worker.send(
        type="predict",
        request="p",
        folder=artifact.path,
        texts=[{"text": "the film is good", "text_pair": None}, {"text": "the film is bad", "text_pair": None}],
    )
    (predictions,) = only(worker.until_done(), messages.Predictions)
    assert [item.label for item in predictions.items] == ["positive", "negative"]


def test_same_seed_same_numbers_other_seed_others(worker: Worker, place: Path, tmp_path: Path) -> None:
    def numbers(seed: int, name: str) -> tuple[Any, str]:
        events = run(worker, tmp_path / name, settings(place, seed=seed, num_train_epochs=1))
        return [m.values for m in only(events, messages.Metrics)], only(events, messages.Started)[0].initial_weights

    first, again, other = numbers(1, "a"), numbers(1, "b"), numbers(2, "c")
    assert first == again
    assert first[1] != other[1]
    assert first[0] != other[0]


def test_max_steps_ends_in_mid_epoch_with_an_evaluation(worker: Worker, place: Path, tmp_path: Path) -> None:
    events = run(worker, tmp_path, settings(place, max_steps=3))
    evaluations = [m for m in only(events, messages.Metrics) if m.split == "eval"]
    assert [(m.step, m.epoch) for m in evaluations] == [(3, 0.375)]
    assert only(events, messages.Finished)


def test_accumulation_equals_one_large_batch(worker: Worker, place: Path, tmp_path: Path) -> None:
    no_dropout = {**LORA, "dropout": 0.0}
    losses = []
    for size, parts in ((16, 1), (8, 2)):
        value = settings(place, method=no_dropout, batch_size=size, gradient_accumulation_steps=parts, logging_steps=1)
        events = run(worker, tmp_path / str(size), value)
        losses.append(next(m.values["loss"] for m in only(events, messages.Metrics) if m.split == "train"))
    # The backbone's own dropout draws other masks for another batch, so only the size of the first loss is compared.
    assert losses[0] == pytest.approx(losses[1], abs=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "mrcp"}, "unknown task 'mrcp'"),
        ({"model": {"name": "/no/such/model", "revision": None}}, "there is no such folder"),
        ({"surprise": 1}, "unknown key 'surprise'"),
    ],
)
def test_a_bad_cell_fails_with_a_reason_and_the_next_one_runs(
    worker: Worker, place: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    train(worker, tmp_path, {"bad": settings(place) | change, "good": settings(place, max_steps=1)})
    events = worker.until_done()
    (failed,) = only(events, messages.Failed)
    assert failed.cells == ["bad"]
    assert message in failed.message
    assert failed.traceback == ""
    assert only(events, messages.Finished)[0].cells == ["good"]


def test_a_line_that_is_no_command_is_answered(worker: Worker) -> None:
    assert worker.process.stdin is not None
    worker.process.stdin.write(b"{not json\n")
    worker.send(type="inspect", request="after", settings=[])
    log, *_, done = worker.until_done()
    assert log.level == "error"
    assert done.request == "after"


def test_a_line_too_deep_for_json_is_answered_and_the_end_of_stdin_still_ends_the_worker(worker: Worker) -> None:
    """The fixture's `close` ends stdin, and waits for the process."""
    assert worker.process.stdin is not None
    worker.process.stdin.write(b"[" * 200_000 + b"\n")
    worker.send(type="inspect", request="after", settings=[])
    log, *_, done = worker.until_done()
    assert (log.level, done.request) == ("error", "after")


def test_half_a_surrogate_pair_in_the_rows_is_named_and_the_worker_goes_on(
    worker: Worker, place: Path, tmp_path: Path
) -> None:
    value = settings(place)
    (tmp_path / "train.jsonl").write_text('{"sentence": "good", "label": 1}\n{"sentence": "a \\ud83d", "label": 0}\n')
    value["data"] = {**value["data"], "path": str(tmp_path)}
    worker.send(type="inspect", request="i", settings=[value])
    (inspected,) = only(worker.until_done(), messages.Inspected)
    assert inspected.problems[0].startswith(
        f"{tmp_path / 'train.jsonl'}:2: 'sentence': \\ud83d is half a surrogate pair"
    )
    train(worker, tmp_path, {"odd": value, "good": settings(place, max_steps=1)})
    events = worker.until_done()
    (failed,), (finished,) = only(events, messages.Failed), only(events, messages.Finished)
    assert (failed.cells, failed.error_type, finished.cells) == (["odd"], "DataError", ["good"])
    artifact = adapter_of(events)
    texts = [{"text": "good", "text_pair": None}, {"text": "\udc80", "text_pair": None}]
    worker.send(type="predict", request="p", folder=artifact.path, texts=texts)
    assert "text 2: \\udc80 is half a surrogate pair" in worker.until_done()[-1].error


def test_a_command_of_the_wrong_shape_is_refused_and_nobody_waits(worker: Worker) -> None:
    worker.send(type="train", request="t", cells=[])
    log, done = worker.until_done()
    assert log.level == "error"
    assert "missing key" in done.error
    assert (done.request, done.events) == ("t", done.seq)


def test_stop_ends_after_the_step(place: Path, tmp_path: Path) -> None:
    worker = Worker(tmp_path / "stderr.log")
    value = settings(place, num_train_epochs=5000, logging_steps=1)
    train(worker, tmp_path, {"c": value})
    seen = []
    for event in worker.events():
        seen.append(event)
        if isinstance(event, messages.Metrics) and not any(isinstance(e, messages.Metrics) for e in seen[:-1]):
            worker.send(type="stop", cells=None)
        if isinstance(event, messages.Done):
            break
    (stopped,) = only(seen, messages.Stopped)
    assert 1 <= stopped.step < 40000
    assert worker.close() == 0


def test_end_of_stdin_ends_the_worker(place: Path, tmp_path: Path) -> None:
    worker = Worker(tmp_path / "stderr.log")
    value = settings(place, num_train_epochs=5000, logging_steps=1)
    train(worker, tmp_path, {"c": value})
    for event in worker.events():
        if isinstance(event, messages.Metrics):
            break
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    assert only(list(worker.events()), messages.Stopped)
    assert worker.close() == 0


def test_prints_and_child_processes_do_not_reach_the_protocol(tmp_path: Path) -> None:
    code = (
        "import lor2c_worker.__main__ as m, lor2c_worker.serve as s, os, sys\n"
        "old = s.serve\n"
        "def noisy(*given):\n"
        "    print('stray print'); os.system('echo stray child'); os.write(1, b'stray write\\n'); old(*given)\n"
        "s.serve = noisy\n"
        "m.main([])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, timeout=60, check=False)
    lines = done.stdout.splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["ready", "ended"]
    assert done.stderr.count(b"stray") == 3


def test_sigterm_leaves_no_half_written_adapter(place: Path, tmp_path: Path) -> None:
    worker = Worker(tmp_path / "stderr.log")
    value = settings(place, num_train_epochs=5000, logging_steps=1)
    train(worker, tmp_path, {"c": value})
    for event in worker.events():
        if isinstance(event, messages.Metrics) and event.split == "eval":
            break
    worker.process.send_signal(signal.SIGTERM)
    worker.process.wait(timeout=30)
    worker.process.stdin = None
    adapter = tmp_path / "c" / "adapter"
    assert not adapter.exists() or (adapter / "lor2c.json").exists()


def test_a_run_whose_schedule_does_not_fit_fails_with_the_reason(worker: Worker, place: Path, tmp_path: Path) -> None:
    method = {"name": "imlor2c", "rank": 4, "merges": 1, "injections": 1}
    events = run(worker, tmp_path, settings(place, method=method, num_train_epochs=8, max_steps=4))
    (failed,) = only(events, messages.Failed)
    assert (failed.error_type, failed.traceback) == ("MethodDidNotAct", "")
    assert "0 of 1 merges done after 0 tries" in failed.message
    assert "0 of 1 injections" in failed.message
    assert not only(events, messages.Finished)


def test_a_run_that_may_be_too_short_finishes_and_says_what_did_not_happen(
    worker: Worker, place: Path, tmp_path: Path
) -> None:
    method = {"name": "injectlor2c", "rank": 4, "injections": 3}
    events = run(worker, tmp_path, settings(place, method=method, num_train_epochs=2, allow_unreached_events=True))
    (finished,) = only(events, messages.Finished)
    assert finished.notes == ["2 of 3 injections done: the run ended before the others were due"]
    assert [change.kind for change in only(events, messages.Change)] == ["inject", "inject"]


def test_tries_without_a_candidate_are_logged_and_excuse(worker: Worker, place: Path, tmp_path: Path) -> None:
    method = {"name": "mergelor2c", "rank": 4, "merges": 3, "max_span": 2}  # three layers: a second pair is too long
    events = run(worker, tmp_path, settings(place, method=method, num_train_epochs=12))
    (finished,) = only(events, messages.Finished)
    assert [c.kind for c in only(events, messages.Change)] == ["merge"]
    (note,) = finished.notes
    assert note.startswith("1 of 3 merges done: the rules left no candidate at ")
    assert any("no pair of neighbours" in log.message for log in only(events, messages.Log))
