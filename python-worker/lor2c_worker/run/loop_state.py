"""Progress of training: all that a resumed run needs besides the learner and the optimizer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from ..evaluation.choose import CellResult
from ..learner import Learner
from .batch_order import after_step

#: The cells of each lane.
Lanes = list[list[str]]


def lanes_of(learner: Learner) -> Lanes:
    return [list(lane.cells) for lane in learner.lanes]


def rows_before(learner: Learner, before: Lanes) -> list[int] | None:
    """For each lane, the index of the lane in `before` that it comes from. None: every lane is where it was."""
    origin = {cell: row for row, cells in enumerate(before) for cell in cells}
    rows = [origin[lane.cells[0]] for lane in learner.lanes]
    return None if rows == list(range(len(before))) else rows


class Window:
    """Means over the steps since the last report. Kept on the device, since reading a value waits for the GPU."""

    def __init__(self) -> None:
        self.losses: torch.Tensor | None = None
        self.norms: torch.Tensor | None = None
        self.steps = 0

    def add(self, losses: torch.Tensor, norms: torch.Tensor) -> None:
        self.losses = losses.clone() if self.losses is None else self.losses + losses
        self.norms = norms.clone() if self.norms is None else self.norms + norms
        self.steps += 1

    def fork(self, rows: Sequence[int]) -> None:
        """Lane i continues lane rows[i], with its sums so far."""
        index = list(rows)
        if self.losses is not None and self.norms is not None:
            self.losses, self.norms = self.losses[index], self.norms[index]

    def means(self) -> list[dict[str, float]]:
        if self.losses is None or self.norms is None:
            return []
        losses, norms = (self.losses / self.steps).tolist(), (self.norms / self.steps).tolist()
        return [{"loss": loss, "grad_norm": norm} for loss, norm in zip(losses, norms, strict=True)]


class Watch:
    """Which lanes have diverged: their loss or gradient norm was not finite for some steps, one after the other.

    Kept on the device like a `Window`. It knows the true step however late it is read.
    """

    def __init__(self) -> None:
        #: Steps up to now that were not finite, [K] int64.
        self.streak: torch.Tensor | None = None
        #: The first step, counted from 1, of the streak that was long enough; 0: there was none. [K] int64.
        self.since: torch.Tensor | None = None

    def add(self, step: int, losses: torch.Tensor, norms: torch.Tensor, limit: int) -> None:
        """Note `step`. A lane has diverged when `limit` steps in a row are not finite."""
        bad = ~(torch.isfinite(losses) & torch.isfinite(norms))
        if self.streak is None or self.since is None:
            self.streak = self.since = torch.zeros_like(bad, dtype=torch.int64)
        self.streak = (self.streak + 1) * bad
        new = (self.streak >= limit) & (self.since == 0)
        self.since = self.since + new * (step - limit + 1)

    def fork(self, rows: Sequence[int]) -> None:
        """Lane i continues lane rows[i]."""
        index = list(rows)
        if self.streak is not None and self.since is not None:
            self.streak, self.since = self.streak[index], self.since[index]

    def diverged(self) -> dict[int, int]:
        """Lane -> the first step that was not finite, of lanes that have diverged. Waits for the device."""
        found = [] if self.since is None else self.since.tolist()
        return {lane: step for lane, step in enumerate(found) if step}


@dataclass
class LoopState:
    """What has happened so far. `step`: the optimizer steps done, which also tells epoch and place in it."""

    results: dict[str, CellResult]
    step: int = 0
    #: Real tokens so far, those of each lane counted.
    tokens: int = 0
    train_seconds: float = 0.0
    evaluate_seconds: float = 0.0
    #: (step, cells of each lane from that step on), one entry for each step at which the lanes changed.
    lanes_from: list[tuple[int, Lanes]] = field(default_factory=list)
    window: Window = field(default_factory=Window)
    watch: Watch = field(default_factory=Watch)
    stopped: bool = False

    @staticmethod
    def of(learner: Learner) -> LoopState:
        return LoopState({cell: CellResult() for lane in learner.lanes for cell in lane.cells})

    @property
    def lane_steps(self) -> int:
        """Optimizer steps times the lanes that took them."""
        ends = [*(start for start, _ in self.lanes_from), self.step][1:]  # no lanes before the first step
        return sum((end - start) * len(lanes) for (start, lanes), end in zip(self.lanes_from, ends, strict=True))

    @property
    def cell_steps(self) -> int:
        """Optimizer steps times the cells in those lanes."""
        return self.step * len(self.results)

    def part(self, cells: Iterable[str]) -> LoopState:
        """The state of some of the cells, as if only their lanes had trained so far."""
        results = {cell: self.results[cell] for cell in cells}

        def kept(lanes: Lanes) -> Lanes:
            own = [[cell for cell in lane if cell in results] for lane in lanes]
            return [lane for lane in own if lane]

        part = replace(self, results=results, lanes_from=[(step, kept(lanes)) for step, lanes in self.lanes_from])
        share = part.lane_steps / self.lane_steps if self.lane_steps else 1.0
        part.train_seconds, part.evaluate_seconds = self.train_seconds * share, self.evaluate_seconds * share
        part.tokens = round(self.tokens * share)
        return part

    def count_step(self, lanes: Lanes, seconds: float) -> None:
        """Count a step that these lanes have taken, the newest."""
        if not self.lanes_from or self.lanes_from[-1][1] != lanes:
            self.lanes_from.append((self.step - 1, lanes))
        self.count_seconds(seconds)

    def count_seconds(self, seconds: float) -> None:
        """Count time of training, which the lanes share."""
        self.train_seconds += seconds
        lanes = len(self.lanes_from[-1][1])
        for result in self.results.values():
            result.train_seconds += seconds / lanes

    def count_tokens(self, learner: Learner, of_seeds: Mapping[int, int]) -> None:
        """Count the real tokens of a step of the lanes with each seed."""
        for lane in learner.lanes:
            self.tokens += of_seeds[lane.seed]
            for cell in lane.cells:
                self.results[cell].tokens += of_seeds[lane.seed]

    def count_rows(self, learner: Learner, of_seeds: Mapping[int, Sequence[Sequence[int]]]) -> None:
        """Note the micro-batches of a step of the lanes with each seed."""
        known = dict[tuple[int, str], str]()
        for lane in learner.lanes:
            for cell in lane.cells:
                before = self.results[cell].batch_order
                if (lane.seed, before) not in known:
                    known[lane.seed, before] = after_step(before, of_seeds[lane.seed])
                self.results[cell].batch_order = known[lane.seed, before]

    def regroup(self, rows: Sequence[int]) -> None:
        """Lane i continues lane rows[i]."""
        self.window.fork(rows)
        self.watch.fork(rows)

    def plain(self) -> dict[str, Any]:
        """The state as plain values and tensors, which are not copied."""
        fields = {k: v for k, v in vars(self).items() if k not in ("results", "window", "watch", "stopped")}
        results = {cell: dict(vars(result)) for cell, result in self.results.items()}
        return {**fields, "results": results, "window": dict(vars(self.window)), "watch": dict(vars(self.watch))}

    @staticmethod
    def restored(plain: dict[str, Any], rows: Sequence[int], cells: Iterable[str], device: torch.device) -> LoopState:
        """The state from `plain`, for `cells`; `rows`: the indices that their lanes had in it."""
        fields = dict(plain)
        results, window, watch = (fields.pop(name) for name in ("results", "window", "watch"))
        state = LoopState({cell: CellResult(**result) for cell, result in results.items()}, **fields)
        for part, values in ((state.window, window), (state.watch, watch)):
            for name, value in values.items():
                setattr(part, name, value.to(device) if isinstance(value, torch.Tensor) else value)
        state.regroup(rows)
        return state.part(cells)
