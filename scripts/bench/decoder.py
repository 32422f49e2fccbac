"""A training step of a small decoder on Alpaca rows, and greedy generation: ours against transformers + peft.

    python-worker/.venv/bin/python scripts/bench/decoder.py --data ALPACA.json.gz

Contenders take turns within one process, on the same rows, with one thread on a CPU; the peak memory of each is that of
a process of its own. docs/speed.md says how to read it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from options import ROOT, Help, positive

sys.path.insert(0, str(ROOT / "python-worker"))

#: Name -> what it is. The first one is what the others are compared with.
CONTENDERS = {
    "hf-1-max": "transformers + peft LoRA r 8 on q and v, micro-batch 1, padded to max_length, fp32",
    "hf-8-longest": "the same, micro-batch 8, padded to its longest row",
    "hf-1-max-bf16": "as the first, under bfloat16 autocast",
    "hf-8-longest-bf16": "as the second, under bfloat16 autocast",
    "lora-fp32": "LoRA r 8 on q and v, ours, real tokens only, fp32",
    "lora-fp32-checkpointing": "the same with gradient checkpointing",
    "lora-mixed": "the same in mixed precision",
    "lor2c-fp32": "LoR2C r 8, ours, fp32",
    "lor2c-mixed": "the same in mixed precision",
}
LOW = ("bf16", "mixed")


def contenders(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no contender {unknown[0]!r}; there are {', '.join(CONTENDERS)}")
    return names


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("decoder", description=__doc__, formatter_class=Help)
    parser.add_argument("--data", required=True, help="rows as task alpaca takes them: a .json or .json.gz file")
    parser.add_argument("--model", default="smollm2-135m", help="a causal language model, as in a spec")
    parser.add_argument("--only", type=contenders, default=",".join(CONTENDERS), help="contenders")
    parser.add_argument("--rows", type=positive, default=16, help="rows of a step")
    parser.add_argument("--tokens", type=positive, default=1024, help="train.tokens_per_batch of ours")
    parser.add_argument("--max-length", type=positive, default=256, help="tokens of the longest row")
    parser.add_argument("--steps", type=positive, default=1, help="steps of a round")
    parser.add_argument("--rounds", type=positive, default=3, help="turns of every contender")
    parser.add_argument("--generate", type=int, default=8, help="prompts of the generation part; 0: leave it out")
    parser.add_argument("--new-tokens", type=positive, default=32, help="tokens that each prompt gets")
    parser.add_argument("--no-memory", action="store_true", help="without the processes that measure memory")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "bench-decoder.json", help="where values go")
    parser.add_argument("--alone", type=contenders, help=argparse.SUPPRESS)
    return parser.parse_args()


def alone(given: argparse.Namespace) -> int:
    """One contender's peak memory: of the loaded model, and after two steps."""
    from decoder_steps import Rows, build

    from lor2c_worker.usage import peak_resident_bytes

    rows = Rows.of(given, torch_device())
    step = build(given.alone[0], given, rows)
    loaded = peak_resident_bytes()
    for number, chosen in enumerate(rows.steps(2)):
        step(chosen, number)
    print(json.dumps({"loaded": loaded, "peak": peak_resident_bytes()}))
    return 0


def torch_device() -> Any:
    import torch

    from lor2c_worker.device import current_device

    torch.set_num_threads(1)
    return current_device()


def memory_of(name: str) -> dict[str, int] | None:
    """In a process of its own, with the same options. None where it failed; it has said why."""
    command = [sys.executable, __file__, *sys.argv[1:], "--alone", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def train(given: argparse.Namespace) -> dict[str, Any]:
    from decoder_steps import Rows, build
    from turns import take_turns, times_less

    device = torch_device()
    rows = Rows.of(given, device)
    names = list(dict.fromkeys([next(iter(CONTENDERS)), *given.only]))
    if not low_precision(device):
        left = [name for name in names if name.rpartition("-")[2] in LOW]
        names = [name for name in names if name not in left]
        print(f"{', '.join(left)}: left out, this device has no bfloat16 products")
    base, steps = names[0], rows.steps(given.steps)
    tokens = sum(rows.tokens(chosen) for chosen in steps) / len(steps)
    built = {name: build(name, given, rows) for name in names}
    seconds = take_turns(built, steps, given.rounds, device)
    print(f"{given.model}: {tokens:,.0f} real tokens a step of {given.rows} rows")
    found: dict[str, Any] = {}
    for name, values in seconds.items():
        middle, memory = statistics.median(values), None if given.no_memory else memory_of(name)
        less = {other: round(times_less(seconds, name, other), 3) for other in names if other.startswith("hf-")}
        found[name] = {
            "seconds_per_step": [round(value, 4) for value in values],
            "tokens_per_second": round(tokens / middle, 1),
            "times_less_than": less,
            "memory": memory,
        }
        most = "" if memory is None else f", {memory['peak'] / 1e9:.2f} GB ({memory['loaded'] / 1e9:.2f} loaded)"
        print(f"  {name:24} {middle:8.3f} s/step {tokens / middle:8.1f} tokens/s, {less[base]:5.2f} of {base}{most}")
    return {"real_tokens_per_step": tokens, "contenders": found}


def low_precision(device: Any) -> bool:
    from lor2c_worker.device import resolve_precision
    from lor2c_worker.settings import SettingsError

    try:
        return resolve_precision("mixed", device) == "mixed"
    except SettingsError:
        return False


def main() -> int:
    given = arguments()
    if given.alone:
        return alone(given)
    from lor2c_worker.errors import PlainError

    print("\n".join(f"{name:24} {text}" for name, text in CONTENDERS.items()))
    try:
        report: dict[str, Any] = {"model": given.model, "max_length": given.max_length, "train": train(given)}
        if given.generate:
            from decoder_generation import generation

            report["generation"] = generation(given, torch_device())
    except PlainError as error:
        sys.exit(f"decoder: error: {error}")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"written to {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
