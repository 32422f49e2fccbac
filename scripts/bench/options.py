"""The command's options and the names of its contenders. It imports nothing, so that a wrong option is told at once."""

from __future__ import annotations

import argparse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASE = "hf-max"
DYNAMIC = "hf-dynamic"
#: Name -> what it is.
CONTENDERS = {
    BASE: "(a) transformers + peft LoRA r 8 on query and value, padded to max_length, eager attention, fp32",
    DYNAMIC: "(b) the same, padded to the longest row of each batch",
    "lor2c-fp32": "(c) LoR2C r 8, ours, fp32",
    "lor2c-mixed": "(d) LoR2C r 8, ours, mixed precision",
    "lora-fp32": "LoRA r 8 on query and value, ours, fp32",
    "lora-mixed": "the same, mixed precision",
    "lora-peft-fp32": "LoRA r 8 on query and value through peft in our loop, fp32",
}
GRID = 7


class Help(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    """The text above as it is, and the default of every option."""


def positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text!r}")
    return int(text)


def lane_counts(text: str) -> list[int]:
    return [] if text == "0" else [positive(count.strip()) for count in text.split(",")]


def contenders(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no contender {unknown[0]!r}; there are {', '.join(CONTENDERS)}")
    return names


def arguments(text: str | None) -> argparse.Namespace:
    """`text`: what the help says first."""
    parser = argparse.ArgumentParser("bench", description=text, formatter_class=Help)
    parser.add_argument("--data", required=True, help="folder with the task's files, e.g. GLUE/MRPC with train.tsv")
    parser.add_argument("--task", default="mrpc", help="a registered task")
    parser.add_argument(
        "--models",
        default="minilm,roberta-base-random",
        help="as in a spec, or roberta-base-random: random weights of that shape",
    )
    parser.add_argument("--only", type=contenders, default=",".join(CONTENDERS), help="contenders")
    parser.add_argument("--batch-size", type=positive, default=32, help="rows of a step")
    parser.add_argument("--max-length", type=positive, default=256, help="tokens of the longest row")
    parser.add_argument("--steps", type=positive, default=2, help="batches of a round")
    parser.add_argument("--rounds", type=positive, default=3, help="turns of every contender")
    parser.add_argument(
        "--lanes",
        type=lane_counts,
        default="1,2,4,8,16",
        help="numbers of lanes, on the first model (with --against on each); 0: leave out",
    )
    parser.add_argument(
        "--against", type=Path, help="another checkout of this project: compare lanes and the trained grid with it"
    )
    parser.add_argument("--epochs", type=positive, default=30, help="epochs of the predicted grid")
    parser.add_argument(
        "--execute-epochs", type=int, default=GRID - 1, help="epochs of the trained grid; 0: train none"
    )
    parser.add_argument("--execute-rows", type=positive, default=256, help="training rows of the trained grid")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "results" / "bench.json", help="where the values are written"
    )
    given = parser.parse_args()
    if 0 < given.execute_epochs < GRID - 1:
        parser.error(
            f"--execute-epochs {given.execute_epochs}: {GRID - 1} merges need as many epochs; 0 trains no grid"
        )
    return given
