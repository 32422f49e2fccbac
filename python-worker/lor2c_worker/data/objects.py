"""Objects of JSON, in which a key may not occur twice."""

from __future__ import annotations

from typing import Any


class Twice(Exception):
    """A key of a JSON object that occurs twice; JSON's reader would take the last one."""


def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `json.loads(object_pairs_hook=...)`. Raises Twice."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise Twice(next(name for name in names if names.count(name) > 1))
    return made
