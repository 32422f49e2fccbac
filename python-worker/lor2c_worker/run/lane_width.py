"""How many lanes go through the model before a backward, so that their activations fit into memory."""

from __future__ import annotations

from functools import partial

import torch

from ..data.token_batches import filled
from ..learner import Learner
from .gradients import narrowed_note, step_gradients, within_memory
from .running import TreeRun

#: More lanes at a time do not make a step shorter, even on a large device.
CUDA_LANES = 32
#: Share of the memory that is free before training; the rest is for evaluation, forks and other processes.
SHARE = 0.8


def fit_memory(run: TreeRun, step: int) -> None:
    """Set the number of lanes at a time: `train.max_lanes`, that of the checkpoint, or as many as fit by a measurement.

    On the CPU it is one: more gain nothing (adapters/lane_groups.py), and need their memory at once. On CUDA a group
    that is not full is filled, unless the cell is alone. There the largest training step and evaluation batch also go
    through the model here, so that memory runs out before step `step`, the first one, and not after hours.

    Raises torch.OutOfMemoryError when one lane is too much.
    """
    learner, asked = run.learner, run.prepared.settings.train.max_lanes
    on_cuda = run.prepared.device.type == "cuda"
    width = learner.width
    if isinstance(asked, int):
        width = asked
    elif len(run.cells) > 1 and width is None:
        width = _measured_width(run) if on_cuda else 1
    learner.use_width(width, fill=on_cuda and width is not None)
    if on_cuda:
        try_largest(run, step)


def try_largest(run: TreeRun, step: int) -> None:
    """Put the longest rows through training and evaluation. Changes no tensor and uses no random numbers."""

    def narrowed(width: int) -> None:
        run.events.log("info", narrowed_note(width, step), run.ids)

    if run.total_steps:
        within_memory(run.learner, partial(_largest_step, run), narrowed)
    within_memory(run.learner, partial(_largest_evaluation, run), narrowed)


def _measured_width(run: TreeRun) -> int:
    """Lanes that fit, by the memory of one lane's largest step; at most as many as may ever go through the model
    together."""
    device, most = run.prepared.device, most_together(run.learner)
    run.learner.use_width(1, fill=False)  # a tree may begin with several lanes
    free = int(torch.cuda.mem_get_info(device)[0])
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    _largest_step(run)
    each = max(1, torch.cuda.max_memory_allocated(device) - before)
    return max(1, min(most, CUDA_LANES, int(SHARE * free / each)))


def most_together(learner: Learner) -> int:
    """Lanes that may go through the model together when all cells have parted: those of different seeds or dropouts
    never do. A wider group would be filled with copies that nobody needs. Sets the learner's width to None."""
    learner.use_width(None, fill=False)
    return max(sum(len(learner.lanes[lane].cells) for lane in group) for group in learner.groups())


def _largest_step(run: TreeRun) -> None:
    prepared = run.prepared
    train, settings = prepared.train, prepared.settings.train
    # Filled by tokens, the first batch has the longest row, and others more rows.
    rows = 1 if settings.tokens_per_batch is None else settings.gradient_accumulation_steps
    micro = filled(train, [train.longest(rows * settings.batch_size)], settings.tokens_per_batch)
    batches = [train.batch(part, prepared.device) for part in micro]
    parts = {lane.seed: batches for lane in run.learner.lanes}
    step_gradients(run.learner, run.optimizer, parts, 0, prepared.training_objective, prepared.autocast)
    run.optimizer.zero_grad()


def _largest_evaluation(run: TreeRun) -> None:
    prepared, learner = run.prepared, run.learner
    settings = prepared.settings.train
    size, tokens = settings.eval_batch_size, settings.tokens_per_batch
    if tokens is not None:
        size = max(1, tokens // prepared.eval.tokens_of(prepared.eval.longest(1))[0])
    batch = prepared.eval.batch(prepared.eval.longest(size), prepared.device)
    with prepared.autocast(), torch.inference_mode():
        for lanes in learner.groups():
            learner.forward(batch, None, lanes)
