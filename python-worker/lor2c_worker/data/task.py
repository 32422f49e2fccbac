"""What a task is: labelled rows with one or two text segments, and the scores that judge predictions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat
from typing import Any, Literal, Protocol

import numpy as np

from ..errors import PlainError
from ..keyed.seeding import permutation
from ..settings import DataSettings, SettingsError, TaskSettings
from .labels import Labels
from .texts import Texts

#: classify: each row has one of the classes. multi_label: it has any number of them. regress: it has a number.
#: language_model: it is a text, of which some tokens are to be predicted from those before them.
Kind = Literal["classify", "regress", "multi_label", "language_model"]


class DataError(PlainError, ValueError):
    """The rows are not available, or not what the task expects. The message says what to do."""


def not_utf8(where: str, error: UnicodeDecodeError) -> DataError:
    """The error for a line in another encoding, which spreadsheets often write. `where`: file and line."""
    byte = error.object[error.start]
    return DataError(f"{where}: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8")


def checked_text(text: str, where: str) -> str:
    """`text`, which a tokenizer can read. Raises DataError for half a surrogate pair, with which a cut text may end,
    and for NUL, of which a file in UTF-16 is full."""
    if "\0" in text:
        raise DataError(f"{where}: the text has the character NUL; save the file as UTF-8 text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        odd = f"\\u{ord(text[error.start]):04x}"
        raise DataError(
            f"{where}: {odd} is half a surrogate pair and no character: remove it, or write both halves"
        ) from None
    return text


@dataclass(frozen=True)
class Origin:
    """The place that rows were read from, and the number of each there."""

    place: str
    numbers: np.ndarray  # [N] int64

    def take(self, rows: Sequence[int] | np.ndarray) -> Origin:
        return Origin(self.place, self.numbers[np.asarray(rows, dtype=np.int64)])


@dataclass(frozen=True)
class Split:
    """Rows of one split. `pair` is None for single-sentence tasks; labels are class indices or floats. Of a language
    model `text` has prompts and `pair` responses, or `text` alone has conversations; the labels, all 0, mean nothing.

    A task that is scored on several sets of rows has the name of each row's set in `part`: `accuracy_mm` is the
    accuracy of the rows of part `mm`.
    """

    text: Sequence[str]
    labels: Sequence[Any]
    pair: Sequence[str] | None = None
    part: tuple[str, ...] | None = None
    #: Where the rows were read, for messages.
    origin: Origin | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", Labels.of(self.labels))

    def __len__(self) -> int:
        return len(self.text)

    def take(self, rows: Sequence[int] | np.ndarray) -> Split:
        return Split(
            _taken(self.text, rows),
            Labels.of(self.labels).take(rows),
            None if self.pair is None else _taken(self.pair, rows),
            None if self.part is None else tuple(self.part[i] for i in rows),
            None if self.origin is None else self.origin.take(rows),
        )

    def where(self, row: int) -> str:
        """What to call a row in a message."""
        return f"row {row + 1}" if self.origin is None else f"{self.origin.place}:{self.origin.numbers[row]}"


def _taken(texts: Sequence[str], rows: Sequence[int] | np.ndarray) -> Sequence[str]:
    return texts.take(rows) if isinstance(texts, Texts) else tuple(texts[i] for i in rows)


@dataclass(frozen=True)
class TaskData:
    """The rows of both splits, what their labels mean and which scores judge predictions."""

    train: Split
    eval: Split
    #: Empty for regression.
    label_names: tuple[str, ...]
    kind: Kind
    #: Those that are computed; the first one chooses the best epoch unless the spec names another.
    scores: tuple[str, ...]
    notes: tuple[str, ...] = ()
    #: What a plan should say about the settings; the notes have it too.
    warnings: tuple[str, ...] = ()
    #: The labels are those of the user's rows, not of a registered task: their names and order are then content too.
    own_labels: bool = False
    #: Columns of the training rows, each with what it is used as: text, text_pair, label, or None.
    columns: tuple[tuple[str, str | None], ...] = ()

    @property
    def num_labels(self) -> int:
        """Width of the head: 1 for regression."""
        return len(self.label_names) or 1

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the rows, so that equal content has the same fingerprint in any folder or format.

        Computed once: the cells of a sweep share their rows, and hashing a large task takes most of a second.
        """
        digest = hashlib.sha256()
        if self.own_labels:
            digest.update("\x1f".join((self.kind, *self.label_names)).encode() + b"\x1d")
        for split in (self.train, self.eval):
            pairs = repeat("") if split.pair is None else split.pair
            for i, (text, pair, label) in enumerate(zip(split.text, pairs, split.labels, strict=False)):
                fields: tuple[str, ...] = (text, pair, repr(label))
                if split.part:
                    fields = (*fields, split.part[i])
                digest.update("\x1f".join(fields).encode() + b"\x1e")
            digest.update(b"\x1d")
        return digest.hexdigest()


@dataclass(frozen=True)
class Declared:
    """What decides the head of a model."""

    num_labels: int
    kind: Kind


class Task(Protocol):
    """One registered task. Add a file with an object of this shape and one line in data/__init__.py."""

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def kind(self) -> Kind:
        """What it is for the catalog; the rows that were read say it for certain (`TaskData.kind`)."""

    @property
    def pairs(self) -> bool | None:
        """True when a row has two text segments; None where the rows decide."""

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of all its scores; the first one chooses the best epoch unless the spec names another."""

    def declared(self, task: TaskSettings) -> Declared | None:
        """What is known without rows; None where the rows decide."""

    def load(self, task: TaskSettings, data: DataSettings) -> TaskData:
        """All rows of both splits, in a fixed order. Raises DataError or SettingsError."""


def subset(split: Split, count: int | None, seed: int, purpose: str) -> Split:
    """The first `count` rows of a permutation drawn from the seed, in their original order."""
    if count is None or count >= len(split):
        return split
    keep = permutation(len(split), seed, purpose)[:count]
    return split.take(np.sort(keep.numpy()))


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


#: Keys of `data` that are for the user's own rows: the other tasks know where their splits are.
OWN_KEYS = ("config", "train_split", "dev_split", "dev_rows")


def fixed_labels(registered: Task, task: TaskSettings, data: DataSettings) -> tuple[str, ...]:
    """The scores to compute of a task whose labels and splits are fixed. Raises SettingsError when the spec names its
    own."""
    for key in OWN_KEYS:
        if getattr(data, key) is not None:
            raise SettingsError(
                f"data.{key}: the splits of {registered.name} are fixed. For rows of your own use task: classify or "
                "regress"
            )
    if task.labels is not None:
        raise SettingsError(
            f"task.labels: the labels of {registered.name} are fixed. For labels of your own use task: classify"
        )
    return chosen_scores(registered.scores, task.metrics, registered.name)


def chosen_scores(scores: tuple[str, ...], metrics: Sequence[str] | None, what: str) -> tuple[str, ...]:
    """`task.metrics` in their order, else all. Raises SettingsError for one that `what` does not have."""
    if metrics is None:
        return scores
    if not metrics:
        raise SettingsError("task.metrics: name at least one score, or leave it out for all")
    for number, name in enumerate(metrics):
        if name not in scores:
            raise SettingsError(f"task.metrics {name!r}: {what} has {', '.join(scores)}")
        if name in metrics[:number]:
            raise SettingsError(f"task.metrics has {name} twice")
    return tuple(metrics)
