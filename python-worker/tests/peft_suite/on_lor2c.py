"""peft's tests, with LoR2C in place of the methods that they go through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import FunctionType
from typing import Any

import pytest

#: Structures on three layers.
STRUCTURES: dict[str, dict[str, Any]] = {
    "plain": {},
    "merged": {"spans": [[0, 1], [2, 2]]},
    "one-span": {"spans": [[0, 2]]},
    "injected": {"spans": [[0, 0], [2, 2]], "injected": [1]},
    "merged-injected": {"spans": [[0, 1]], "injected": [2]},
    "share": {"share": True},
    "share-merged-injected": {"spans": [[1, 2]], "injected": [0], "share": True},
}
#: Those that say in their spans where modules are, which `layers_to_transform` says too: a config has one of the two.
WITHOUT_SPANS = ("plain", "share")


def structures(**more: Any) -> dict[str, dict[str, Any]]:
    """Arguments of Lor2cConfig, by structure."""
    return {name: {"r": 4, "injected_r": 2, **structure, **more} for name, structure in STRUCTURES.items()}


def on_lor2c(
    tests: type,
    number: int,
    methods: Sequence[Any],
    ours: Mapping[str, Any],
    *,
    models: tuple[Sequence[Any], Mapping[str, str]] | None = None,
    only: Mapping[str, Iterable[str]] | None = None,
    also: Iterable[str] = (),
) -> type:
    """A class with those tests of `tests` that have peft's list `methods` as parameters, with our values by their ids
    instead; each test of peft that goes through its methods has such a list. `models` exchanges a list of models too,
    `only` has a test go through some of our values, `also` names tests without parameters. There must be `number`
    tests, so that none is lost in a newer peft."""

    def values(test: str) -> dict[str, Any]:
        return {name: value for name, value in ours.items() if name in (only or {}).get(test, ours)}

    named = {name: test for name in dir(tests) if isinstance(test := getattr(tests, name), FunctionType)}
    kept = {name: test for name, test in named.items() if name in also or _exchange(test, methods, values(name))}
    if len(kept) != number:
        raise ValueError(f"{tests.__name__} has {len(kept)} tests of all methods, expected {number}: {sorted(kept)}")
    for test in kept.values() if models else ():
        _exchange(test, *models)
    hidden = {name: None for name in named if name.startswith("test") and name not in kept}
    return type(tests.__name__, (tests,), {**hidden, "__module__": tests.__module__})


def _exchange(test: Any, theirs: Sequence[Any], ours: Mapping[str, Any]) -> bool:
    """Whether the test has these parameters."""
    marks = getattr(test, "pytestmark", [])
    for i, mark in enumerate(marks):
        if mark.name == "parametrize" and mark.args[1] is theirs:
            marks[i] = pytest.mark.parametrize(mark.args[0], list(ours.values()), ids=list(ours)).mark
            return True
    return False
