"""The time of the 7 x 7 MRPC grid from what was measured, beside one official-style cell. Pure."""

from __future__ import annotations

import math
from typing import Any

from lanes import lanes_by_epoch
from official import cell_seconds
from setup import BATCH, EPOCHS, EVAL_ROWS, TRAIN_ROWS

#: What a part has found.
Result = dict[str, Any]

GRID = 7
STEPS = math.ceil(TRAIN_ROWS / BATCH)
#: The grid takes at most the time of one cell with TF32 off, and at most this many with TF32 on.
CELLS = {"off": 1.0, "on": 5.0}


def estimate(official: Result, costs: Result, operations: Result, grid: Result) -> Result:
    """For each precision the width of lanes that makes the grid shortest, its seconds in parts, and the goals. `scaled`
    is another estimate, from the grid that was trained.

    Raises KeyError where a part that it needs has not said enough; `grid` may be empty.
    """
    lanes = lanes_by_epoch(EPOCHS, GRID)
    cells = {tf32: cell_seconds(official[f"padded_tf32_{tf32}"], STEPS, BATCH) for tf32 in CELLS}
    between = _between(operations, lanes)
    found: dict[str, Any] = {
        "lane_steps": STEPS * sum(lanes),
        "official_cell_seconds": cells,
        "between_steps_seconds": between,
        "by_precision": {},
    }
    for precision in sorted({entry["precision"] for entry in costs.values()}):
        widths = {
            entry["lanes"]: _training(entry, lanes)
            for entry in costs.values()
            if entry["precision"] == precision and "after" in entry
        }
        width = min(widths, key=lambda width: widths[width])
        seconds = widths[width] + sum(between.values())
        found["by_precision"][precision] = {
            "width": width,
            "training_seconds": widths[width],
            "seconds": seconds,
            "ms_per_lane_step": 1000 * seconds / (STEPS * sum(lanes)),
            "official_cells": {tf32: seconds / cell for tf32, cell in cells.items()},
        }
    best = min(found["by_precision"].values(), key=lambda entry: entry["seconds"])
    found["goal_met"] = {tf32: best["official_cells"][tf32] <= most for tf32, most in CELLS.items()}
    if grid:
        found["scaled"] = _scaled(grid, sum(lanes))
    return found


def _scaled(grid: dict[str, Any], lane_epochs: int) -> dict[str, Any]:
    """Steps by their number, evaluations by lane-epochs. The rest, mostly loading and checks, is as it was."""
    times, steps = lane_epochs / grid["lane_epochs"], STEPS / grid["steps_per_epoch"]
    train, evaluate = grid["train_seconds"], grid["evaluate_seconds"]
    rest = grid["seconds"] - train - evaluate
    return {
        "precision": grid["precision"],
        "width": grid["lane_width"],
        "training_seconds": train * times * steps,
        "evaluation_seconds": evaluate * times,
        "rest_seconds": rest,
        "seconds": train * times * steps + evaluate * times + rest,
    }


def _training(entry: dict[str, Any], lanes: list[int]) -> float:
    """Groups of one width, the last one filled, as a run on a GPU makes them; the slower of before and after events."""
    step = max(entry[time]["seconds_per_step"] for time in ("before", "after"))
    return sum(STEPS * math.ceil(count / entry["lanes"]) * step for count in lanes)


def _between(operations: dict[str, Any], lanes: list[int]) -> dict[str, float]:
    """All that is not a step: measured with some lanes, taken as proportional to their number."""
    each, total = operations["lanes"], sum(lanes)
    evaluations = operations["evaluate"] * EVAL_ROWS / operations["evaluation_rows"]
    saved = operations["save_and_reload"]
    return {
        "evaluate": evaluations * total / each,
        "decide": operations["decide"] * total / each,
        "forks": EPOCHS * operations["fork"],
        "checkpoints": EPOCHS * operations["write_state"] * max(lanes) / each,
        # A lane's best adapter is written about once in three epochs; every cell is read once.
        "save": saved["save"] * total / 3,
        "reload": GRID * GRID * saved["load"] + evaluations * GRID * GRID / each,
    }


def text(found: dict[str, Any]) -> str:
    """The estimate in a few lines."""
    cells = found["official_cell_seconds"]
    lines = [
        f"official-style fp32 cell: {cells['off']:.0f} s with TF32 off, {cells['on']:.0f} s with TF32 on",
        f"{GRID} x {GRID} grid, {found['lane_steps']:,} lane-steps:",
    ]
    for precision, entry in found["by_precision"].items():
        lines.append(
            f"  {precision}: {entry['seconds']:.0f} s at {entry['width']} lanes together, "
            f"{entry['ms_per_lane_step']:.2f} ms a lane-step with everything; "
            f"{entry['official_cells']['off']:.2f} cells with TF32 off, {entry['official_cells']['on']:.2f} with it on"
        )
    if "scaled" in found:
        scaled = found["scaled"]
        lines.append(
            f"  scaled from a trained grid, {scaled['precision']}: {scaled['seconds']:.0f} s, of which "
            f"{scaled['training_seconds']:.0f} s are steps"
        )
    for tf32, most in CELLS.items():
        met = "met" if found["goal_met"][tf32] else "NOT met"
        lines.append(f"  goal of at most {most:g} cells with TF32 {tf32}: {met}")
    return "\n".join(lines)
