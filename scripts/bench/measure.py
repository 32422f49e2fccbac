"""Steps of every contender, cost of lanes, and the grid that follows from it; or two checkouts in turns."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from typing import Any

import against
import torch
from contenders import build
from executed import grid_and_single, raw_settings
from inputs import RANDOM, make_batches, make_rows
from lanes import fork_and_scores, lane_epochs, lanes_table
from options import BASE, CONTENDERS, DYNAMIC, GRID
from turns import take_turns, times_less

from lor2c_worker.device import current_device, describe_device, resolve_precision
from lor2c_worker.settings import SettingsError


def precisions(device: torch.device) -> tuple[str, ...]:
    try:
        return "fp32", resolve_precision("mixed", device)
    except SettingsError as error:
        print(f"without mixed precision: {error}")
        return ("fp32",)


def compare(model: str, given: argparse.Namespace, device: torch.device, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Seconds per step of every contender on one model."""
    names = [BASE, *(n for n in given.only if n != BASE and (kinds[-1] == "mixed" or not n.endswith("mixed")))]
    data = make_rows(given.task, given.data, model, given.max_length)
    batches = make_batches(data, given.batch_size, given.steps, device)
    seconds = take_turns(build(names, model, given.max_length, data.pad_id, device), batches, given.rounds, device)
    tokens, padded = sum(batch.tokens for batch in batches) / len(batches), given.batch_size * given.max_length
    print(f"\n{model}: {tokens:,.0f} real tokens a step of {given.batch_size} rows; {padded:,} positions in {BASE}")
    found = {}
    for name, values in seconds.items():
        less = times_less(seconds, name, BASE)
        spread = f"({min(values):.3f} to {max(values):.3f})"
        found[name] = {"seconds_per_step": [round(v, 4) for v in values], "times_less": round(less, 3)}
        line = f"  {name:16} {statistics.median(values):8.3f} s/step {spread:18} {less:5.2f} times less"
        if DYNAMIC in seconds:
            found[name]["times_less_than_dynamic"] = round(times_less(seconds, name, DYNAMIC), 3)
            line += f", {found[name]['times_less_than_dynamic']:.2f} than {DYNAMIC}"
        print(line)
    return {"real_tokens_per_step": tokens, "positions_per_step_padded": padded, "contenders": found}


def lanes(model: str, given: argparse.Namespace, device: torch.device, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Cost of lanes in every precision, of a fork, and of scores."""
    data = make_rows(given.task, given.data, model, given.max_length)
    batches = make_batches(data, given.batch_size, 1, device)
    found: dict[str, Any] = {}
    for precision in kinds:
        found[precision] = lanes_table(model, given.lanes, batches, given.rounds, device, precision)
        print(f"\n{model}, {precision}: cost of a lane, as a part of a single run's")
        for count, row in found[precision].items():
            seconds = statistics.median(row["seconds_per_step"])
            print(f"  {count:>3} lanes {seconds:8.3f} s/step  {row['lane_over_single']:.3f} each")
    times = fork_and_scores(model, batches[0], device)
    epoch = statistics.median(found["fp32"]["1"]["seconds_per_step"]) * -(-len(data) // given.batch_size)
    fork, scores = times["fork"], times["scores"]
    print(f"\n{model}: a fork {fork * 1000:.1f} ms; scores {scores * 1000:.1f} ms, {scores / epoch:.3%} of an epoch")
    return {"by_precision": found, "fork_seconds": fork, "scores_seconds": scores, "epoch_seconds_fp32": epoch}


def predict(model: str, report: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    """The whole grid in runs of (a), from the figures above."""
    distinct, plain = lane_epochs(given.epochs, GRID), GRID * GRID * given.epochs
    print(f"\n{GRID} x {GRID} grid, {given.epochs} epochs: {distinct:,} distinct lane-epochs of {plain:,}")
    base = statistics.median(report["models"][model]["contenders"][BASE]["seconds_per_step"])
    runs = {}
    for precision, table in report["lanes"]["by_precision"].items():
        count, row = max(table.items(), key=lambda item: int(item[0]))
        each = statistics.median(row["seconds_per_step"]) / int(count)
        runs[precision] = round(distinct / given.epochs * each / base, 2)
        print(f"  {model}, {precision}: the time of {runs[precision]} runs of {BASE} (at {count} lanes)")
    return {"distinct_lane_epochs": distinct, "lane_epochs": plain, "in_runs_of_hf_max": runs}


def execute(model: str, report: dict[str, Any], given: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    """The whole grid over few epochs of few rows, on the first model, compared with one run of it and with (a)."""
    epochs, rows = given.execute_epochs, given.execute_rows
    train = {"batch_size": given.batch_size, "max_length": given.max_length}
    settings = raw_settings(model, given.task, given.data, rows, epochs, **train)
    found = grid_and_single(settings, GRID, device)
    grid, single = found["grid_seconds"], found["single_seconds"]
    base = statistics.median(report["models"][model]["contenders"][BASE]["seconds_per_step"])
    of_base = base * epochs * -(-rows // given.batch_size)
    found |= {"in_single_runs": round(grid / single, 2), "in_runs_of_hf_max": round(grid / of_base, 2)}
    print(
        f"\n{GRID} x {GRID} grid trained on {model}, fp32, {epochs} epochs of {rows} rows: "
        f"{found['lane_epochs']:g} lane-epochs of {found['cell_epochs']:g}\n"
        f"  {grid:.1f} s, {single:.1f} s of one run alone: the time of {found['in_single_runs']} runs, "
        f"or of {found['in_runs_of_hf_max']} runs of {BASE} without their evaluations"
    )
    return found


def measure(given: argparse.Namespace) -> int:
    """Everything that the options ask for. Returns the exit code."""
    torch.set_num_threads(1)
    device, models = current_device(), given.models.split(",")
    if given.against is not None:
        return write(given, {**head(device), "against": against_other(given, models)})
    kinds = precisions(device)
    print("\n".join(f"{name:16} {text}" for name, text in CONTENDERS.items()))
    report: dict[str, Any] = {
        **head(device),
        "batch_size": given.batch_size,
        "max_length": given.max_length,
        "auto_precision": resolve_precision("auto", device),
        "models": {model: compare(model, given, device, kinds) for model in models},
    }
    if given.lanes:
        report["lanes"] = lanes(models[0], given, device, kinds)
        report["grid"] = predict(models[0], report, given)
    if given.execute_epochs and models[0].endswith(RANDOM):
        print(f"\nno grid is trained: the first model, {models[0]}, has no weights to go on from")
    elif given.execute_epochs:
        report["executed"] = execute(models[0], report, given, device)
    print(f"\n{report['clock']}; {report['device']['description']}; auto means {report['auto_precision']} here")
    return write(given, report)


def against_other(given: argparse.Namespace, models: list[str]) -> dict[str, Any]:
    """Steps on every model, and the trained grid on the first."""
    rows = {"task": given.task, "path": given.data, "batch_size": given.batch_size, "max_length": given.max_length}
    rows["steps"] = given.steps
    found = {"steps": against.compare(given.against, models, given.lanes or [1], given.rounds, rows)}
    if given.execute_epochs and not models[0].endswith(RANDOM):
        size = given.execute_rows, given.execute_epochs, GRID
        found["grid"] = against.grids(given.against, models[0], given.rounds, rows, *size)
    return found


def head(device: torch.device) -> dict[str, Any]:
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "device": describe_device(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "clock": "synchronised wall seconds" if device.type == "cuda" else "process CPU seconds, one thread",
    }


def write(given: argparse.Namespace, report: dict[str, Any]) -> int:
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"written to {given.out}")
    return 0
