"""What a training uses is measured, told before every outcome, and goes on after a checkpoint."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from stopping import after_evaluation, train, train_cells
from worker import only, settings

from lor2c_worker import messages, usage
from lor2c_worker.nvml import Gpu, Unmeasured
from lor2c_worker.run.meter import Gauges, Meter, gauges_of
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
        )
        vars(self).update(broken)


def refuse(*_: object) -> Any:
    raise RuntimeError("Not Supported")


def test_a_gpu_tells_its_utilisation_and_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml())
    gpu = Gpu("GPU-1")
    assert (gpu.busy(), gpu.energy()) == (0.73, 12.5)


def test_what_a_gpu_does_not_tell_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = dict.fromkeys(("nvmlDeviceGetUtilizationRates", "nvmlDeviceGetTotalEnergyConsumption"), refuse)
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(**broken))
    gpu = Gpu("GPU-1")
    assert (gpu.busy(), gpu.energy()) == (None, None)
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
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="1234"))
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
