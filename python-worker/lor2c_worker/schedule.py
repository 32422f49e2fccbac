"""When modules merge or give way to an injected LoRA, and which. Pure: no tensors, no randomness, no state.

semantics.md sections 3 and 4. Layers are 0-based; a module is named by the layer it begins on, which is unique.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .rules import Rules

#: Score of a module by the layer it begins on. A module without an entry is no candidate.
Scores = Mapping[int, float]


@dataclass(frozen=True, order=True)
class Span:
    """A module takes its input before layer `start` and adds after layer `end`."""

    start: int
    end: int

    @property
    def merged(self) -> bool:
        return self.end > self.start

    def __len__(self) -> int:
        return self.end - self.start + 1


@dataclass(frozen=True)
class Layout:
    """Structure of a lane. Spans and injected layers together cover each layer exactly once."""

    spans: tuple[Span, ...]
    injected: tuple[int, ...] = ()

    @staticmethod
    def initial(layers: int) -> Layout:
        return Layout(tuple(Span(i, i) for i in range(layers)))

    @staticmethod
    def checked(spans: Iterable[Sequence[int]], injected: Iterable[int]) -> Layout:
        """Of [first, last] of each span, and injected layers. Raises ValueError when they overlap or are in the wrong
        order."""
        spans, injected = list(spans), sorted(injected)
        seen = set(injected)
        if len(seen) != len(injected):
            raise ValueError(f"injected layers are named twice: {injected}")
        for span in spans:
            if len(span) != 2 or not 0 <= span[0] <= span[1]:
                raise ValueError(f"span {span}: expected [first, last] with 0 <= first <= last")
            layers = set(range(span[0], span[1] + 1))
            if layers & seen:
                raise ValueError(f"span {span}: layer {min(layers & seen)} already belongs to another module")
            seen |= layers
        return Layout(tuple(Span(first, last) for first, last in spans), tuple(injected))

    def merge(self, first: Span, second: Span) -> Layout:
        rest = [s for s in self.spans if s not in (first, second)]
        return replace(self, spans=tuple(sorted([*rest, Span(first.start, second.end)])))

    def inject(self, layer: int) -> Layout:
        rest = tuple(s for s in self.spans if s != Span(layer, layer))
        return Layout(rest, tuple(sorted((*self.injected, layer))))


@dataclass(frozen=True)
class Merge:
    """`second` joins `first`; `keep` is the start of the module whose A and B remain."""

    first: Span
    second: Span
    keep: int
    score: float
    margin: float | None
    scores_from: float

    @property
    def span(self) -> Span:
        return Span(self.first.start, self.second.end)


@dataclass(frozen=True)
class Inject:
    """The module of `layer` goes; LoRA on query and value of that layer takes its place."""

    layer: int
    score: float
    margin: float | None
    scores_from: float


Decision = Merge | Inject


def multiples(epoch: float, interval: float) -> int:
    """How many multiples of the real number `interval` (above 0) `epoch` has reached.

    Both are quotients of whole numbers: rounding may put an epoch just below the multiple that it is.
    """
    return math.floor(epoch / interval * (1 + 1e-12))


@dataclass(frozen=True)
class Progress:
    """Events done, and tries made (a try without a candidate costs none of the budget)."""

    merges: int = 0
    injections: int = 0
    merge_tries: int = 0
    inject_tries: int = 0


@dataclass(frozen=True)
class Schedule:
    """Budget and times of one cell's events over `epochs` epochs."""

    epochs: int
    merges: int
    injections: int
    rules: Rules
    max_span: int | None = None
    #: One A for all modules (semantics.md 1, ShareLoR2C).
    share: bool = False
    causal: bool = False
    #: The epoch that the run ends with, where that is before `epochs`.
    end: float | None = None

    @property
    def real(self) -> bool:
        """Events at real-valued epochs, checked after each step."""
        return self.rules.interval == "real" or (self.rules.interval == "auto" and self.causal)

    def interval(self, budget: int) -> float | None:
        """Epochs between events (Eq. 11, 12); None when there are none. An exact quotient q gives q."""
        if budget == 0:
            return None
        return self.epochs / 4 / budget if self.real else math.floor(self.epochs / 4 / (budget + 1e-9)) + 1

    @property
    def merge_interval(self) -> float | None:
        return self.interval(self.merges)

    @property
    def inject_interval(self) -> float | None:
        return self.interval(self.injections)

    @property
    def snapshot_interval(self) -> float | None:
        """S = the smaller interval; None when there are no events."""
        present = [i for i in (self.merge_interval, self.inject_interval) if i is not None]
        return min(present) if present else None

    def takes_snapshot(self, epoch: int) -> bool:
        """The published code records scores at the ends of these epochs only: floor(e + S/2) mod S = 0."""
        interval = self.snapshot_interval
        return interval is not None and math.floor(epoch + interval / 2) % interval == 0

    def deciding_epoch(self, epoch: float) -> float | None:
        """Epoch end at or before `epoch` whose scores decide there; None when no scores have been recorded yet."""
        if self.rules.scores_from == "fresh":
            return epoch
        return next((e for e in range(math.floor(epoch), 0, -1) if self.takes_snapshot(e)), None)

    def due(self, epoch: float, progress: Progress) -> tuple[bool, bool]:
        """(a merge is tried, an injection is tried) at the end of epoch, or after the step, that ends at `epoch`."""
        return (
            progress.merges < self.merges and self._due(epoch, self.merge_interval, progress.merge_tries),
            progress.injections < self.injections and self._due(epoch, self.inject_interval, progress.inject_tries),
        )

    def _due(self, epoch: float, interval: float | None, tries: int) -> bool:
        if interval is None:
            return False
        if self.real:
            return multiples(epoch, interval) > tries
        return epoch % interval == 0

    def events(self) -> list[tuple[str, float]]:
        """(kind, epoch) of every event if each try finds a candidate, in order; none after the last epoch."""
        found = []
        for kind, budget, interval in (
            ("merge", self.merges, self.merge_interval),
            ("inject", self.injections, self.inject_interval),
        ):
            if interval is not None:
                most = min(budget, math.floor(self.epochs / interval) + 1)  # a budget can be any number
                found += [
                    (q * interval, kind == "inject", kind) for q in range(1, most + 1) if q * interval <= self.epochs
                ]
        return [(kind, epoch) for epoch, _, kind in sorted(found)]

    def falling(self, per_epoch: int) -> list[tuple[str, float]]:
        """`events` at the epochs at which they happen, of `per_epoch` steps.

        Real-valued epochs are checked after each step, and a step has at most one event of each kind.
        """
        if not self.real:
            return self.events()
        found: dict[str, int] = {}
        falling = []
        for kind, epoch in self.events():
            found[kind] = found.get(kind, 0) + 1
            step = max(found[kind], math.ceil(epoch * per_epoch * (1 - 1e-12)))
            falling.append((kind, step / per_epoch))
        return falling


def decide(
    schedule: Schedule, layout: Layout, progress: Progress, epoch: float, scores: Scores, scores_from: float
) -> tuple[list[Decision], Progress]:
    """What happens at `epoch`: at most one merge, then at most one injection, which sees the merge.

    `scores` are those of the modules that were live at epoch end `scores_from` (`schedule.deciding_epoch`).
    Returns the decisions in order, and the progress after them.
    """
    rules = schedule.rules
    if schedule.share and rules.share_scores == "first":
        scores = {min(scores): scores[min(scores)]} if scores else {}
    decisions: list[Decision] = []
    merge_due, inject_due = schedule.due(epoch, progress)
    if merge_due:
        progress = replace(progress, merge_tries=progress.merge_tries + 1)
        merge = choose_merge(rules, layout, scores, scores_from, schedule.max_span)
        if merge is not None:
            decisions.append(merge)
            layout = layout.merge(merge.first, merge.second)
            progress = replace(progress, merges=progress.merges + 1)
    if inject_due:
        progress = replace(progress, inject_tries=progress.inject_tries + 1)
        inject = choose_inject(rules, layout, scores, scores_from)
        if inject is not None:
            decisions.append(inject)
            progress = replace(progress, injections=progress.injections + 1)
    return decisions, progress


def choose_merge(
    rules: Rules, layout: Layout, scores: Scores, scores_from: float, max_span: int | None = None
) -> Merge | None:
    """The neighbours with the smallest sum of scores; ties to the lowest layer. None when no pair is a candidate."""
    pairs = []
    for first, second in zip(layout.spans, layout.spans[1:], strict=False):
        if first.end + 1 != second.start:
            continue  # an injected layer lies between
        if max_span is not None and len(first) + len(second) > max_span:
            continue
        beside = first.start - 1 in layout.injected or second.end + 1 in layout.injected
        if beside and rules.merge_beside_injected == "forbidden":
            continue
        if first.start in scores and second.start in scores:
            pairs.append((scores[first.start] + scores[second.start], first, second))
    if not pairs:
        return None
    pairs.sort(key=lambda pair: (pair[0], pair[1].start))
    score, first, second = pairs[0]
    higher_second = rules.merge_keep == "higher_score" and scores[second.start] > scores[first.start]
    keep = second.start if higher_second else first.start
    return Merge(first, second, keep, score, pairs[1][0] - score if len(pairs) > 1 else None, scores_from)


def choose_inject(rules: Rules, layout: Layout, scores: Scores, scores_from: float) -> Inject | None:
    """The never merged module of lowest or highest score; ties to the lowest layer. None when none is left."""
    sign = -1.0 if rules.inject_pick == "highest" else 1.0
    found = sorted((sign * scores[s.start], s.start) for s in layout.spans if not s.merged and s.start in scores)
    if not found:
        return None
    margin = found[1][0] - found[0][0] if len(found) > 1 else None
    return Inject(found[0][1], scores[found[0][1]], margin, scores_from)
