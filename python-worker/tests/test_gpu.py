"""scripts/gpu in its small form, and its runner on parts that fail, hang and die."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts" / "gpu"))

from parts import Part, Put, Report, run_parts

GPU = Path(__file__).resolve().parents[2] / "scripts" / "gpu"


def test_the_small_form_says_everything(tmp_path: Path) -> None:
    out = tmp_path / "new" / "gpu.json"
    command = [sys.executable, str(GPU), "--small", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(out.read_text())
    parts = report["parts"]
    assert set(parts) == {
        *("machine", "official", "lanes", "operations", "grid", "equality", "waits", "counts", "profile", "masks"),
        *("decoder", "llama-2", "suite"),
    }
    assert {part["state"] for part in parts.values()} == {"done"}
    assert report["complete"]
    results = {name: part["result"] for name, part in parts.items()}
    assert set(results["official"]) >= {
        f"{kind}_tf32_{tf32}" for kind in ("padded", "dynamic") for tf32 in ("on", "off")
    }
    for lanes in (1, 2, 3):
        entry = results["lanes"][f"fp32_{lanes}"]
        assert entry["before"]["ms_per_lane_step"] > 0
        assert entry["after"]["ms_per_lane_step"] > 0
        assert lanes < entry["changes"] <= 3 * lanes
    assert set(results["operations"]) >= {"decide", "evaluate", "write_state", "save_and_reload", "fork"}
    assert results["grid"]["lane_epochs"] < results["grid"]["cell_epochs"] == 4 * 3
    for name, value in results["equality"].items():
        assert name == "steps" or value["equal"], name  # on a CPU at every width
    assert results["masks"]["eager_agrees_with_numpy"]
    assert results["profile"]["2_after"]["operations"] > 100
    cases = {name: value for name, value in results["llama-2"].items() if isinstance(value, dict) and "rows" in value}
    assert {name.split("_")[0] for name in cases} == {"bf16", "nf4"}
    for case in cases.values():
        assert case["learner"] == "BankLearner", "quantised weights too are trained by this project's own engine"
        assert case["targets"] == case["real_tokens"] - case["rows"], "of rows that all train on their whole text"
        assert case["tokens_per_second"] > 0
    assert results["suite"]["outcomes"] == {"passed": 2}
    estimate = report["estimate"]
    assert estimate["lane_steps"] == 62_814
    assert set(estimate["goal_met"]) == {"on", "off"}
    assert estimate["scaled"]["seconds"] > 0
    assert "62,814 lane-steps" in done.stdout
    assert "small form: these times mean nothing" in done.stdout


def test_an_unknown_part_is_an_error() -> None:
    done = subprocess.run([sys.executable, str(GPU), "--only", "fast"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no part is called 'fast'" in done.stderr


def good(small: bool, put: Put) -> None:
    put("small", small)


def failing(small: bool, put: Put) -> None:
    put("before", 1)
    raise ValueError("a reason")


def hanging(small: bool, put: Put) -> None:
    child = subprocess.Popen(["sleep", "600"])
    put("child", child.pid)
    time.sleep(600)


def part(name: str, seconds: float = 60) -> Part:
    return Part(name, seconds, "", __name__, name)


def dying(small: bool, put: Put) -> None:
    os._exit(3)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_part_that_fails_hangs_or_dies_costs_only_itself(tmp_path: Path) -> None:
    report = Report(tmp_path / "out.json", {})
    run = [part("failing"), part("hanging", 1), part("dying"), part("good")]
    run_parts(run, report, 600, small=True)
    parts = json.loads(report.path.read_text())["parts"]
    assert {name: part["state"] for name, part in parts.items()} == {
        "failing": "failed",
        "hanging": "out of time",
        "dying": "failed",
        "good": "done",
    }
    assert parts["failing"]["result"] == {"before": 1}
    assert "ValueError: a reason" in parts["failing"]["error"]
    assert parts["good"]["result"] == {"small": True}
    # What a part started has ended with it, and at most waits for its new parent to notice.
    child = str(parts["hanging"]["result"]["child"])
    state = subprocess.run(["ps", "-o", "stat=", "-p", child], capture_output=True, text=True, check=False).stdout
    assert state.strip()[:1] in ("", "Z")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_without_time_nothing_runs(tmp_path: Path) -> None:
    report = Report(tmp_path / "out.json", {})
    run_parts([part("good")], report, 0.5, small=True)
    assert report.values["parts"]["good"]["state"] == "no time left"
