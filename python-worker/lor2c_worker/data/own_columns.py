"""Which columns of the user's rows are text, second text and label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .task import DataError, Kind

#: Names that are taken without being asked for, where only one of them is there. The longer one wins over its part.
TEXTS: tuple[tuple[str, ...], ...] = (
    ("text", "text_pair"),
    ("text1", "text2"),
    ("sentence1", "sentence2"),
    ("text",),
    ("sentence",),
)
LABELS: dict[str, tuple[str, ...]] = {"classify": ("label", "labels"), "regress": ("label", "score")}


@dataclass(frozen=True)
class Columns:
    """`text` and `pair` are several columns that `separator` joins, or one."""

    text: tuple[str, ...]
    pair: tuple[str, ...] | None
    label: str
    separator: str = " "

    def used(self, found: Sequence[str]) -> tuple[tuple[str, str | None], ...]:
        """Each of the columns `found` with what it is used as."""
        uses = {self.label: "label"} | dict.fromkeys(self.pair or (), "text_pair") | dict.fromkeys(self.text, "text")
        return tuple((name, uses.get(name)) for name in found)

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.text, *(self.pair or ()), self.label)


def columns_of(given: Mapping[str, Any] | None, found: Sequence[str], kind: Kind, where: str) -> Columns:
    """The columns that the spec names; the obvious ones of `found` for what it does not name.

    Raises DataError that lists the columns and says what to write.
    """
    asked = given or {}
    for key in ("prompt", "input", "response", "messages"):
        if asked.get(key) is not None:
            raise DataError(f"data.columns.{key} is for task: instruct; this task has text, text_pair and label")
    here = f"{where} has the columns {', '.join(map(str, found))}"
    text, pair = _names(asked.get("text")), _names(asked.get("text_pair"))
    if text is None:
        if pair is not None:
            raise DataError("data.columns has text_pair without text: name both")
        text, pair = _default_texts(found, here)
    label = asked.get("label") or _default_label(found, kind, here)
    columns = Columns(text, pair, label, asked.get("separator", " "))
    for name in columns.all:
        if name not in found:
            raise DataError(f"{here}; there is no {name!r} (data.columns)")
    return columns


def _names(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


def _default_texts(found: Sequence[str], here: str) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    there = [names for names in TEXTS if all(name in found for name in names)]
    there = [names for names in there if not any(set(names) < set(other) for other in there)]
    if len(there) == 1:
        [names] = there
        return names[:1], names[1:] or None
    why = "no column with an obvious name for the text" if not there else "several that may be the text"
    raise DataError(f"{here}: {why}. Name it with data.columns: {{text: ...}}, and a second one with text_pair")


def _default_label(found: Sequence[str], kind: Kind, here: str) -> str:
    names = [name for name in LABELS[kind] if name in found]
    if len(names) == 1:
        return names[0]
    why = "no column with an obvious name for the label" if not names else "several that may be the label"
    raise DataError(f"{here}: {why}. Name it with data.columns: {{label: ...}}")
