"""MMLU (Hendrycks et al. 2021) as InstructEval asks it: five shots, and the letter of the right choice."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

from ...data.cells import shown
from ...data.task import DataError, checked_text
from . import hub
from .example import Example, Reading, TaskRows
from .files import listed, read_text

SHOTS = 5
SUBJECTS, ROWS = 57, 14_042
LETTERS = "ABCD"
HUB = "cais/mmlu"
#: Configurations of the hub's copy that are no subject.
_NO_SUBJECT = ("all", "auxiliary_train")

#: How a choice whose text is None is asked. The published code reads the files with pandas and pins no version of it:
#: since pandas 2.0 such a field counts as missing and is written nan; before, it stayed None. It is 10 fields in all.
NoneText = Literal["nan", "None"]


def from_folder(folder: Path, none: NoneText, only: Collection[str] | None = None) -> Reading:
    """Reads `test/<subject>_test.csv` and `dev/<subject>_dev.csv` of a folder. Raises DataError."""
    ending = "_test.csv"
    subjects = [path.name.removesuffix(ending) for path in listed(folder / "test", ending, "MMLU's test rows")]
    tasks = []
    for subject in subjects:
        if only is None or subject in only:
            tests = list(_csv(folder / "test" / f"{subject}{ending}"))
            dev = folder / "dev" / f"{subject}_dev.csv"
            tasks.append(_task(subject, list(_csv(dev)), tests, none, str(dev)))
    return Reading(tasks, _notes(subjects))


def from_hub(none: NoneText, only: Collection[str] | None = None) -> Reading:
    """Reads the hub's copy. Raises DataError with what to do."""
    subjects = [name for name in hub.configs(HUB) if name not in _NO_SUBJECT]
    tasks = []
    for subject in subjects:
        if only is None or subject in only:
            tests, dev = (list(_from_hub(subject, split)) for split in ("test", "dev"))
            tasks.append(_task(subject, dev, tests, none, hub.place(HUB, subject, "dev")))
    return Reading(tasks, _notes(subjects))


def _notes(subjects: Sequence[str]) -> list[str]:
    return [] if len(subjects) == SUBJECTS else [f"{len(subjects)} of {SUBJECTS} subjects are there"]


#: (place for a message, question, four choices, letter)
_Fields = tuple[str, list[str]]


def _csv(path: Path) -> Iterator[_Fields]:
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    begin = 1
    try:
        for fields in reader:
            if fields:
                yield f"{path}:{begin}", fields
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}:{begin}: not a CSV row: {error}") from error


def _from_hub(subject: str, split: str) -> Iterator[_Fields]:
    for where, row in hub.rows(HUB, subject, split):
        answer = row["answer"]
        letter = LETTERS[answer] if isinstance(answer, int) and 0 <= answer < 4 else str(answer)
        yield where, [row["question"], *row["choices"], letter]


def _task(subject: str, dev: Sequence[_Fields], tests: Sequence[_Fields], none: NoneText, where_dev: str) -> TaskRows:
    if len(dev) < SHOTS:
        raise DataError(f"{where_dev}: {len(dev)} rows, and {SHOTS} shots are needed")
    # Two blanks stand before the name: the published code puts one in front of every part of it.
    name = "".join(f" {part}" for part in subject.split("_"))
    return TaskRows(
        subject,
        [_example(subject, i, fields, none) for i, fields in enumerate(tests)],
        f"The following are multiple choice questions (with answers) about {name}.\n\n",
        [_example(subject, i, fields, none, "dev/") for i, fields in enumerate(dev[:SHOTS])],
    )


def _example(subject: str, row: int, of: _Fields, none: NoneText, split: str = "") -> Example:
    where, fields = of
    if len(fields) != 6:
        raise DataError(f"{where}: {len(fields)} fields, and a question, four choices and a letter are needed")
    for text in fields:
        checked_text(text, where)
    question, *choices, letter = (none if field == "None" else field for field in fields)
    if letter not in tuple(LETTERS):
        raise DataError(f"{where}: the answer must be A, B, C or D, and is {shown(letter)}")
    lines = "".join(f"\n{name}. {choice}" for name, choice in zip(LETTERS, choices, strict=True))
    block = f"{question}{lines}\nAnswer:"
    return Example(f"{split}{subject}/{row}", subject, row, block, letter, block, parts=(question, *choices))
