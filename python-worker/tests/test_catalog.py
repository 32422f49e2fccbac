"""The catalog has what each parameter declares."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from lor2c_worker.catalog import catalog, parameters
from lor2c_worker.methods.entry import setting
from lor2c_worker.rules import Rules
from lor2c_worker.settings import Since


@dataclass(frozen=True)
class Params:
    old: int = setting(1, "As before")
    new: int | None = setting(3, "Of a later day", since=Since("2030-01-01", before=None))


def test_a_parameter_says_since_when_it_is_and_with_which_value_runs_are_as_before() -> None:
    old, new = parameters(Params)
    assert "since" not in old
    assert new["since"] == {"day": "2030-01-01", "before": None}
    assert new["default"] == 3


def test_a_rule_says_so_too() -> None:
    (score, *_) = dataclasses.fields(Rules)
    assert "since" in score.metadata  # a later rule is declared with `_rule(..., since=Since(...))`


def test_every_method_and_every_parameter_is_in_it() -> None:
    methods: list[dict[str, Any]] = catalog()["methods"]
    assert len(methods) >= 12
    assert all(parameter["doc"] for method in methods for parameter in method["parameters"])
