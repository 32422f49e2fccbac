"""Cost of lanes that differ in a number: a step of K lanes compared with K steps of one, for each kind of number.

    python-worker/.venv/bin/python scripts/bench/sweeps.py GLUE/MRPC

Decides what `train.bundle: auto` puts together (cli/plan/bundles.ts).
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python-worker"))

from inputs import make_batches, make_model, make_rows
from learners import RATE, SEED, Step, optimizer_of
from turns import take_turns, times_less

from lor2c_worker.data.batch import Batch
from lor2c_worker.device import autocast
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.objective import Classify
from lor2c_worker.run.gradients import step_gradients
from lor2c_worker.run.rates import Rates

CPU = torch.device("cpu")
#: What the lanes of a contender differ in.
KINDS = ("learning rate", "alpha", "dropout", "seed")


def cell_of(method: str, kind: str, lane: int) -> Cell:
    params = {"alpha": {"alpha": 8.0 + lane}, "dropout": {"dropout": 0.1 + 0.01 * lane}}.get(kind, {})
    rate = RATE * (1 + 0.1 * lane) if kind == "learning rate" else RATE
    seed = SEED + lane if kind == "seed" else SEED
    return Cell(str(lane), parse_params(METHODS[method], params), seed, (rate, rate / 2))


def step_of(model: str, method: str, cells: list[Cell], precision: str) -> Step:
    """One step of lanes, one for each cell, as in lor2c_worker.run.loop. Lanes of other seeds draw masks of their own;
    their batches have the same rows, so that the lengths do not differ."""
    learner = METHODS[method].build(make_model(model, CPU), cells, horizon=Horizon(4, 4, 1))
    learner.use_width(1, fill=False)
    optimizer = optimizer_of(learner)
    rates = Rates((RATE, RATE / 2), {cell.id: cell.rates for cell in cells})

    def step(batch: Batch, number: int) -> None:
        parts = {lane.seed: [batch] for lane in learner.lanes}
        step_gradients(learner, optimizer, parts, number, Classify(), partial(autocast, CPU, precision))
        optimizer.step(*rates.at(learner, 1.0, CPU))

    return step


def main() -> None:
    parser = argparse.ArgumentParser(
        "sweeps", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="folder of MRPC's train.tsv and dev.tsv")
    parser.add_argument("--model", default="minilm", help="a model of a spec, or roberta-base-random (minilm)")
    parser.add_argument("--methods", nargs="+", default=["imlor2c", "lora"])
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--precision", default="fp32")
    args = parser.parse_args()
    torch.set_num_threads(1)
    batches = make_batches(make_rows("mrpc", args.data, args.model, 128), 32, args.rounds, CPU)
    for method in args.methods:
        steps = {"one": step_of(args.model, method, [cell_of(method, "", 0)], args.precision)}
        for kind in KINDS:
            cells = [cell_of(method, kind, lane) for lane in range(args.lanes)]
            steps[kind] = step_of(args.model, method, cells, args.precision)
        seconds = take_turns(steps, batches, args.rounds, CPU)
        for kind in KINDS:
            price = 1 / times_less(seconds, kind, "one") / args.lanes
            print(
                f"{args.model} {method}: a lane beside {args.lanes - 1} that differ in {kind}: {price:.3f} of one alone"
            )


if __name__ == "__main__":
    main()
