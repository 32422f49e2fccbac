"""What the worker says that it does before an answer."""

from __future__ import annotations

import time
from pathlib import Path

from worker import Worker, only, settings

from lor2c_worker import messages
from lor2c_worker.doing import doing, telling
from lor2c_worker.sources import stamp_of


def test_a_part_that_is_over_leaves_what_it_was_part_of() -> None:
    told: list[tuple[str, str]] = []
    with doing("rows", "nobody listens"):
        pass
    with telling(lambda what, of: told.append((what, of))), doing("rows", "mrpc"), doing("download", "glue"):
        pass
    assert told == [("rows", "mrpc"), ("download", "glue"), ("rows", "mrpc")]


def test_each_thing_is_told_once_however_many_cells_need_it(worker: Worker, place: Path) -> None:
    while any(stamp_of(path) is None for path in [place / "data", *(place / "data").iterdir()]):
        time.sleep(0.1)  # rows that are so new are read again for each cell
    worker.send(type="inspect", request="i", settings=[settings(place, seed=seed) for seed in range(4)])
    told = [(event.what, event.of, event.request) for event in only(worker.until_done(), messages.Doing)]
    assert [what for what, _, _ in told] == ["rows", "config"]
    assert {request for _, _, request in told} == {"i"}
