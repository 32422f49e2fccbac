"""The learning rate's course over a run (semantics.md section 6)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LinearSchedule:
    """Linear warm-up from 0 over `warmup` steps, then linear to 0 at `total`.

    The first step has factor 0 when there is a warm-up. A warm-up longer than the run never reaches the peak.
    """

    total: int
    warmup: int

    def factor(self, step: int) -> float:
        """Multiplier of the peak learning rate for optimizer step `step`, counted from 0."""
        if step < self.warmup:
            return step / self.warmup
        return max(0.0, (self.total - step) / max(1, self.total - self.warmup))
