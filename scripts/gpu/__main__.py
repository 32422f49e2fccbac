"""All that must be known about a GPU, in one command that ends within ten minutes. docs/speed.md says what it measures.

    python scripts/gpu

It needs a Python with torch, transformers, peft, scikit-learn and pytest, and nothing from the network: models have
random weights. Without a GPU, or with --small, it runs in a small form, in seconds, whose times mean nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT / place) for place in ("python-worker", "scripts/bench", "python-worker/tests")]
# This process asks for GPUs without opening one, so that its copies, which run the parts, can.
os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from parts import Part, Report, run_parts  # noqa: E402

MACHINE = Part("machine", 60, "the device", "setup", "machine")
#: In this order, what matters most first. A part that ends early leaves its time to the last one.
PARTS = (
    Part("official", 60, "the official-style padded fp32 cell, TF32 off and on", "official", "official"),
    Part("lanes", 120, "time and memory of a step against the number of lanes", "lane_costs", "lane_costs"),
    Part("operations", 50, "decisions, evaluation, checkpoint, save, reload, fork", "operations", "operations"),
    Part("grid", 90, "a 7 x 7 grid of few steps, as the worker trains it", "whole_grid", "whole_grid"),
    Part("equality", 50, "repeated, among neighbours, resumed, and at another width", "equality", "equality"),
    Part("waits", 30, "places in a step that wait for the device", "traces", "waits"),
    Part("counts", 30, "torch operations of a step by part of the worker", "traces", "counts"),
    Part("profile", 60, "kernels and launches of a step", "traces", "profiles"),
    Part("masks", 60, "the dropout masks of a step, and their numbers compiled", "mask_costs", "mask_costs"),
    Part("decoder", 30, "a step of a small decoder", "decoder", "decoder"),
    Part("llama-2", 150, "instruction tuning of a Llama-2-7B shape: tokens per second and memory", "llama", "llama"),
    Part("suite", 300, "tests of the worker on the device", "suite", "suite"),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="tiny shapes, everything once (default without a GPU)")
    parser.add_argument("--out", type=Path, default=Path("gpu.json"), help="the report (default: gpu.json here)")
    parser.add_argument("--seconds", type=float, default=540, help="time for all parts (default: 540)")
    parser.add_argument("--only", default="", help=f"parts, with commas: {', '.join(p.name for p in PARTS)}")
    parser.add_argument(
        "--start", choices=("fork", "spawn"), default="fork", help="how parts start; spawn takes longer (default: fork)"
    )
    given = parser.parse_args()
    names = [name.strip() for name in given.only.split(",") if name.strip()]
    unknown = [name for name in names if name not in {part.name for part in PARTS}]
    if unknown:
        parser.error(f"no part is called {unknown[0]!r}")
    given.parts = [part for part in PARTS if not names or part.name in names]
    return given


def _device(start: str, report: Report) -> str:
    """Run the part that says which device there is, since that decides the form of the others. Returns the way to start
    their processes. Exits when no process can use the device."""
    for way in dict.fromkeys((start, "spawn")):
        run_parts([MACHINE], report, MACHINE.seconds, small=False, start=way)
        if report.values["parts"]["machine"]["state"] == "done":
            return way
    report.write()
    sys.exit(f"gpu: error: the device cannot be used:\n{report.values['parts']['machine'].get('error', '')}")


def main() -> int:
    """1 when a part failed or ran out of time."""
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report = Report(
        given.out,
        {
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "python": platform.python_version(),
            "machine": platform.platform(),
        },
    )

    began = time.monotonic()
    start = _device(given.start, report)
    small = given.small or report.result("machine")["device"] != "cuda"
    report.values["small"] = small
    run_parts(given.parts, report, given.seconds - (time.monotonic() - began), small=small, start=start)
    from estimate import estimate, text

    try:
        needed = ("official", "lanes", "operations", "grid")
        report.values["estimate"] = estimate(*(report.result(name) for name in needed))
        print(text(report.values["estimate"]))
    except (KeyError, ValueError) as error:
        print(f"no estimate: a part that it needs has not said {error}")
    bad = [name for name, entry in report.values["parts"].items() if entry["state"] != "done"]
    report.values["complete"] = not bad
    report.write()
    if small:
        print("small form: these times mean nothing")
    print(f"{', '.join(bad)}: not done" if bad else "every part is done")
    print(f"written to {given.out}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
