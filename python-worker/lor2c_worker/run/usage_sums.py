"""Sums over time of what a training uses. They go on in a checkpoint, and give means and a percentile."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

#: Memory is counted in steps of this ratio, so that a percentile is right within one percent.
RATIO = 1.01


@dataclass
class UsageSums:
    """What was seen so far, each value weighted by the seconds for which it held."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    #: Joules; None as soon as a part was not measured.
    energy: float | None = 0.0
    memory_seconds: float = 0.0
    #: Seconds by the step of RATIO that the memory was in; the keys are the numbers of steps as text.
    memory_steps: dict[str, float] = field(default_factory=dict)
    #: Exact, not the highest that was seen.
    peak_memory: int = 0
    busy_seconds: float = 0.0
    #: Seconds in which utilisation was measured.
    watched_seconds: float = 0.0
    busiest: float = 0.0

    def add(self, seconds: float, memory: int | None, busy: float | None) -> None:
        """Note `seconds` in which memory and utilisation were these; None: not known."""
        self.seconds += seconds
        if memory:
            step = str(round(math.log(memory, RATIO)))
            self.memory_seconds += memory * seconds
            self.memory_steps[step] = self.memory_steps.get(step, 0.0) + seconds
        if busy is not None:
            self.busy_seconds += busy * seconds
            self.watched_seconds += seconds
            self.busiest = max(self.busiest, busy)

    @property
    def memory_mean(self) -> int | None:
        known = sum(self.memory_steps.values())
        return round(self.memory_seconds / known) if known else None

    def memory_below(self, share: float) -> int | None:
        """The memory that was not exceeded in this share of the time, within a percent."""
        steps = sorted((int(step), seconds) for step, seconds in self.memory_steps.items())
        left = share * sum(seconds for _, seconds in steps)
        for step, seconds in steps:
            left -= seconds
            if left <= 0:
                return round(RATIO**step)
        return round(RATIO ** steps[-1][0]) if steps else None

    @property
    def utilization_mean(self) -> float | None:
        return self.busy_seconds / self.watched_seconds if self.watched_seconds else None

    @property
    def utilization_max(self) -> float | None:
        return self.busiest if self.watched_seconds else None

    def go_on(self, earlier: UsageSums) -> None:
        """Add the sums of an earlier process."""
        both = None if self.energy is None or earlier.energy is None else self.energy + earlier.energy
        steps = self.memory_steps
        for step, seconds in earlier.memory_steps.items():
            steps[step] = steps.get(step, 0.0) + seconds
        for name in ("seconds", "cpu_seconds", "memory_seconds", "busy_seconds", "watched_seconds"):
            setattr(self, name, getattr(self, name) + getattr(earlier, name))
        self.energy = both
        self.peak_memory = max(self.peak_memory, earlier.peak_memory)
        self.busiest = max(self.busiest, earlier.busiest)

    def plain(self) -> dict[str, Any]:
        return asdict(self)
