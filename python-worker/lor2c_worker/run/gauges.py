"""How to read the memory, utilisation, energy, temperature and power of a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from ..device import describe_device, peak_memory
from ..nvml import Gpu, Unmeasured
from ..usage import resident_bytes


@dataclass(frozen=True)
class DeviceState:
    """What a device tells of itself at a moment. None: not known."""

    #: Bytes.
    memory_used: int | None = None
    memory_total: int | None = None
    #: Degrees Celsius.
    temperature: float | None = None
    #: Watts.
    power: float | None = None


@dataclass(frozen=True)
class Gauges:
    """How to read the device. None: not known."""

    #: Bytes: of the allocator on CUDA, of the resident set on CPU.
    memory: Callable[[], int | None]
    #: The same at its highest so far.
    peak: Callable[[], int]
    #: Share of the time in which the device computed, from 0 to 1. On CPU: CPU seconds per second and thread, given the
    #: CPU seconds and the seconds since the last look.
    busy: Callable[[float, float], float | None]
    #: Joules since some moment in the past.
    energy: Callable[[], float | None] = lambda: None
    #: All that it tells at a moment. Of a GPU it is that of all processes on it, where the driver tells.
    state: Callable[[], DeviceState] = DeviceState
    #: Why something cannot be measured, for the user.
    note: str | None = None


def gauges_of(device: torch.device) -> Gauges:
    if device.type != "cuda":
        threads, total = torch.get_num_threads(), int(describe_device()["memory"])
        return Gauges(
            memory=resident_bytes,
            peak=lambda: peak_memory(device),
            busy=lambda cpu, seconds: min(1.0, cpu / (seconds * threads)),
            state=lambda: DeviceState(resident_bytes(), total),
        )
    gauges = Gauges(
        memory=lambda: int(torch.cuda.memory_allocated(device)),
        peak=lambda: peak_memory(device),
        busy=lambda cpu, seconds: None,
        state=lambda: DeviceState(*_of_allocator(device)),
    )
    try:
        gpu = Gpu(_named(device))
    except Unmeasured as error:
        return replace(gauges, note=f"utilisation and energy of the GPU are not measured: {error}")
    note = None if gpu.energy() is not None else "energy is not measured: this GPU, or part of one, does not count it"
    return replace(
        gauges,
        busy=lambda cpu, seconds: gpu.busy(),
        energy=gpu.energy,
        state=lambda: DeviceState(*(gpu.memory() or _of_allocator(device)), gpu.temperature(), gpu.power()),
        note=note,
    )


def gpu_uuid(device: torch.device) -> str | None:
    """As the driver names it; None for a CPU, and where an older torch does not know it."""
    if device.type != "cuda":
        return None
    uuid = getattr(torch.cuda.get_device_properties(device), "uuid", None)
    return None if uuid is None else f"GPU-{uuid}"


def _named(device: torch.device) -> str:
    uuid = gpu_uuid(device)
    if uuid is None:
        raise Unmeasured("this version of torch does not say which GPU it uses")
    return uuid


def _of_allocator(device: torch.device) -> tuple[int, int]:
    """Bytes that this process has taken from the device, and all of them. Asks no driver, which might wait."""
    return int(torch.cuda.memory_reserved(device)), int(torch.cuda.get_device_properties(device).total_memory)
