"""The benchmark command on a tiny model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import against
import pytest
import tiny

BENCH = Path(__file__).resolve().parents[2] / "scripts" / "bench"


def script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BENCH / name), *arguments], capture_output=True, text=True, check=False)


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BENCH), *arguments], capture_output=True, text=True, check=False)


def test_every_contender_lanes_and_the_grid(tmp_path: Path) -> None:
    folder, rows, out = tiny.save(tmp_path / "model"), tiny.save_rows(tmp_path / "rows"), tmp_path / "new" / "out.json"
    size = ["--batch-size", "8", "--max-length", "32", "--steps", "2", "--rounds", "2", "--lanes", "2,3"]
    size += ["--execute-epochs", "6", "--execute-rows", "16"]
    done = bench("--data", str(rows), "--task", "sst2", "--models", str(folder), *size, "--out", str(out))
    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text())
    [model] = report["models"].values()
    names = {"hf-max", "hf-dynamic", "lor2c-fp32", "lora-fp32", "lora-peft-fp32"}
    assert names <= set(model["contenders"]) <= names | {"lor2c-mixed", "lora-mixed"}
    for row in model["contenders"].values():
        assert len(row["seconds_per_step"]) == 2
        assert row["times_less"] > 0
    assert model["contenders"]["hf-max"]["times_less"] == 1
    assert model["contenders"]["hf-dynamic"]["times_less_than_dynamic"] == 1
    assert 8 * 4 < model["real_tokens_per_step"] < model["positions_per_step_padded"] == 8 * 32
    assert set(report["lanes"]["by_precision"]["fp32"]) == {"1", "2", "3"}
    assert report["grid"]["distinct_lane_epochs"] == 1083
    executed = report["executed"]
    assert 6 < executed["lane_epochs"] < executed["cell_epochs"] == 49 * 6
    assert executed["in_single_runs"] > 0
    assert executed["in_runs_of_hf_max"] > 0
    assert f"written to {out}" in done.stdout


def test_decoders_train_and_generate(tmp_path: Path) -> None:
    model, rows, out = tiny.save_causal(tmp_path / "model"), tmp_path / "rows.json", tmp_path / "out.json"
    rows.write_text(json.dumps([{"instruction": f"say {i}", "input": "", "output": f"{i} it is"} for i in range(200)]))
    size = [
        "--rows",
        "2",
        "--max-length",
        "96",
        "--tokens",
        "120",
        "--rounds",
        "1",
        "--generate",
        "3",
        "--new-tokens",
        "4",
    ]
    only = ["--only", "lora-fp32,lora-fp32-checkpointing,lor2c-fp32"]
    given = ["--data", str(rows), "--model", str(model), *size, "--out", str(out)]
    done = script("decoder.py", *given, *only, "--no-memory")
    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text())
    found = report["train"]["contenders"]
    assert list(found) == ["hf-1-max", "lora-fp32", "lora-fp32-checkpointing", "lor2c-fp32"]
    for entry in found.values():
        assert entry["tokens_per_second"] > 0
    assert report["generation"]["equal"]
    assert report["generation"]["new_tokens"] == 3 * 4
    ballast = bytearray(b"1") * (2 << 30)  # a child process must not report its parent's memory
    memory = json.loads(script("decoder.py", *given, "--alone", "lor2c-fp32").stdout)
    assert len(ballast) > memory["peak"] >= memory["loaded"] > 0
    assert "no contender 'fast'" in script("decoder.py", "--data", "nowhere", "--only", "fast").stderr


def test_what_is_missing_or_unknown_is_said() -> None:
    assert "--data" in bench().stderr
    assert "6 merges need as many epochs" in bench("--data", "nowhere", "--execute-epochs", "2").stderr
    done = bench("--data", "nowhere", "--only", "fast")
    assert done.returncode != 0
    assert "no contender 'fast'; there are hf-max" in done.stderr


def test_two_checkouts_take_turns(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The other one is this one, by another path."""
    there = tmp_path / "checkout"
    there.symlink_to(BENCH.parents[1])
    model, path = str(tiny.save(tmp_path / "model")), str(tiny.save_rows(tmp_path / "rows"))
    rows = {"task": "sst2", "path": path, "batch_size": 4, "max_length": 32, "steps": 1}
    found = against.compare(there, [model], [1, 2], 2, rows)[model]
    for lanes in ("1", "2"):
        assert len(found[lanes]["here"]) == len(found[lanes]["there"]) == 2
        assert found[lanes]["times_less"] > 0
        assert found[lanes]["times_less_than_dynamic"] > 0
    assert "times less than hf-dynamic" in capfd.readouterr().out
    with pytest.raises(SystemExit, match="nowhere is no checkout of this project"):
        against.compare(tmp_path / "nowhere", [model], [1], 1, rows)


def test_the_stages_of_a_large_table(tmp_path: Path) -> None:
    done = script("large.py", "--rows", "300", "--model", str(tiny.save(tmp_path / "model")), "--all")
    assert done.returncode == 0, done.stderr
    stages = [line[:12].strip() for line in done.stdout.splitlines()]
    assert stages == ["imports", "read", "hashed", "looked at", "first batch", "last batch"]
