"""Signals that a job must bear or obey, several commands on one grid at once, `stop` as a pause, and `retry`."""

from __future__ import annotations

import argparse
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from compare import ask, differences, remains
from kills import finish, undisturbed
from place import Place, tiny_model
from processes import send, workers

STOPS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
#: What the dashboard and plain output say when a run is in training.
IN_TRAINING = "epoch 2:"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trials", nargs="+", choices=list(TRIALS), default=list(TRIALS))


def run(args: argparse.Namespace) -> int:
    tiny = tiny_model()
    expected, _, wrong = undisturbed(tiny)
    faults = len(wrong)
    for name in args.trials:
        place, begun = Place(tiny), time.monotonic()
        found = TRIALS[name](place) + finish(place) + differences(expected.database, place.database) + remains(place)
        print(f"{name}: {'; '.join(found) or 'equal'}, {time.monotonic() - begun:.1f} s", flush=True)
        faults += len(found)
        if found:
            print(f"  kept: {place.folder}", flush=True)
        else:
            place.remove()
    return faults


def begin(place: Place, name: str = "out.txt") -> tuple[subprocess.Popen[bytes], Path]:
    """A job that trains, so far as it lives."""
    log = place.folder / name
    before = log.read_text().count(IN_TRAINING) if log.exists() else 0
    with log.open("a") as out:
        job = place.start(out)
    while job.poll() is None and log.read_text().count(IN_TRAINING) == before:
        time.sleep(0.01)
    return job, log


def ended_as(job: subprocess.Popen[bytes], what: str, codes: set[int]) -> list[str]:
    try:
        code = job.wait(timeout=180)
    except subprocess.TimeoutExpired:
        job.kill()
        return [f"{what}: no end within 3 minutes"]
    return [] if code in codes else [f"{what}: exit code {code}"]


def to_the_runner(place: Place) -> list[str]:
    faults = []
    for number in STOPS:
        job, _ = begin(place)
        send([job.pid], number)
        faults += ended_as(job, f"{number.name} to the runner", {130})
        faults += open_rows(place, number.name)
    return faults


def to_the_worker(place: Place) -> list[str]:
    """Its runs are stopped or lost, and the job goes on with the others."""
    faults = []
    for number in STOPS:
        job, _ = begin(place)
        send(workers(place.mark), number)
        faults += ended_as(job, f"{number.name} to the worker", {0, 1})
        faults += open_rows(place, number.name)
    return faults


def suspended(place: Place) -> list[str]:
    job, _ = begin(place)
    for pids in (workers(place.mark), [job.pid], [job.pid, *workers(place.mark)]):
        send(pids, signal.SIGSTOP)
        time.sleep(4)
        send(pids, signal.SIGCONT)
        time.sleep(0.5)
    return ended_as(job, "SIGSTOP and SIGCONT", {0})


def three_at_once(place: Place) -> list[str]:
    jobs = []
    for number in range(3):
        with (place.folder / f"out-{number}.txt").open("w") as out:
            jobs.append(place.start(out))
    faults = [fault for number, job in enumerate(jobs) for fault in ended_as(job, f"command {number}", {0, 1})]
    twice = "SELECT run, group_concat(outcome) FROM attempts GROUP BY run HAVING count(*) > 1"
    return faults + [f"trained twice: {row}" for row in ask(place.database, twice)]


def paused(place: Place) -> list[str]:
    faults = []
    for _ in range(2):
        job, _ = begin(place)
        asked = place.lor2c("stop", "soak")
        if asked.returncode != 0:
            faults.append(f"lor2c stop: exit code {asked.returncode}: {asked.stderr[:300]}")
        faults += ended_as(job, "the job that was stopped", {130})
        faults += open_rows(place, "lor2c stop")
    return faults


def retried(place: Place) -> list[str]:
    """What was killed counts as lost, whichever command looks first."""
    for kill_worker in (True, False):
        job, _ = begin(place)
        send(workers(place.mark) if kill_worker else [], signal.SIGKILL)
        send([job.pid], signal.SIGKILL)
        job.wait()
    again = place.lor2c("retry", "--plain", "--jobs", "1")
    left = ask(place.database, "SELECT run, state FROM v_runs WHERE state IN ('lost', 'running', 'failed')")
    faults = [f"retry left {row}" for row in left]
    return faults if again.returncode == 0 else [*faults, f"retry: exit code {again.returncode}: {again.stderr[:300]}"]


def open_rows(place: Place, after: str) -> list[str]:
    rows = ask(place.database, "SELECT run, number FROM attempts WHERE outcome IS NULL")
    return [f"after {after}: no end of the attempt {row}" for row in rows]


TRIALS: dict[str, Callable[[Place], list[str]]] = {
    "signals to the runner": to_the_runner,
    "signals to the worker": to_the_worker,
    "suspended": suspended,
    "three commands at once": three_at_once,
    "stop and run": paused,
    "retry": retried,
}
