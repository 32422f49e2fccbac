"""Learners with a given number of lanes, before any event and after some, without a data set or a spec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.data.batch import Batch
from lor2c_worker.device import autocast
from lor2c_worker.learner import Learner
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.models import LoadedModel
from lor2c_worker.objective import Classify, Objective
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.run.gradients import step_gradients

RATE = 4e-4
SEED = 17
#: Epochs in which every event of `lor2c` is due once an epoch.
EPOCHS = 4


def optimizer_of(learner: Learner, weight_decay: float = 0.1) -> LaneAdamW:
    return LaneAdamW(learner.slots(), len(learner.lanes), weight_decay=weight_decay)


def lor2c(model: LoadedModel, lanes: int = 1, *, events: bool = False, pairs: bool = False) -> BankLearner:
    """IMLoR2C before its first event, with `lanes` lanes; on a CPU one at a time, as in a run.

    `events`: every lane has three events to come, merges and injections in a mixture of its own. `pairs`: every lane
    has two cells, its name and that with a dash, which `part` parts.
    """
    method = METHODS["imlor2c"]
    groups, cells = [], []
    for lane in range(lanes):
        injected = lane % (EPOCHS - 1) if events else 0
        budget = {"merges": EPOCHS - 1 - injected, "injections": injected} if events else {}
        groups.append([str(lane), f"{lane}'"] if pairs else [str(lane)])
        cells += [Cell(name, parse_params(method, budget), SEED) for name in groups[-1]]
    learner: Any = method.build(model, cells, horizon=Horizon(EPOCHS, EPOCHS, 1))
    learner.use_width(1 if learner.slots()[0].tensor.device.type == "cpu" else None, fill=False)
    if lanes > 1:
        learner.fork([(0, names) for names in groups], optimizer_of(learner))
    return learner


def part(learner: BankLearner, optimizer: LaneAdamW) -> None:
    """Give every cell a lane of its own."""
    learner.fork([(i, [cell]) for i, lane in enumerate(learner.lanes) for cell in lane.cells], optimizer)


@torch.no_grad()
def vary(learner: Learner) -> None:
    """Give every lane other weights, or lanes would stay copies of each other and decide alike."""
    for lane in range(len(learner.lanes)):
        random = torch.Generator().manual_seed(lane)
        for tensor in learner.tensors(lane).values():
            noise = torch.randn(tensor.shape, generator=random) * 0.02
            tensor.add_(noise.to(tensor))


def three_events(learner: Learner, optimizer: LaneAdamW) -> int:
    """Let epochs end until every lane's events are over. Returns the number of changes."""
    vary(learner)
    records = [record for epoch in range(1, EPOCHS) for record in learner.end_epoch(epoch, epoch, optimizer)]
    return sum(len(record.changes) for record in records)


def step_of(learner: Learner, device: torch.device, precision: str, optimizer: LaneAdamW | None = None) -> Step:
    """One step of one micro-batch, as in lor2c_worker.run.loop."""
    whole = step_of_parts(learner, device, precision, optimizer_of(learner) if optimizer is None else optimizer)
    return lambda batch, number: whole([batch], number)


def step_of_parts(
    learner: Learner,
    device: torch.device,
    precision: str,
    optimizer: LaneAdamW,
    *,
    objective: Objective | None = None,
) -> Callable[[Sequence[Batch], int], None]:
    """One step of several micro-batches. `objective` None: that of classes."""
    loss = Classify() if objective is None else objective

    def step(parts: Sequence[Batch], number: int) -> None:
        given = {lane.seed: parts for lane in learner.lanes}
        step_gradients(learner, optimizer, given, number, loss, partial(autocast, device, precision))
        optimizer.step(RATE, RATE / 2)

    return step


#: One optimizer step on a batch; the number is the step's.
Step = Callable[[Batch, int], None]
