"""The form of a step that a GPU gets (`launches.at_once`), on the CPU: the numbers of the usual form, to rounding."""

from __future__ import annotations

import pytest
import torch
from learners import lor2c, optimizer_of, step_of, three_events
from shapes import config_of, random_model, random_rows

from lor2c_worker.launches import as_on_a_gpu, at_once
from lor2c_worker.learner import Learner
from lor2c_worker.models import LoadedModel
from lor2c_worker.objective import lane_sums

CPU = torch.device("cpu")
LANES = 3


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    config = config_of("tiny")
    assert config is not None
    return random_model(config, CPU)


def trained(model: LoadedModel) -> Learner:
    """After a step, three events in every lane, and two more steps."""
    config = config_of("tiny")
    assert config is not None
    batch = random_rows(config, 5).batch(range(5), CPU)
    learner = lor2c(model, LANES, events=True)
    if at_once(CPU):
        learner.use_width(None, fill=False)
    optimizer = optimizer_of(learner)
    step = step_of(learner, CPU, "fp32", optimizer)
    step(batch, 0)
    three_events(learner, optimizer)
    step(batch, 1)
    step(batch, 2)
    return learner


def test_all_lanes_at_once_learn_what_they_learn_one_by_one(model: LoadedModel) -> None:
    one_by_one = trained(model)
    with as_on_a_gpu():
        together = trained(model)
    assert not at_once(CPU)
    for lane in range(LANES):
        theirs, ours = one_by_one.tensors(lane), together.tensors(lane)
        assert theirs.keys() == ours.keys()
        for name, value in theirs.items():
            torch.testing.assert_close(ours[name], value, rtol=1e-4, atol=2e-6, msg=f"lane {lane}, {name}")


@pytest.mark.parametrize("count", [1, 2, 3, 13, 32])
def test_a_lanes_loss_and_gradient_depend_on_no_other_lane(count: int) -> None:
    losses = torch.randn(5, count, generator=torch.Generator().manual_seed(count), requires_grad=True)
    sums = lane_sums(losses)
    torch.testing.assert_close(sums, losses.sum(1))
    for lane in range(5):
        assert torch.equal(lane_sums(losses[lane : lane + 1]), sums[lane : lane + 1])
    sums.backward(torch.arange(5.0))
    assert losses.grad is not None
    assert torch.equal(losses.grad, torch.arange(5.0)[:, None].expand(5, count))
