"""The counter of torch operations (scripts/bench/torch_calls.py), and a step of many lanes under it."""

from __future__ import annotations

import pytest
import torch
from counted import FROZEN, TIMES, count_step
from torch_calls import Calls, count_calls

CPU = torch.device("cpu")
LANES = 16


@pytest.fixture(scope="module")
def counts() -> dict[str, Calls]:
    return count_step(LANES, CPU)


def test_what_is_made_of_python_values_and_what_waits_is_found() -> None:
    x = torch.arange(6.0)

    def some() -> None:
        x.new_tensor([1.0, 2.0])  # host
        x[[0, 1]] = 0.0  # two: the list and the value
        assert x[x > 2].shape == (3,)  # a mask waits
        assert float(x.sum()) == 14.0  # so does a value
        x.view(2, 3)

    found = count_calls(some)
    assert sum(found.host.values()) == 3
    assert sum(found.waits.values()) == 2
    assert sum(found.calls.values()) - sum(found.launches.values()) == 4  # three tensors made, a view


def test_backward_counts_where_its_forward_is(counts: dict[str, Calls]) -> None:
    for time in TIMES:
        calls = counts[time].calls
        assert {"adapters", "optimizer", "frozen layers", "masks", "head and loss"} <= set(calls)
        assert calls["other"] == 0
        assert calls["frozen layers"] > 12 * 20  # twelve layers, both ways


def test_no_step_waits_for_the_device(counts: dict[str, Calls]) -> None:
    for time in TIMES:
        assert counts[time].outside(of="waits") == 0, counts[time].places


def test_events_add_no_calls_to_head_and_loss(counts: dict[str, Calls]) -> None:
    before, after = (counts[time] for time in TIMES)
    assert after.outside(*FROZEN) > 0
    assert after.calls["head and loss"] == before.calls["head and loss"]


def test_a_step_of_many_lanes_is_few_calls(counts: dict[str, Calls]) -> None:
    """Of 16 lanes on 12 layers after three events each, 8 layers with injected LoRA: what a GPU would be asked to do
    outside of the frozen layers. A list of lanes or modules in a step would multiply it."""
    assert counts["before"].outside(*FROZEN, of="launches") < 330
    after = counts["after"]
    assert after.outside(*FROZEN, of="launches") < 600
    assert after.launches["optimizer"] < 110
    assert after.launches["adapters"] < 380


def test_nothing_is_made_of_python_values_after_the_batch(counts: dict[str, Calls]) -> None:
    for time in TIMES:
        found = counts[time]
        assert found.outside("batch", of="host") == 0, found.places
        assert found.outside("batch", of="copies") == 0
