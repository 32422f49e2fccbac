"""What a training uses is measured, told before every outcome, and goes on after a checkpoint."""

from __future__ import annotations

import io
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from stopping import after_evaluation, train, train_cells
from worker import only, settings

from lor2c_worker import messages, usage
from lor2c_worker.channel import Channel
from lor2c_worker.nvml import Gpu, Unmeasured
from lor2c_worker.run.device_usage import metered
from lor2c_worker.run.gauges import DeviceState, Gauges, gauges_of
from lor2c_worker.run.meter import Meter
from lor2c_worker.run.usage_sums import UsageSums


def test_means_and_the_percentile_count_time_not_looks() -> None:
    sums = UsageSums()
    for seconds, memory, busy in [(98.0, 1000, 0.5), (1.5, 4000, 1.0), (0.5, 9000, None)]:
        sums.add(seconds, memory, busy)
    assert sums.memory_mean == round((98 * 1000 + 1.5 * 4000 + 0.5 * 9000) / 100)
    assert sums.memory_below(0.5) == pytest.approx(1000, rel=0.01)
    assert sums.memory_below(0.99) == pytest.approx(4000, rel=0.01)
    assert sums.memory_below(1.0) == pytest.approx(9000, rel=0.01)
    assert sums.utilization_mean == pytest.approx((49 + 1.5) / 99.5)
    assert sums.utilization_max == 1.0
    assert (UsageSums().memory_mean, UsageSums().memory_below(0.99), UsageSums().utilization_mean) == (None,) * 3


def test_sums_go_on_as_if_they_had_not_been_interrupted() -> None:
    looks = [(1.0, 1000, 0.5), (2.0, 4000, 1.0), (1.5, 1000, 0.25)]
    whole, first, second = UsageSums(), UsageSums(peak_memory=7), UsageSums(peak_memory=5)
    for number, look in enumerate(looks):
        whole.add(*look)
        (first if number < 2 else second).add(*look)
    first.energy, second.energy = 5.0, 6.0
    second.go_on(UsageSums(**first.plain()))
    assert second == UsageSums(**{**whole.plain(), "energy": 11.0, "peak_memory": 7})
    second.go_on(UsageSums(energy=None))
    assert second.energy is None  # a part of it is not known


def fake_gauges(energy: Callable[[], float | None]) -> Gauges:
    return Gauges(memory=lambda: 1000, peak=lambda: 1200, busy=lambda cpu, seconds: 0.5, energy=energy)


def test_a_meter_looks_while_it_is_entered() -> None:
    joules = iter(range(100, 10_000, 10))
    with Meter(fake_gauges(lambda: float(next(joules))), every=0.01) as meter:
        time.sleep(0.1)
        looked = meter.sums()
    assert looked.seconds >= 0.1
    assert looked.energy is not None
    assert looked.energy >= 30  # ten joules a look: at least three of them, on a busy machine too
    assert (looked.memory_mean, looked.peak_memory, looked.utilization_mean) == (1000, 1200, 0.5)
    after = meter.sums().energy
    time.sleep(0.05)
    assert meter.sums().energy == pytest.approx((after or 0) + 10)  # only the look of this line


def test_energy_that_is_not_always_told_is_not_known() -> None:
    told = iter([100.0, None, 120.0, 130.0])
    with Meter(fake_gauges(lambda: next(told, 130.0)), every=0.01) as meter:
        time.sleep(0.1)
    assert meter.sums().energy is None


def test_people_are_told_at_intervals_and_a_device_in_trouble_tells_nothing() -> None:
    told: list[tuple[DeviceState, UsageSums]] = []
    states = iter([DeviceState(1000, 4000, 50.0, 90.0)])
    gauges = replace(fake_gauges(lambda: None), state=lambda: next(states))  # the second time it raises
    with Meter(gauges, every=0.01, tell=lambda *one: told.append(one)) as meter:
        end = time.monotonic() + 10
        while len(told) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        whole = meter.sums().seconds
    assert [state for state, _ in told[:2]] == [DeviceState(1000, 4000, 50.0, 90.0), DeviceState()]
    assert all(recent.utilization_mean == 0.5 for _, recent in told)
    assert 0 < sum(recent.seconds for _, recent in told[:2]) <= whole  # each second is told once


def test_a_worker_tells_what_its_device_reports(tmp_path: Path) -> None:
    """What it sends can be encoded, on this machine."""
    channel = Channel((tmp_path / "out").open("wb"), io.BytesIO())
    with metered(channel.send):
        end = time.monotonic() + 30
        while not (tmp_path / "out").read_text() and time.monotonic() < end:
            time.sleep(0.05)
    first, *_ = (tmp_path / "out").read_text().splitlines()
    event = messages.decode_event(json.loads(first))
    assert isinstance(event, messages.DeviceUsage)
    assert (event.host, event.pid) == (platform.node(), os.getpid())
    assert event.cpu_share >= 0
    if event.device == "cpu":
        assert (event.uuid, event.temperature, event.power) == (None,) * 3
        assert 0 < (event.memory_used or 0) < (event.memory_total or 0)
        assert 0 <= (event.utilization or 0) <= 1


def test_on_cpu_it_measures_this_process() -> None:
    with Meter(gauges_of(torch.device("cpu")), every=0.01) as meter:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        busy = meter.sums()
    assert 0.2 <= busy.cpu_seconds <= busy.seconds + 0.1
    assert busy.energy is None
    assert 0 < (busy.utilization_mean or 0) <= (busy.utilization_max or 0) <= 1
    resident = usage.resident_bytes()
    assert resident is not None
    assert busy.memory_mean == pytest.approx(resident, rel=0.3)
    assert busy.peak_memory >= (busy.memory_below(0.99) or 0) * 0.99


class FakeNvml(SimpleNamespace):
    """The module of `nvidia-ml-py`, of one GPU that is in use."""

    def __init__(self, **broken: Any) -> None:
        super().__init__(
            nvmlInit=lambda: None,
            nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
            nvmlDeviceGetUtilizationRates=lambda handle: SimpleNamespace(gpu=73, memory=20),
            nvmlDeviceGetTotalEnergyConsumption=lambda handle: 12_500,
            NVML_TEMPERATURE_GPU=0,
            nvmlDeviceGetTemperature=lambda handle, sensor: 71 if sensor == 0 else 99,
            nvmlDeviceGetPowerUsage=lambda handle: 612_400,
            nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(used=4000, free=4000, total=8000),
        )
        vars(self).update(broken)


def refuse(*_: object) -> Any:
    raise RuntimeError("Not Supported")


def test_a_gpu_tells_what_its_driver_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml())
    gpu = Gpu("GPU-1")
    assert (gpu.busy(), gpu.energy()) == (0.73, 12.5)
    assert (gpu.memory(), gpu.temperature(), gpu.power()) == ((4000, 8000), 71.0, 612.4)


def test_what_a_gpu_does_not_tell_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {name: refuse for name in vars(FakeNvml()) if name.startswith("nvmlDeviceGet") and "Handle" not in name}
    assert len(broken) == 5
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(**broken))
    gpu = Gpu("GPU-1")
    assert (gpu.busy(), gpu.energy(), gpu.memory(), gpu.temperature(), gpu.power()) == (None,) * 5
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(nvmlInit=refuse))
    with pytest.raises(Unmeasured, match="NVML: Not Supported"):
        Gpu("GPU-1")
    monkeypatch.setitem(sys.modules, "pynvml", None)  # an import of it fails
    with pytest.raises(Unmeasured, match="pip install nvidia-ml-py"):
        Gpu("GPU-1")


def on_fake_cuda(monkeypatch: pytest.MonkeyPatch, nvml: Any) -> Gauges:
    """Gauges of a CUDA device that answers as torch does."""
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 2000)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 3000)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 2500)
    properties = SimpleNamespace(uuid="1234", total_memory=9000)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    return gauges_of(torch.device("cuda", 0))


def test_on_cuda_the_allocator_and_the_driver_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    joules = iter(range(1000, 10_000_000, 1000))
    nvml = FakeNvml(nvmlDeviceGetTotalEnergyConsumption=lambda handle: next(joules) if handle == "GPU-1234" else None)
    gauges = on_fake_cuda(monkeypatch, nvml)
    with Meter(gauges, every=0.01) as meter:
        time.sleep(0.05)
    found = meter.sums()
    assert gauges.note is None
    assert (found.memory_mean, found.peak_memory, found.utilization_mean) == (2000, 3000, pytest.approx(0.73))
    assert (found.energy or 0) >= 1
    assert gauges.state() == DeviceState(4000, 8000, 71.0, 612.4)


@pytest.mark.parametrize(
    ("nvml", "note"),
    [
        (None, "utilisation and energy of the GPU are not measured: the package nvidia-ml-py is not installed"),
        (FakeNvml(nvmlDeviceGetTotalEnergyConsumption=refuse), "energy is not measured: this GPU"),
    ],
)
def test_a_note_says_what_is_not_measured(monkeypatch: pytest.MonkeyPatch, nvml: Any, note: str) -> None:
    gauges = on_fake_cuda(monkeypatch, nvml)
    assert (gauges.note or "").startswith(note)
    with Meter(gauges, every=0.01) as meter:
        found = meter.sums()
    assert (found.memory_mean, found.energy) == (2000, None)
    with_driver = nvml is not None
    assert gauges.state() == (DeviceState(4000, 8000, 71.0, 612.4) if with_driver else DeviceState(2500, 9000))


def test_every_outcome_of_a_cell_that_began_comes_after_its_usage(place: Path, tmp_path: Path) -> None:
    """Cells of one training: two that finish and one whose loss is no number."""
    cells = {
        "a": settings(place, seed=1, method={"name": "lor2c", "rank": 4}),
        "b": settings(place, seed=2, method={"name": "lor2c", "rank": 4}),
        "bad": settings(place, seed=1, method={"name": "lor2c", "rank": 4}, learning_rate=1e30),
    }
    events = train_cells(tmp_path, cells)
    told = {cell: event for event in only(events, messages.Usage) for cell in event.cells}
    assert sorted(told) == sorted(cells), [type(event).__name__ for event in events]
    for finished in only(events, messages.Finished):
        [cell] = finished.cells
        assert told[cell].seconds == finished.total_seconds
        assert told[cell].peak_memory == finished.peak_memory
        assert told[cell].seq < finished.seq
    [failed] = only(events, messages.Failed)
    assert told["bad"].seq < failed.seq
    [tree] = only(events, messages.Tree)
    whole = told["a"]
    # Its share of the CPU time is that of its seconds: two lanes shared the steps.
    assert 0 < whole.cpu_seconds < tree.cpu_seconds
    assert whole.memory_mean is not None
    assert 0 < whole.memory_mean <= whole.peak_memory
    assert tree.energy is whole.energy is None


def test_a_resumed_run_counts_what_it_used_before(place: Path, tmp_path: Path) -> None:
    wanted = settings(place, num_train_epochs=3)
    stopped = train(tmp_path, wanted, stop=after_evaluation(1))
    [before] = only(stopped, messages.Usage)
    assert before.seq < only(stopped, messages.Stopped)[0].seq
    resumed = train(tmp_path, wanted)
    [after] = only(resumed, messages.Usage)
    assert only(resumed, messages.Finished)
    assert after.cpu_seconds > before.cpu_seconds
    assert after.seconds > before.seconds
    assert after.peak_memory >= before.peak_memory
