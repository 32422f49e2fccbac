"""All that must be known about a GPU, in one command that ends within ten minutes. docs/speed.md says what it measures.

    python scripts/gpu

It needs a Python with torch, transformers, peft, scikit-learn and pytest, and nothing from the network: models have random
weights. Without a GPU, or with --small, it runs in a small form, in seconds, whose times mean nothing.
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
sys.path[1:1] = [str(ROOT / "python-worker"), str(ROOT / "scripts" / "bench")]
# This process asks for GPUs without opening one, so that its copies, which run the parts, can.
os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from decoder import decoder  # noqa: E402
from equality import equality  # noqa: E402
from estimate import estimate, text  # noqa: E402
from lane_costs import lane_costs  # noqa: E402
from official import official  # noqa: E402
from operations import operations  # noqa: E402
from parts import Part, Put, Report, run_parts  # noqa: E402
from setup import Setup, describe  # noqa: E402
from suite import suite  # noqa: E402
from traces import counts, profiles, waits  # noqa: E402


def machine(small: bool, put: Put) -> None:
    for name, value in describe(Setup.of(small).device).items():
        put(name, value)


#: In this order, what matters most first. A part that ends early leaves its time to the last one.
PARTS = (
    Part("machine", 60, "the device", machine),
    Part("official", 60, "the official-style padded fp32 cell, TF32 off and on", official),
    Part("lanes", 130, "time and memory of a step against the number of lanes", lane_costs),
    Part("operations", 50, "decisions, evaluation, checkpoint, save, reload, fork", operations),
    Part("equality", 50, "repeated, among neighbours, resumed, and at another width", equality),
    Part("waits", 30, "places in a step that wait for the device", waits),
    Part("counts", 30, "torch operations of a step by part of the worker", counts),
    Part("profile", 60, "kernels and launches of a step", profiles),
    Part("decoder", 30, "a step of a small decoder", decoder),
    Part("suite", 300, "tests of the worker on the device", suite),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="tiny shapes, everything once (default without a GPU)")
    parser.add_argument("--out", type=Path, default=Path("gpu.json"), help="the report (default: gpu.json here)")
    parser.add_argument("--seconds", type=float, default=540, help="time for all parts (default: 540)")
    parser.add_argument("--only", default="", help=f"parts, with commas: {', '.join(p.name for p in PARTS)}")
    given = parser.parse_args()
    names = [name.strip() for name in given.only.split(",") if name.strip()]
    unknown = [name for name in names if name not in {part.name for part in PARTS}]
    if unknown:
        parser.error(f"no part is called {unknown[0]!r}")
    # Which device there is decides the form of the others.
    given.parts = [part for part in PARTS if not names or part.name in names or part.name == "machine"]
    return given


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

    def small() -> bool:
        return given.small or report.result("machine").get("device", "cpu") != "cuda"

    run_parts(given.parts, report, given.seconds, small)
    report.values["small"] = small()
    try:
        report.values["estimate"] = estimate(*(report.result(name) for name in ("official", "lanes", "operations")))
        print(text(report.values["estimate"]))
    except (KeyError, ValueError) as error:
        print(f"no estimate: a part that it needs has not said {error}")
    bad = [name for name, entry in report.values["parts"].items() if entry["state"] != "done"]
    report.values["complete"] = not bad
    report.write()
    if small():
        print("small form: these times mean nothing")
    print(f"{', '.join(bad)}: not done" if bad else "every part is done")
    print(f"written to {given.out}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
