#!/usr/bin/env python3
"""The fixture worker good.py, which behaves, until the run of seed 1 is at its third step: then SOAK_GARBAGE happens.

Executable, and deaf to its arguments, so that LOR2C_PYTHON can name it. Standard library only.
"""

import json
import os
import runpy
import sys
import time
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "cli" / "worker" / "fixtures"
sys.path.insert(0, str(FIXTURES))

import protocol  # noqa: E402

honest = protocol.send
KIND = os.environ["SOAK_GARBAGE"]
LOG = {"type": "log", "level": "info", "message": "x"}


def write(data):
    """Bytes past everything that checks or counts."""
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def line(fields, seq=None):
    """An event with the next number, or with that one."""
    if seq is None:
        protocol.SEQ += 1
    return (json.dumps({"seq": protocol.SEQ if seq is None else seq, **fields}) + "\n").encode()


def garble(fields):
    """Instead of the event `metrics` of step 3; returns when the worker goes on after it."""
    event = {"type": "metrics", **fields}
    cells = fields["cells"]
    metrics = line(event, protocol.SEQ + 1)
    kinds = {
        "truncated": lambda: write(metrics[:40] + b"\n"),
        "NaN": lambda: write(metrics.replace(b'"learning_rate": 0.001', b'"learning_rate": NaN')),
        "number beyond a double": lambda: write(metrics.replace(b'"learning_rate": 0.001', b'"learning_rate": 1e999')),
        "BOM": lambda: write(b"\xef\xbb\xbf" + metrics),
        "NUL": lambda: write(b"\0\0\0\n"),
        "invalid UTF-8": lambda: write(metrics.replace(b'"train"', b'"tr\xffin"')),
        "line of 9 MiB": lambda: write(line({**LOG, "cells": cells, "message": "x" * (9 << 20)})),
        "gap": lambda: write(line(event, protocol.SEQ + 5)),
        "largest number": lambda: write(line(event, 2**53 - 1)),
        "again": lambda: write(line(event, protocol.SEQ)),
        "back": lambda: write(line(event, 1)),
        "negative number": lambda: write(line(event, -1)),
        "unknown run": lambda: write(line({**event, "cells": ["0123456789abcdef"]})),
        "run of the fields of all objects": lambda: write(line({**event, "cells": ["__proto__"]})),
        "no run": lambda: write(line({**event, "cells": []})),
        "negative step": lambda: write(line({**event, "step": -3})),
        "step beyond the training": lambda: write(line({**event, "step": 10**9})),
        "half a step": lambda: write(line({**event, "step": 2.5})),
        "step as a text": lambda: write(line({**event, "step": "3"})),
        "step back": lambda: write(line({**event, "step": 1})),
        "no object": lambda: write(b"[1]\n"),
        "a number": lambda: write(b"17\n"),
        "deep": lambda: write(b"[" * 100_000 + b"]" * 100_000 + b"\n"),
        "unknown event": lambda: write(line({"type": "celebrated"})),
        "another field": lambda: write(line({**event, "mood": 1})),
        "begins twice": lambda: write(line(STARTED)),
        "ready twice": lambda: write(line(READY)),
        "two outcomes": lambda: write(line(stopped(cells)) + line(stopped(cells))),
        "event after the outcome": lambda: write(line(stopped(cells)) + line(event)),
        "two done": lambda: write(line(stopped(cells)) + two_done()),
        "another request": lambda: write(done("nobody's")),
        "done too early": lambda: write(done("train")),
        "last event, then more": lambda: write(ended() + line(event)),
        "miscounted": lambda: write(line(stopped(cells)) + line({"type": "ended", "events": 3})),
        "half a line, then exit": lambda: (write(metrics[:-20]), os._exit(0)),
        "no newline, then exit": lambda: (write(metrics[:-1]), os._exit(0)),
        "exit 0": lambda: os._exit(0),
        "exit 7": lambda: (os.write(2, b"last words\n"), os._exit(7)),
        "silence, then exit": lambda: (time.sleep(3), os._exit(0)),
        "closes its output": lambda: (os.close(1), os.close(2), time.sleep(3600)),
        "flood of logs": lambda: [protocol.send(**LOG, cells=cells) for _ in range(30_000)],
        "flood of progress": lambda: [protocol.send(**progress(cells)) for _ in range(20_000)],
        "flood of empty lines": lambda: write(b"\n" * 5_000_000),
        "flood of garbage": lambda: write(b"Segmentation fault\n" * 500_000),
        "flood of stderr": lambda: [os.write(2, b"\x1b[31mx" * 10_000) for _ in range(300)],
        "half a surrogate": lambda: protocol.send(**{**LOG, "message": "\ud800 \0 \x1b[2J"}, cells=cells),
        "names of the fields of all objects": lambda: write(
            line(event).replace(b'"learning_rate"', b'"__proto__": 1, "constructor": 2, "a\\u0000b"')
        ),
        "metrics twice": lambda: write(line(event) + line(event)),
        "module twice": lambda: write(line(SCORES | {"cells": cells})),
        "rank twice": lambda: write(line(RANKS | {"cells": cells})),
        "tree twice": lambda: write(line(TREE | {"cells": cells}) + line(TREE | {"cells": cells})),
        "artifact of nothing": lambda: write(line({**ARTIFACT, "cells": cells, "path": ""})),
        "artifact with NUL": lambda: write(line({**ARTIFACT, "cells": cells, "path": "/tmp/a\0b"})),
        "name that is not text": lambda: write(line({**event, "values": {"\ud800": 1.0}})),
        "artifact elsewhere": lambda: protocol.send(
            "artifact", cells=cells, kind="adapter", path="/etc/passwd", bytes=1, sha256="x"
        ),
        "value that is no number": lambda: write(metrics.replace(b"0.001", b'"much"')),
        "CRLF and blanks": lambda: write(b"\r\n  \n" + line(event)[:-1] + b"\r\n"),
    }  # fmt: skip
    kinds[KIND]()


AT = {"step": 3, "epoch": 0.5}
MODULES = [{"span_start": 0, "span_end": 1, "kind": "lor2c", "score": 1.0}] * 2
SCORES = {"type": "module_scores", "score_name": "sfs", "modules": MODULES, "trainable_parameters": 1, **AT}
RANKS = {"type": "ranks", "modules": [{"module": "m", "rank": 1}] * 2, **AT}
TREE = {"type": "tree", "lane_epochs": 1, "cell_epochs": 1, "lanes": 1, "lane_width": 1, "forks": 0, "peak_memory": 1}
TREE |= {"energy": None}
TREE |= dict.fromkeys(["longest_fork_seconds", "train_seconds", "evaluate_seconds", "cpu_seconds"], 1.0)
ARTIFACT = {"type": "artifact", "kind": "adapter", "bytes": 1, "sha256": "x"}
STARTED = {}
READY = {}


def stopped(cells):
    return {"type": "stopped", "cells": cells, "step": 2}


def progress(cells):
    numbers = {"step": 3, "total_steps": 6, "epoch": 0, "loss": 0.1, "lanes": 1, "lane_epochs_left": 0.5}
    return {"type": "progress", "cells": cells, "phase": "train", "tokens_per_second": 1.0, **numbers}


def done(request):
    return line({"type": "done", "request": request, "error": None, "events": protocol.SEQ + 1})


def two_done():
    return done(REQUESTS[-1]) + done(REQUESTS[-1])


def ended():
    return line({"type": "ended", "events": protocol.SEQ + 1})


REQUESTS = []
loads = json.loads


def remember(text):
    command = loads(text)
    if command.get("request"):
        REQUESTS.append(command["request"])
    if command["type"] == "train":
        seeds.update({cell["cell"]: cell["settings"]["seed"] for cell in command["cells"]})
    return command


seeds = {}
json.loads = remember


def send(type, **fields):
    if type == "started":
        STARTED.update({"type": type, **fields})
    if type == "ready":
        READY.update({"type": type, **fields})
    mine = type == "metrics" and fields["step"] == 3 and seeds.get(fields["cells"][0]) == 1
    if mine:
        garble(fields)
    else:
        honest(type, **fields)


protocol.send = send
runpy.run_path(str(FIXTURES / "good.py"), run_name="__main__")
