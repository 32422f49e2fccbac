"""The learning rates of a step, one for each lane where lanes differ in them."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ..learner import Lane, Learner
from ..optim.stacked import Rate


class Rates:
    """Peak learning rates (body, head) by cell; lanes whose cell is not named have those of the settings."""

    def __init__(self, usual: tuple[float, float], of_cells: Mapping[str, tuple[float, float]]) -> None:
        self._usual, self._of_cells = usual, of_cells
        #: Lanes, and their peak rates: floats if they all agree, else float64 [K] on the device of the training.
        self._known: tuple[list[Lane], Rate, Rate] | None = None

    def of(self, lane: Lane) -> tuple[float, float]:
        """Cells of one lane have equal rates."""
        return self._of_cells.get(lane.cells[0], self._usual)

    def at(self, learner: Learner, factor: float, device: torch.device) -> tuple[Rate, Rate]:
        """(body, head) of a step on which the schedule has this factor. Copies to the device when the lanes change."""
        if self._known is None or self._known[0] is not learner.lanes:  # a learner makes a new list for new lanes
            bodies, heads = zip(*(self.of(lane) for lane in learner.lanes), strict=True)
            self._known = (learner.lanes, _rate(bodies, device), _rate(heads, device))
        _, body, head = self._known
        return body * factor, head * factor


def _rate(values: tuple[float, ...], device: torch.device) -> Rate:
    return values[0] if len(set(values)) == 1 else torch.tensor(values, dtype=torch.float64, device=device)
