"""Time of `lor2c plan`: at first, when a worker looks at model and rows, and again, when it uses the kept answers.

    npm run build && python3 scripts/bench/plan.py

Specs of 1, 980 (a grid over 20 seeds) and 3,000 runs (seeds) on a packaged model and rows of its own. Prints wall and
CPU seconds, the worker included, and what a run adds; compare them on one machine, with little else running.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPECS = {
    "one": (1, "method: lora"),
    "grid": (980, "method: imlor2c\nsweep: {grid: {method.merges: 0..6, method.injections: 0..6, seed: 1..20}}"),
    "seeds": (3000, "method: lora\nsweep: {grid: {seed: 1..3000}}"),
}


def write_rows(folder: Path) -> None:
    folder.mkdir()
    for split, count in (("train", 640), ("dev", 200)):
        lines = [f"the film is {'good' if i % 2 else 'bad'} in scene {i}\t{i % 2}" for i in range(count)]
        (folder / f"{split}.tsv").write_text("sentence\tlabel\n" + "\n".join(lines) + "\n")


def measure(arguments: list[str], cache: Path) -> tuple[float, float]:
    """Wall and CPU seconds of `lor2c plan`."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = ["node", str(ROOT / "dist" / "cli" / "main.js"), "plan", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "LOR2C_CACHE": str(cache)})
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="lor2c-bench-") as name:
        folder = Path(name)
        write_rows(folder / "rows")
        time.sleep(2.5)  # answers about files that changed a moment ago are not kept
        base = {"first": 0.0, "again": 0.0}
        print(f"{'spec':6} {'runs':>5}  {'':11} {'wall':>6} {'CPU':>6}  CPU ms a run more")
        for spec, (runs, method) in SPECS.items():
            file = folder / f"{spec}.yaml"
            train = "train: {num_train_epochs: 20}"
            file.write_text(f"model: minilm\ntask: sst2\ndata: {{path: rows}}\n{train}\n{method}\n")
            for what in ("first", "again", "again --json"):
                kept = what.split()[0]
                asked = [str(file), "--db", str(folder / "none.db"), *what.split()[1:]]
                wall, cpu = measure(asked, folder / "cache")
                if runs == 1:
                    base[kept] = cpu
                more = "" if runs == 1 else f"{(cpu - base[kept]) / (runs - 1) * 1000:.2f}"
                print(f"{spec:6} {runs:5}  {what:12} {wall:5.1f} {cpu:6.1f}  {more}", flush=True)


if __name__ == "__main__":
    main()
