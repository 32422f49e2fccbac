"""CPU seconds of a training step: LoR2C on both backbones against LoRA through peft, on the same batches, in turn.

    PYTHONPATH=python-worker python-worker/.venv/bin/python scripts/bench/steps.py --data GLUE/MRPC

Contenders take turns (A B C D, A B C D, ...) within one process, so that a machine whose speed drifts does not favour
one; figures are process CPU seconds, medians over the rounds, and ratios taken round by round. On CUDA, synchronised
wall time. Printed, and written as JSON with --out.

    peft-loop   transformers + peft LoRA on query and value, torch.optim.AdamW, padded to the longest row of a batch
    lora        the same method in our loop (keyed dropout, our optimizer)
    lor2c-hf    LoR2C on the transformers module, padded to the longest row of a batch
    lor2c       LoR2C on the unpadded encoder
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch import nn

from lor2c_worker.data import load_task
from lor2c_worker.data.encode import Encoded, encode, train_batches
from lor2c_worker.device import autocast
from lor2c_worker.engine.bank_learner import BankLearner
from lor2c_worker.engine.hf_backbone import HfBackbone
from lor2c_worker.engine.learner import Batch, Learner
from lor2c_worker.engine.loss import lane_losses
from lor2c_worker.engine.optimizer import LaneAdamW
from lor2c_worker.methods import METHODS, Cell, parse_params
from lor2c_worker.methods.lor2c import bank_params, build_learner
from lor2c_worker.models import LoadedModel, load_model
from lor2c_worker.settings import DataSettings, ModelSettings

Step = Callable[[Batch, int], None]
RATE = 4e-4


def clock(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def ours(learner: Learner, device: torch.device, precision: str) -> Step:
    """One step as in lor2c_worker.train."""
    optimizer = LaneAdamW(learner.slots(), len(learner.lanes), weight_decay=0.1)

    def step(batch: Batch, number: int) -> None:
        optimizer.zero_grad()
        with autocast(device, precision):
            logits = learner.forward(batch, (number, 0))
        lane_losses(logits.float(), batch.labels, "classify").sum().backward()
        optimizer.step(RATE, RATE / 2)

    return step


def peft_loop(module: nn.Module) -> Step:
    """What a user writes with transformers and peft."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.1)
    module.train()

    def step(batch: Batch, number: int) -> None:
        optimizer.zero_grad()
        inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask, "labels": batch.labels}
        if batch.token_type_ids is not None:
            inputs["token_type_ids"] = batch.token_type_ids
        module(**inputs).loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return step


def contenders(name: str, device: torch.device, precision: str) -> dict[str, Step]:
    def model() -> LoadedModel:
        """A fresh one for each contender."""
        return load_model(ModelSettings(name), 2, "classify", 17, device)

    lora, lor2c = METHODS["lora"], METHODS["lor2c"]
    plain = model()
    names = {n.rsplit(".", 1)[-1] for n, _ in plain.module.named_modules()}
    targets = ["q_proj", "v_proj"] if "q_proj" in names else ["query", "value"]
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=8,
        lora_alpha=16,
        lora_dropout=0.05,
        target_modules=targets,
        modules_to_save=list(plain.head),
    )
    params = parse_params(lor2c, {})
    on_module = model()
    schedule = lor2c.schedule(params, 1)  # type: ignore[attr-defined]
    layers = HfBackbone(model().module, 17).layers
    hf = build_learner(
        on_module.module,
        bank_params(params, False, layers, False),
        {"c": schedule},
        [["c"]],
        17,
        HfBackbone(on_module.module, 17),
    )
    return {
        "peft-loop": peft_loop(get_peft_model(plain.module, config)),
        "lora": ours(lora.build(model(), [Cell("c", parse_params(lora, {}))], 17, epochs=1), device, precision),
        "lor2c-hf": ours(hf, device, precision),
        "lor2c": ours(lor2c.build(model(), [Cell("c", params)], 17, epochs=1), device, precision),
    }


def measure(
    steps: dict[str, Step], data: Encoded, size: int, count: int, rounds: int, device: torch.device
) -> dict[str, list[float]]:
    """Seconds per step of each contender in each round; one round before them is not counted."""
    batches = [data.batch(rows, device) for rows in itertools.islice(train_batches(data, size, 17, 1), count)]
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 1):
        for name, step in steps.items():
            began = clock(device)
            for number, batch in enumerate(batches):
                step(batch, number)
            if turn > 0:
                seconds[name].append((clock(device) - began) / len(batches))
    return seconds


def seconds_of_scores(learner: BankLearner, times: int = 20) -> float:
    """CPU seconds to score every module of a lane once, as at each epoch end; the median of several."""
    values = []
    for _ in range(times):
        began = time.process_time()
        learner.spectra(0)
        values.append(time.process_time() - began)
    return statistics.median(values)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="minilm", help="hub id, folder or packaged name")
    parser.add_argument("--task", default="mrpc")
    parser.add_argument("--data", help="folder with the task's files")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=4, help="batches of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--precision", default="fp32", choices=("fp32", "bf16"), help="of ours; peft-loop is fp32")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    device = torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    rows = load_task(arguments.task, DataSettings(path=arguments.data))
    tokenizer = load_model(ModelSettings(arguments.model), 2, "classify", 17, torch.device("cpu")).tokenizer
    data = encode(rows.train, tokenizer, "classify", arguments.max_length)
    steps = contenders(arguments.model, device, arguments.precision)
    seconds = measure(steps, data, arguments.batch_size, arguments.steps, arguments.rounds, device)
    model = load_model(ModelSettings(arguments.model), 2, "classify", 17, device)
    scored = METHODS["imlor2c"].build(model, [Cell("c", parse_params(METHODS["imlor2c"], {}))], 17, epochs=4)
    assert isinstance(scored, BankLearner)
    epoch = statistics.median(seconds["lor2c"]) * -(-len(data) // arguments.batch_size)
    scores = seconds_of_scores(scored)
    first = itertools.islice(train_batches(data, arguments.batch_size, 17, 1), arguments.steps)
    tokens = sum(len(data.ids[row]) for batch in first for row in batch)
    report = {
        "model": arguments.model,
        "task": arguments.task,
        "device": str(device),
        "machine": platform.processor() or platform.machine(),
        "torch": torch.__version__,
        "precision": arguments.precision,
        "batch_size": arguments.batch_size,
        "real_tokens_per_round": tokens,
        "clock": "synchronised wall seconds" if device.type == "cuda" else "process CPU seconds, one thread",
        "seconds_of_all_scores": scores,
        "scores_share_of_an_epoch": scores / epoch,
        "seconds_per_step": {n: [round(v, 4) for v in values] for n, values in seconds.items()},
        "median_ratio_to_peft_loop": {
            name: round(statistics.median(v / base for v, base in zip(values, seconds["peft-loop"], strict=True)), 3)
            for name, values in seconds.items()
        },
    }
    for name, values in seconds.items():
        low, middle, high = min(values), statistics.median(values), max(values)
        ratio = report["median_ratio_to_peft_loop"][name]  # type: ignore[index]
        print(f"{name:10} {middle:8.3f} s/step  ({low:.3f} to {high:.3f})  {ratio:5.2f} of peft-loop")
    print(f"{tokens:,} real tokens a round of {arguments.steps} steps; {report['clock']}; {report['machine']}")
    print(f"scores of all modules: {scores * 1000:.1f} ms, {scores / epoch:.4%} of an epoch of {len(data):,} rows")
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
