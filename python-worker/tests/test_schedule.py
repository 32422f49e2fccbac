"""Times and choices of events by semantics.md sections 3 and 4, and properties for every layout and score."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lor2c_worker.rules import PRESETS, Rules, preset_name, resolve_rules
from lor2c_worker.schedule import (
    Inject,
    Layout,
    Merge,
    Progress,
    Schedule,
    Span,
    choose_inject,
    choose_merge,
    decide,
)

PAPER, INTENDED, OFFICIAL = (PRESETS[name] for name in ("paper", "intended", "official"))


def rules(**fields: object) -> Rules:
    return dataclasses.replace(PAPER, **fields)


@pytest.mark.parametrize(
    ("epochs", "count", "interval"),
    # An exact quotient q of E / 4 / M gives q, any other rounds up (semantics.md section 3).
    [(12, 2, 2), (12, 1, 3), (16, 1, 4), (16, 4, 1), (30, 1, 8), (30, 4, 2), (80, 5, 4), (3, 1, 1), (60, 3, 5)],
)
def test_intervals_round_up(epochs: int, count: int, interval: int) -> None:
    schedule = Schedule(epochs, count, count, PAPER)
    assert (schedule.merge_interval, schedule.inject_interval) == (interval, interval)
    assert Schedule(epochs, 0, count, PAPER).merge_interval is None


def test_language_models_have_real_intervals() -> None:
    schedule = Schedule(3, 8, 3, PAPER, causal=True)
    assert (schedule.merge_interval, schedule.inject_interval) == (3 / 32, 0.25)
    assert Schedule(3, 8, 3, OFFICIAL, causal=True).merge_interval == 1


@pytest.mark.parametrize(
    ("merge", "inject", "snapshots"),
    # S and the epochs e with floor(e + S/2) mod S = 0, written out by hand.
    [(1, None, [1, 2, 3, 4]), (2, None, [1, 3, 5, 7]), (3, None, [2, 5, 8]), (4, 2, [1, 3, 5]), (None, 4, [2, 6, 10]),
     (5, None, [3, 8, 13]), (6, 4, [2, 6, 10]), (7, 7, [4, 11])],
)  # fmt: skip
def test_snapshots(merge: int | None, inject: int | None, snapshots: list[int]) -> None:
    """Budgets of one event give an interval of E / 4, exactly."""

    @dataclasses.dataclass(frozen=True)
    class Given(Schedule):
        def interval(self, budget: int) -> float | None:
            return {1: merge, 2: inject}[budget]

    schedule = Given(40, 1, 2, OFFICIAL)
    last = snapshots[-1]
    assert [e for e in range(1, last + 1) if schedule.takes_snapshot(e)] == snapshots
    assert schedule.deciding_epoch(last + 0.0) == last
    assert schedule.deciding_epoch(snapshots[0]) == snapshots[0]
    if snapshots[0] > 1:
        assert schedule.deciding_epoch(snapshots[0] - 1) is None


def test_no_events_take_no_snapshot() -> None:
    assert not any(Schedule(8, 0, 0, OFFICIAL).takes_snapshot(e) for e in range(9))


def test_the_smallest_sum_merges_and_ties_go_low() -> None:
    layout = Layout.initial(5)
    merge = choose_merge(PAPER, layout, {0: 1.0, 1: 0.5, 2: 0.5, 3: 0.5, 4: 3.0}, 1)
    assert merge == Merge(Span(1, 1), Span(2, 2), keep=1, score=1.0, margin=0.0, scores_from=1)
    kept = choose_merge(PAPER, layout, {0: 9.0, 1: 9.0, 2: 1.0, 3: 2.0, 4: 4.0}, 1)
    assert kept is not None
    assert (kept.first.start, kept.keep, kept.score, kept.margin) == (2, 3, 3.0, 3.0)
    first = choose_merge(rules(merge_keep="first"), layout, {0: 9.0, 1: 9.0, 2: 1.0, 3: 2.0, 4: 4.0}, 1)
    assert first is not None
    assert first.keep == 2


def test_a_merged_module_merges_again_up_to_max_span() -> None:
    layout = Layout((Span(0, 2), Span(3, 3), Span(4, 5)))
    scores = {0: 0.1, 3: 0.1, 4: 5.0}
    assert choose_merge(PAPER, layout, scores, 1).span == Span(0, 3)
    assert choose_merge(PAPER, layout, scores, 1, max_span=4).span == Span(0, 3)
    assert choose_merge(PAPER, layout, scores, 1, max_span=3).span == Span(3, 5)
    assert choose_merge(PAPER, layout, scores, 1, max_span=2) is None


def test_nothing_merges_across_a_hole_and_beside_it_only_where_allowed() -> None:
    layout = Layout((Span(0, 0), Span(1, 1), Span(3, 3), Span(4, 4), Span(5, 5)), injected=(2,))
    scores = {0: 2.0, 1: 1.0, 3: 1.0, 4: 3.0, 5: 9.0}
    assert choose_merge(PAPER, layout, scores, 1).span == Span(0, 1)
    assert choose_merge(rules(merge_beside_injected="forbidden"), layout, scores, 1).span == Span(4, 5)


def test_injection_takes_unmerged_modules_by_score() -> None:
    layout = Layout((Span(0, 1), Span(2, 2), Span(3, 3), Span(4, 4)))
    scores = {0: 0.0, 2: 3.0, 3: 1.0, 4: 3.0}
    assert choose_inject(PAPER, layout, scores, 1) == Inject(3, 1.0, 2.0, 1)
    assert choose_inject(rules(inject_pick="highest"), layout, scores, 1) == Inject(2, 3.0, 0.0, 1)
    assert choose_inject(PAPER, Layout((Span(0, 1),), (2,)), {0: 1.0}, 1) is None


def test_injection_sees_the_merge_of_the_same_epoch() -> None:
    schedule = Schedule(4, 1, 1, INTENDED)
    scores = {0: 0.0, 1: 0.2, 2: 9.0}
    decisions, progress = decide(schedule, Layout.initial(3), Progress(), 1, scores | {0: 9.5, 2: 0.1}, 1)
    assert [type(d) for d in decisions] == [Merge, Inject]
    assert decisions[0].span == Span(1, 2)
    assert decisions[1].layer == 0
    assert (progress.merges, progress.injections) == (1, 1)


def test_official_sharing_never_merges_and_injects_in_order() -> None:
    schedule = Schedule(8, 2, 3, OFFICIAL, share=True)
    layout, progress, taken = Layout.initial(4), Progress(), []
    for epoch in range(1, 9):
        scores = {s.start: 1.0 + s.start for s in layout.spans}
        decisions, progress = decide(schedule, layout, progress, epoch, scores, epoch)
        for decision in decisions:
            assert isinstance(decision, Inject)
            taken.append((epoch, decision.layer))
            layout = layout.inject(decision.layer)
    assert taken == [(1, 0), (2, 1), (3, 2)]


def test_a_try_without_candidate_costs_nothing_and_comes_again() -> None:
    schedule = Schedule(8, 1, 2, INTENDED)
    layout = Layout((Span(0, 1),), (2, 3))
    decisions, progress = decide(schedule, layout, Progress(), 2, {0: 1.0}, 2)
    assert decisions == []
    assert (progress.merges, progress.injections, progress.merge_tries, progress.inject_tries) == (0, 0, 1, 1)
    assert schedule.due(3, progress) == (False, True)
    assert schedule.due(4, progress) == (True, True)


def test_real_intervals_are_checked_after_each_step() -> None:
    schedule = Schedule(3, 3, 2, PAPER, causal=True)  # merges every 0.25 epochs, injections every 0.375
    layout, progress, events = Layout.initial(8), Progress(), []
    for step in range(1, 31):  # ten steps per epoch
        scores = {s.start: float(s.start + 1) for s in layout.spans}
        decisions, progress = decide(schedule, layout, progress, step / 10, scores, step / 10)
        for d in decisions:
            events.append((step, "merge" if isinstance(d, Merge) else "inject"))
            layout = layout.merge(d.first, d.second) if isinstance(d, Merge) else layout.inject(d.layer)
    assert events == [(3, "merge"), (4, "inject"), (5, "merge"), (8, "merge"), (8, "inject")]


def test_presets_are_values_and_fields_can_be_replaced() -> None:
    assert resolve_rules("official") == OFFICIAL
    mixed = resolve_rules({"preset": "official", "merged_trains": True})
    assert preset_name(mixed) is None
    assert dataclasses.replace(mixed, merged_trains=False) == OFFICIAL
    assert preset_name(resolve_rules(dataclasses.asdict(INTENDED))) == "intended"
    for bad in ({"score": "size"}, {"preset": "papers"}, {"keep": 1}, {"score_k": 0}):
        with pytest.raises(ValueError, match="rules"):
            resolve_rules(bad)
    with pytest.raises(ValueError, match="snapshot"):
        resolve_rules({"preset": "official", "interval": "real"})


def simulate(schedule: Schedule, layers: int, draw: object) -> Iterator[tuple[float, Layout, list[object], Layout]]:
    """(epoch, layout before, decisions, layout after) for every epoch end, with scores drawn anew each time."""
    layout, progress, history = Layout.initial(layers), Progress(), {}
    for epoch in range(1, schedule.epochs + 1):
        history[epoch] = {s.start: draw() for s in layout.spans}
        source = schedule.deciding_epoch(epoch)
        decisions, progress = decide(schedule, layout, progress, epoch, history.get(source, {}), source or 0)
        before = layout
        for d in decisions:
            layout = layout.merge(d.first, d.second) if isinstance(d, Merge) else layout.inject(d.layer)
        yield epoch, before, decisions, layout


any_rules = st.builds(
    lambda preset, changes: dataclasses.replace(PRESETS[preset], **changes),
    st.sampled_from(sorted(PRESETS)),
    st.fixed_dictionaries(
        {
            "inject_pick": st.sampled_from(["lowest", "highest"]),
            "merge_keep": st.sampled_from(["higher_score", "first"]),
            "merge_beside_injected": st.sampled_from(["allowed", "forbidden"]),
            "scores_from": st.sampled_from(["fresh", "snapshot"]),
        }
    ),
)


@settings(max_examples=200, deadline=None)
@given(
    rules=any_rules,
    layers=st.integers(1, 10),
    epochs=st.integers(1, 20),
    merges=st.integers(0, 6),
    injections=st.integers(0, 6),
    share=st.booleans(),
    max_span=st.none() | st.integers(2, 5),
    data=st.data(),
)
def test_always(
    rules: Rules,
    layers: int,
    epochs: int,
    merges: int,
    injections: int,
    share: bool,
    max_span: int | None,
    data: st.DataObject,
) -> None:
    """Budgets hold; spans and injected layers partition the layers; no merge crosses a gap; merged modules stay."""
    schedule = Schedule(epochs, merges, injections, rules, max_span, share)
    merged = injected = 0
    ever_merged: set[int] = set()
    for epoch, before, decisions, after in simulate(schedule, layers, lambda: data.draw(st.integers(0, 3)) / 2):
        covered = [layer for s in after.spans for layer in range(s.start, s.end + 1)]
        assert sorted([*covered, *after.injected]) == list(range(layers))
        assert list(after.spans) == sorted(after.spans)
        kinds = [type(d) for d in decisions]
        assert kinds in ([], [Merge], [Inject], [Merge, Inject])
        for d in decisions:
            assert d.margin is None or d.margin >= 0
            assert d.scores_from <= epoch
            if isinstance(d, Merge):
                merged += 1
                assert epoch % schedule.merge_interval == 0
                assert d.first.end + 1 == d.second.start
                assert d.keep in (d.first.start, d.second.start)
                assert max_span is None or len(d.span) <= max_span
                ever_merged |= set(range(d.span.start, d.span.end + 1))
            else:
                injected += 1
                assert epoch % schedule.inject_interval == 0
                assert d.layer not in ever_merged
        assert set(before.injected) <= set(after.injected)
    assert merged <= merges
    assert injected <= injections
    if share and rules.share_scores == "first":
        assert merged == 0


@settings(max_examples=100, deadline=None)
@given(layers=st.integers(2, 8), value=st.floats(0, 2), data=st.data())
def test_equal_scores_have_a_fixed_order(layers: int, value: float, data: st.DataObject) -> None:
    layout = Layout.initial(layers)
    for layer in data.draw(st.lists(st.integers(0, layers - 1), unique=True, max_size=layers - 2)):
        layout = layout.inject(layer)
    scores = {s.start: value for s in layout.spans}
    pairs = [(a, b) for a, b in zip(layout.spans, layout.spans[1:], strict=False) if a.end + 1 == b.start]
    merge = choose_merge(PAPER, layout, scores, 1)
    assert (None if merge is None else (merge.first, merge.second)) == (pairs[0] if pairs else None)
    for pick in ("lowest", "highest"):
        inject = choose_inject(rules(inject_pick=pick), layout, scores, 1)
        assert inject is not None
        assert inject.layer == layout.spans[0].start
