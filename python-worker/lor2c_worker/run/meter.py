"""Measures what a training uses while it runs: memory, utilisation, CPU time, energy.

A thread looks twice a second. It reads files of /proc and counters of the driver and of the allocator, waits for no
kernel and touches no tensor.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

from .gauges import DeviceState, Gauges
from .usage_sums import UsageSums

#: Seconds between two looks.
EVERY = 0.5
#: After so many looks people are told what the device reports.
TELL_AFTER = 4

#: Gets what the device reports now, and what was used since the last time.
Tell = Callable[[DeviceState, UsageSums], None]


class Meter:
    """Looks while it is entered, in a thread of its own, which also tells what it sees."""

    def __init__(self, gauges: Gauges, every: float = EVERY, tell: Tell | None = None) -> None:
        self._gauges, self._sums, self._every, self._tell = gauges, UsageSums(), every, tell
        #: Since people were told.
        self._recent = UsageSums()
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
        looks = 0
        while not self._over.wait(self._every):
            with self._lock:
                self._look()
            if self._tell is not None and looks % TELL_AFTER == 0:
                self._tell_recent(self._tell)
            looks += 1

    def _tell_recent(self, tell: Tell) -> None:
        """Outside the lock, because a reader that waits must not keep the training from its sums."""
        with self._lock:
            recent, self._recent = self._recent, UsageSums()
        try:
            state = self._gauges.state()
        except Exception:  # of a device in trouble, which the training will meet too
            state = DeviceState()
        tell(state, recent)

    def _look(self) -> None:
        now, cpu = time.perf_counter(), time.process_time()
        seconds = now - self._seen
        if seconds <= 0:
            return
        gauges, sums, energy = self._gauges, self._sums, self._gauges.energy()
        sums.cpu_seconds += cpu - self._cpu
        unknown = None in (energy, self._energy, sums.energy)
        sums.energy = None if unknown else sums.energy + energy - self._energy  # type: ignore[operator]
        busy = gauges.busy(cpu - self._cpu, seconds)
        sums.add(seconds, gauges.memory(), busy)
        self._recent.add(seconds, None, busy)
        self._recent.cpu_seconds += cpu - self._cpu
        self._seen, self._cpu, self._energy = now, cpu, energy
