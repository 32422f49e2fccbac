"""What a task is: labelled rows with one or two text segments, and the scores that judge predictions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol

from ..errors import PlainError
from ..keyed.seeding import permutation
from ..settings import DataSettings

Kind = Literal["classify", "regress"]


class DataError(PlainError, ValueError):
    """The rows are not available, or not what the task expects. The message says what to do."""


def not_utf8(where: str, error: UnicodeDecodeError) -> DataError:
    """The error for a file in another encoding, which spreadsheets often write; names line and byte."""
    line = error.object.count(b"\n", 0, error.start) + 1
    byte = error.object[error.start]
    return DataError(f"{where}:{line}: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8")


def checked_text(text: str, where: str) -> str:
    """`text`, which a tokenizer can read. Raises DataError for half a surrogate pair, which a cut text may end with."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        odd = f"\\u{ord(text[error.start]):04x}"
        raise DataError(
            f"{where}: {odd} is half a surrogate pair and no character: remove it, or write both halves"
        ) from None
    return text


@dataclass(frozen=True)
class Split:
    """Rows of one split. `pair` is None for single-sentence tasks; labels are class indices or floats.

    A task that is scored on several sets of rows has the name of each row's set in `part`: `accuracy_mm` is the
    accuracy of the rows of part `mm`.
    """

    text: tuple[str, ...]
    labels: tuple[int, ...] | tuple[float, ...]
    pair: tuple[str, ...] | None = None
    part: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.text)

    def take(self, rows: Sequence[int]) -> Split:
        return Split(
            tuple(self.text[i] for i in rows),
            tuple(self.labels[i] for i in rows),
            None if self.pair is None else tuple(self.pair[i] for i in rows),
            None if self.part is None else tuple(self.part[i] for i in rows),
        )


@dataclass(frozen=True)
class TaskData:
    """The rows of both splits, and what their labels mean. `label_names` is empty for regression."""

    train: Split
    eval: Split
    label_names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    #: What a plan should say about the settings; the notes have it too.
    warnings: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the rows, so that equal content has the same fingerprint in any folder or format.

        Computed once: the cells of a sweep share their rows, and hashing a large task takes most of a second.
        """
        digest = hashlib.sha256()
        for split in (self.train, self.eval):
            for i, text in enumerate(split.text):
                fields: tuple[str, ...] = (text, split.pair[i] if split.pair else "", repr(split.labels[i]))
                if split.part:
                    fields = (*fields, split.part[i])
                digest.update("\x1f".join(fields).encode() + b"\x1e")
            digest.update(b"\x1d")
        return digest.hexdigest()


class Task(Protocol):
    """One registered task. Add a file with an object of this shape and one line in data/__init__.py."""

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def pairs(self) -> bool:
        """True when a row has two text segments."""

    @property
    def num_labels(self) -> int:
        """Width of the head: number of classes, 1 for regression."""

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores; the first one chooses the best epoch unless the spec names another."""

    def load(self, data: DataSettings) -> TaskData:
        """All rows of both splits, in a fixed order. Raises DataError."""


def subset(split: Split, count: int | None, seed: int, purpose: str) -> Split:
    """The first `count` rows of a permutation drawn from the seed, in their original order."""
    if count is None or count >= len(split):
        return split
    keep = permutation(len(split), seed, purpose)[:count]
    return split.take(sorted(int(i) for i in keep))


def with_subsets(task_data: TaskData, data: DataSettings) -> TaskData:
    """Apply `data.train_rows` and `data.eval_rows`, each a seeded subset, and say so in the notes."""
    notes, warnings = list(task_data.notes), []
    splits = {}
    for name, split, count in (
        ("train", task_data.train, data.train_rows),
        ("eval", task_data.eval, data.eval_rows),
    ):
        kept = subset(split, count, data.split_seed, f"{name}_rows")
        if len(kept) < len(split):
            notes.append(
                f"{name}: a seeded subset of {len(kept):,} of {len(split):,} rows "
                f"(data.{name}_rows, data.split_seed {data.split_seed})"
            )
        elif count is not None and count > len(split):
            warnings.append(f"data.{name}_rows {count:,}: there are {len(split):,} rows; all are used")
        splits[name] = kept
    return replace(
        task_data, train=splits["train"], eval=splits["eval"], notes=(*notes, *warnings), warnings=tuple(warnings)
    )
