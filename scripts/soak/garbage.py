"""Broken workers: what each does is a named outcome of its run, and the next run is trained all the same."""

from __future__ import annotations

import argparse
import re
import subprocess
import time
from pathlib import Path

from compare import ask, remains
from place import Place

WORKER = Path(__file__).parent / "broken_worker.py"
SECONDS = 60
SPEC = """\
name: garbage
model: minilm
task: movie-reviews
method: {name: lora, rank: 2}
jobs: 1
sweep: {grid: {seed: [1, 2]}}
"""
PROTOCOL, DIED, GOES_ON = "lost ProtocolError", "lost WorkerError", "finished"

#: Outcome of the run and its type of error, and what its message says.
EXPECTED: dict[str, tuple[str, str]] = {
    "truncated": (PROTOCOL, "not JSON"),
    "NaN": (PROTOCOL, "not JSON"),
    "number beyond a double": (PROTOCOL, "wrong shape: values.learning_rate"),
    "BOM": (PROTOCOL, "not JSON"),
    "NUL": (PROTOCOL, "not JSON"),
    "invalid UTF-8": (PROTOCOL, "not UTF-8"),
    "line of 9 MiB": (PROTOCOL, "longer than"),
    "gap": (PROTOCOL, "4 events are missing"),
    "largest number": (PROTOCOL, "events are missing"),
    "again": (PROTOCOL, "again"),
    "back": (PROTOCOL, "again"),
    "negative number": (PROTOCOL, "wrong shape: seq"),
    "unknown run": (PROTOCOL, "which it was not given"),
    "run of the fields of all objects": (PROTOCOL, "which it was not given"),
    "no run": (PROTOCOL, "wrong shape: cells"),
    "negative step": (PROTOCOL, "wrong shape: step"),
    "step beyond the training": (PROTOCOL, "whose training has 6"),
    "half a step": (PROTOCOL, "wrong shape: step"),
    "step as a text": (PROTOCOL, "wrong shape: step"),
    "step back": (PROTOCOL, "at step 2 already"),
    "no object": (PROTOCOL, "unknown event type"),
    "a number": (PROTOCOL, "unknown event type"),
    "deep": (PROTOCOL, "unknown event type|not JSON"),
    "unknown event": (PROTOCOL, "celebrated"),
    "another field": (PROTOCOL, "mood"),
    "begins twice": (PROTOCOL, "twice"),
    "ready twice": (PROTOCOL, "ready twice"),
    "two outcomes": ("stopped", ""),
    "event after the outcome": ("stopped", ""),
    "two done": ("stopped", ""),
    "another request": (PROTOCOL, "nobody's"),
    "done too early": (PROTOCOL, 'done for request "train"|without an outcome'),
    "last event, then more": (PROTOCOL, "after its last"),
    "miscounted": ("stopped", ""),
    "half a line, then exit": (PROTOCOL, "middle of a line"),
    "no newline, then exit": (PROTOCOL, "middle of a line"),
    "exit 0": (DIED, "exit code 0"),
    "exit 7": (DIED, "exit code 7"),
    "silence, then exit": (DIED, "exit code 0"),
    "closes its output": (PROTOCOL + "|" + DIED, ""),
    "flood of logs": (GOES_ON, ""),
    "flood of progress": (GOES_ON, ""),
    "flood of empty lines": (GOES_ON, ""),
    "flood of garbage": (PROTOCOL, "not JSON"),
    "flood of stderr": (GOES_ON, ""),
    "half a surrogate": (GOES_ON, ""),
    "names of the fields of all objects": (GOES_ON, ""),
    "artifact elsewhere": (PROTOCOL, "can't be stored"),
    "artifact of nothing": (PROTOCOL, "can't be stored"),
    "artifact with NUL": (PROTOCOL, "can't be stored"),
    "metrics twice": (GOES_ON + "|" + PROTOCOL, ""),
    "module twice": (GOES_ON + "|" + PROTOCOL, ""),
    "rank twice": (GOES_ON + "|" + PROTOCOL, ""),
    "tree twice": (GOES_ON + "|" + PROTOCOL, ""),
    "name that is not text": (GOES_ON + "|" + PROTOCOL, ""),
    "value that is no number": (PROTOCOL, "wrong shape: values.learning_rate"),
    "CRLF and blanks": (GOES_ON, ""),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kinds", nargs="+", choices=list(EXPECTED), default=list(EXPECTED), metavar="KIND")


def run(args: argparse.Namespace) -> int:
    tiny = Place(Path("/nowhere"))
    faults = 0
    for kind in args.kinds:
        place = Place(tiny.folder)
        place.spec.write_text(SPEC, encoding="utf-8")
        found = outcome_of(place, kind)
        faults += len(found)
        print("".join(f"  {fault}\n" for fault in found), end="", flush=True)
        if found:
            print(f"  kept: {place.folder}", flush=True)
        else:
            place.remove()
    tiny.remove()
    return faults


def outcome_of(place: Place, kind: str) -> list[str]:
    place.env |= {"LOR2C_PYTHON": str(WORKER), "SOAK_GARBAGE": kind}
    begun = time.monotonic()
    try:
        ended = place.lor2c("run", str(place.spec), "--plain", timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return [f"{kind}: no end within {SECONDS} s", *remains(place)]
    text = ended.stdout + ended.stderr
    sql = "SELECT r.seed, a.outcome, a.error_type, a.message FROM attempts a JOIN runs r ON r.id = a.run ORDER BY 1"
    outcomes = {seed: rest for seed, *rest in ask(place.database, sql)}
    outcome, error_type, message = outcomes.get(1, [None] * 3)
    found = " ".join(str(part) for part in (outcome, error_type) if part)
    wanted, says = EXPECTED[kind]
    first = str(message or "").split("\n")[0]
    print(f"{kind}: {found}, exit code {ended.returncode}, {time.monotonic() - begun:.1f} s: {first[:160]}", flush=True)
    faults = []
    if found not in wanted.split("|"):
        faults.append(f"the outcome is not {wanted}")
    if not re.search(says, str(message or "")):
        faults.append(f"the message does not say {says!r}: {message}")
    if outcomes.get(2, [None])[0] != "finished":
        faults.append(f"the next run ended as {outcomes.get(2)}")
    if ended.returncode != (0 if found == "finished" else 1):
        faults.append(f"exit code {ended.returncode}")
    if "defect of lor2c" in text:
        faults.append(f"a defect: {ended.stderr[:500]}")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        faults.append("control characters in the output")
    left = [
        fault
        for fault in remains(place)
        if not fault.startswith(("an attempt that failed", "a file is left: results/runs/.ch"))
    ]
    return faults + left
