"""Measures what a training uses while it runs: memory, utilisation, CPU time, energy.

A thread looks twice a second. It reads files of /proc and counters of the driver and of the allocator, waits for no
kernel and touches no tensor.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import torch

from ..device import peak_memory
from ..nvml import Gpu, Unmeasured
from ..usage import resident_bytes
from .usage_sums import UsageSums

#: Seconds between two looks.
EVERY = 0.5


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
    #: Why something cannot be measured, for the user.
    note: str | None = None


def gauges_of(device: torch.device) -> Gauges:
    if device.type != "cuda":
        threads = torch.get_num_threads()
        return Gauges(
            memory=resident_bytes,
            peak=lambda: peak_memory(device),
            busy=lambda cpu, seconds: min(1.0, cpu / (seconds * threads)),
        )
    gauges = Gauges(
        memory=lambda: int(torch.cuda.memory_allocated(device)),
        peak=lambda: peak_memory(device),
        busy=lambda cpu, seconds: None,
    )
    try:
        gpu = Gpu(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
    except (Unmeasured, AttributeError) as error:  # an older torch knows no uuid
        return replace(gauges, note=f"utilisation and energy of the GPU are not measured: {error}")
    note = None if gpu.energy() is not None else "energy is not measured: this GPU, or part of one, does not count it"
    return replace(gauges, busy=lambda cpu, seconds: gpu.busy(), energy=gpu.energy, note=note)


class Meter:
    """Looks while it is entered, in a thread of its own."""

    def __init__(self, gauges: Gauges, every: float = EVERY) -> None:
        self._gauges, self._sums, self._every = gauges, UsageSums(), every
        self._lock, self._over = threading.Lock(), threading.Event()
        self._seen, self._cpu, self._energy = time.perf_counter(), time.process_time(), gauges.energy()
        self._thread = threading.Thread(target=self._watch, name="meter", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def go_on(self, plain: dict[str, Any]) -> None:
        """Add the sums of an earlier process, which a checkpoint has kept."""
        with self._lock:
            self._sums.go_on(UsageSums(**plain))

    def sums(self) -> UsageSums:
        """All up to now."""
        with self._lock:
            self._look()
            self._sums.peak_memory = max(self._sums.peak_memory, self._gauges.peak())
            return replace(self._sums, memory_steps=dict(self._sums.memory_steps))

    @property
    def note(self) -> str | None:
        return self._gauges.note

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            with self._lock:
                self._look()

    def _look(self) -> None:
        now, cpu = time.perf_counter(), time.process_time()
        seconds = now - self._seen
        if seconds <= 0:
            return
        gauges, sums, energy = self._gauges, self._sums, self._gauges.energy()
        sums.cpu_seconds += cpu - self._cpu
        unknown = None in (energy, self._energy, sums.energy)
        sums.energy = None if unknown else sums.energy + energy - self._energy  # type: ignore[operator]
        sums.add(seconds, gauges.memory(), gauges.busy(cpu - self._cpu, seconds))
        self._seen, self._cpu, self._energy = now, cpu, energy
