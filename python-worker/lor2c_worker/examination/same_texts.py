"""Texts that occur more than once, within a split and in two of them. Hashes stand for the texts: 8 bytes a row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..data.task import Split

#: Texts that are given as examples, and the most rows of each.
FIRST, OCCURRENCES = 5, 4


@dataclass(frozen=True)
class Keys:
    """What identifies the rows of a split."""

    split: str
    text: np.ndarray  # [N] uint64, equal for texts that differ only in case and blanks
    both: np.ndarray  # [N] uint64, equal for equal texts with equal labels
    blank: np.ndarray  # rows with a text of nothing but blanks, ascending


#: The JSON form of a row of a split: text, second text, labels.
Shown = Callable[[str, int], dict[str, object]]


def keys_of(name: str, split: Split) -> Keys:
    """Reads every text once. By chance two different texts of a million share a key once in 10 million splits."""
    text = np.empty(len(split), dtype=np.uint64)
    labels = np.empty(len(split), dtype=np.uint64)
    blank: list[int] = []
    known: dict[object, int] = {}
    for row in range(len(split)):
        segments = [" ".join(segment.split()).casefold() for segment in _segments(split, row)]
        if not all(segments):
            blank.append(row)
        text[row] = _hash("\x1f".join(segments))
        label = split.labels[row]
        if (found := known.get(label)) is None:
            found = _hash(repr(label))
            if len(known) < 10_000:  # values of a regression may all differ
                known[label] = found
        labels[row] = found
    # Multiplied by an odd number, so that texts and labels don't cancel out.
    return Keys(name, text, text ^ (labels * np.uint64(0x9E3779B97F4A7C15)), np.array(blank, dtype=np.int64))


def _segments(split: Split, row: int) -> tuple[str, ...]:
    return (split.text[row],) if split.pair is None else (split.text[row], split.pair[row])


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "little")


def repeated(keys: Keys, shown: Shown) -> dict[str, object]:
    """Rows that repeat an earlier row of the split, whatever their label."""
    rows = len(keys.text) - len(np.unique(keys.text))
    return _found(rows, _groups(keys, contradicting=False), keys, shown)


def contradicting(keys: Keys, shown: Shown) -> dict[str, object]:
    """Rows of texts that have several labels within the split."""
    rows = sum(len(group) for group in _groups(keys, contradicting=True))
    return _found(rows, _groups(keys, contradicting=True), keys, shown)


def _groups(keys: Keys, *, contradicting: bool) -> Iterator[np.ndarray]:
    """The rows of each text that occurs several times, ascending, in the order of their first rows."""
    order = np.argsort(keys.text, kind="stable")
    ordered = keys.text[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(order) else order
    ends = np.append(starts[1:], len(order))
    several = np.flatnonzero(ends - starts > 1)
    for group in several[np.argsort(order[starts[several]], kind="stable")]:
        rows = order[starts[group] : ends[group]]
        if not contradicting or len(np.unique(keys.both[rows])) > 1:
            yield rows


def _found(rows: int, groups: Iterator[np.ndarray], keys: Keys, shown: Shown) -> dict[str, object]:
    first = []
    for group in groups:
        first.append(_same([(keys.split, int(row)) for row in group[:OCCURRENCES]], shown))
        if len(first) == FIRST:
            break
    return {"rows": rows, "first": first}


def shared(known: Keys, found: Keys, shown: Shown) -> dict[str, object]:
    """Rows of `found` whose text is in `known` too: with the label of one of its rows there, or with another one."""
    order = np.argsort(known.text, kind="stable")
    ordered = known.text[order]
    place = np.searchsorted(ordered, found.text)
    inside = place < len(ordered)
    inside[inside] = ordered[place[inside]] == found.text[inside]
    same = inside & np.isin(found.both, known.both)

    def part(rows: np.ndarray) -> dict[str, object]:
        examples = []
        for row in rows[:FIRST]:
            first = int(order[place[row]])
            examples.append(_same([(known.split, first), (found.split, int(row))], shown))
        return {"rows": len(rows), "first": examples}

    return {
        "known_from": known.split,
        "found_in": found.split,
        "same_label": part(np.flatnonzero(same)),
        "other_label": part(np.flatnonzero(inside & ~same)),
    }


def _same(rows: list[tuple[str, int]], shown: Shown) -> dict[str, object]:
    """The first row's text, and where it occurs."""
    first = shown(*rows[0])
    occurrences = [{"split": split, "row": row + 1, "labels": shown(split, row)["labels"]} for split, row in rows]
    return {"text": first["text"], "text_pair": first["text_pair"], "occurrences": occurrences}
