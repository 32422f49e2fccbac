"""CPU share of the runner while a job of many runs in one bundle trains, with a worker that pretends to train.

    python3 scripts/bench/job.py                 # 2,000 runs, plain lines, --json and the dashboard with its heatmap
    python3 scripts/bench/job.py --runs 1000 --seconds 20 --views json

It measures the built program, so run npm run build first. Four progress events a second name all runs, as do training
metrics every 5 s and evaluations every 10 s. Linux only: times come from /proc.
"""

from __future__ import annotations

import argparse
import os
import pty
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from fcntl import ioctl
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "cli" / "worker" / "fixtures" / "many.py"
TICKS = os.sysconf("SC_CLK_TCK")
VIEWS = {"json": ["--json"], "plain": ["--plain"], "dashboard": []}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, help="two axes of the square root of it (2000)")
    parser.add_argument("--seconds", type=float, default=20, help="seconds of training to measure (20)")
    parser.add_argument("--views", nargs="+", choices=list(VIEWS), default=list(VIEWS))
    parser.add_argument("--cli", type=Path, default=ROOT / "dist" / "cli" / "main.js")
    args = parser.parse_args()
    for view in args.views:
        runs, start, share, out = measure(args.cli, view, args.runs, args.seconds)
        print(
            f"{view}: {runs} runs, begun after {start:.1f} s, {100 * share:.1f} % of a core, {out / 1e6:.2f} MB written"
        )


def measure(cli: Path, view: str, runs: int, seconds: float) -> tuple[int, float, float, int]:
    """(runs, seconds until all of them train, CPU share after that, bytes that the view wrote meanwhile)."""
    folder = Path(tempfile.mkdtemp(prefix="lor2c-bench-"))
    side = max(1, round(runs**0.5))
    axes = f"{{method.merges: 0..{side - 1}, method.injections: 0..{-(-runs // side) - 1}}}"
    spec = folder / "spec.yaml"
    spec.write_text(
        f"model: minilm\ntask: movie-reviews\nmethod: imlor2c\njobs: 1\nsweep: {{grid: {axes}}}\n", encoding="utf-8"
    )
    database = folder / "lor2c.db"
    command = ["node", str(cli), "run", str(spec), "--db", str(database), *VIEWS[view]]
    env = os.environ | {"LOR2C_PYTHON": str(WORKER), "FIXTURE_SECONDS": "3600", "CI": "false", "TERM": "xterm"}
    terminal, child_end = pty.openpty()
    ioctl(child_end, termios.TIOCSWINSZ, struct.pack("HHHH", 100, 400, 0, 0))
    began = time.monotonic()
    with subprocess.Popen(command, env=env, stdin=child_end, stdout=child_end, stderr=child_end) as runner:
        os.close(child_end)
        written = [0]
        threading.Thread(target=drain, args=(terminal, written), daemon=True).start()
        try:
            count = wait_for_training(runner, database)
            time.sleep(3)  # let the work of the start finish
            start, before, bytes_before = time.monotonic(), cpu_seconds(runner.pid), written[0]
            time.sleep(seconds)
            share = (cpu_seconds(runner.pid) - before) / (time.monotonic() - start)
            return count, start - 3 - began, share, written[0] - bytes_before
        finally:
            runner.send_signal(signal.SIGINT)
            runner.wait()
            shutil.rmtree(folder)


def wait_for_training(runner: subprocess.Popen[bytes], database: Path) -> int:
    """Wait until attempts have their first metrics. Returns how many are running."""
    while runner.poll() is None:
        time.sleep(0.5)
        if not database.exists():
            continue
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
            try:
                if db.execute("SELECT count(*) FROM metrics").fetchone()[0]:
                    return int(db.execute("SELECT count(*) FROM attempts WHERE outcome IS NULL").fetchone()[0])
            except sqlite3.OperationalError:
                continue
    sys.exit("the runner ended before anything trained")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def drain(terminal: int, written: list[int]) -> None:
    try:
        while chunk := os.read(terminal, 1 << 16):
            written[0] += len(chunk)
    except OSError:
        return  # the program has closed its end


if __name__ == "__main__":
    main()
