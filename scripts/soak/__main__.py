"""Trials that are too long and too random for `npm test`: kills, signals, spoilt specs, garbage from workers.

    python3 scripts/soak kills --kills 30 --seed 1    # SIGKILL and Ctrl-C at random moments; results equal to the bit
    python3 scripts/soak kills --specs adalora dylora full lora grid    # the same, 10 each, and from checkpoints
    python3 scripts/soak signals                      # other signals, three commands at once, stop, retry
    python3 scripts/soak specs --count 240 --seed 1   # spoilt specs: an exit code and a message, each within 10 s
    python3 scripts/soak garbage                      # what a broken worker may say: each a named outcome

They try the built program (npm run build comes first) with the worker of this checkout and a tiny random model. Linux
only: they find processes in /proc. A trial that fails keeps its folder and prints its name; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import sys

import garbage
import kills
import signals
import specs

TRIALS = {"kills": kills, "signals": signals, "specs": specs, "garbage": garbage}


def main() -> int:
    parser = argparse.ArgumentParser("soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name, trial in TRIALS.items():
        trial.add_arguments(kinds.add_parser(name, help=trial.__doc__))
    args = parser.parse_args()
    faults: int = TRIALS[args.kind].run(args)
    print(f"{args.kind}: {faults} faults" if faults else f"{args.kind}: no fault", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
