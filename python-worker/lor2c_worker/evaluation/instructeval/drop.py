"""DROP (Dua et al. 2019) as InstructEval asks it: rows with one accepted answer, three of them drawn as shots.

The published figures are over 6,285 rows of an older copy of the hub's data set, whose answers are the validators'
only. The development file keeps other rows and draws other shots, so those figures can't be had exactly from it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from ...data.cells import shown
from ...data.task import DataError, checked_text
from . import hub
from .example import Example, Reading, TaskRows
from .files import read_json_lines, text_field

SHOTS = 3
#: Of Python's own `random`, with which the published code draws the shots.
SEED = 0
HUB = "ucinlp/drop"
FILES = ("drop_v0_dev.jsonl.gz", "drop_v0_dev.jsonl")

_BEGIN, _QUESTION, _END = "Passage: ", "\nQuestion: ", "\nAnswer:"


def from_folder(folder: Path) -> Reading:
    """Reads the development set's lines of `context` and `ref_text`. Raises DataError."""
    path = _file(folder)
    return _reading(_lines(path), str(path))


def from_hub() -> Reading:
    """Reads the hub's copy. Raises DataError with what to do."""
    return _reading(_hub(), hub.place(HUB, None, "validation"))


def _file(folder: Path) -> Path:
    return next((folder / name for name in FILES if (folder / name).is_file()), folder / FILES[0])


#: (place for a message, row from 0, passage, question, accepted answers)
_Row = tuple[str, int, str, str, list[str]]


def _lines(path: Path) -> Iterator[_Row]:
    for row, (where, fields) in enumerate(read_json_lines(path)):
        context, answers = text_field(fields, "context", where), text_field(fields, "ref_text", where)
        passage, found, question = context.removeprefix(_BEGIN).partition(_QUESTION)
        if not (context.startswith(_BEGIN) and found and question.endswith(_END)):
            raise DataError(
                f"{where}: 'context' must be 'Passage: …', then lines 'Question: …' and 'Answer:': {shown(context)}"
            )
        yield where, row, passage, question.removesuffix(_END), answers.split("|")


def _hub() -> Iterator[_Row]:
    for number, (where, row) in enumerate(hub.rows(HUB, None, "validation")):
        for name in ("passage", "question"):
            checked_text(row[name], where)
        yield where, number, row["passage"], row["question"], list(row["answers_spans"]["spans"])


def every_answer(folder: Path | None) -> Reading:
    """All rows but those on the passages of the same shots, with every accepted answer: `Example.test` is their list,
    as JSON. None reads the hub's copy. Raises DataError."""
    if folder is None:
        return _reading(_hub(), hub.place(HUB, None, "validation"), every=True)
    path = _file(folder)
    return _reading(_lines(path), str(path), every=True)


def _reading(rows: Iterator[_Row], where: str, every: bool = False) -> Reading:
    found: list[tuple[str, Example, bool]] = []
    for place, row, passage, question, accepted in rows:
        answers = [answer.strip() for answer in accepted]
        single = len(set(answers)) == 1
        if "" in answers and (every or single):
            raise DataError(f"{place}: an answer is empty, and every output begins with it")
        asked, about = question.strip(), passage.strip()
        test = json.dumps(answers) if every else ""
        example = Example(
            f"drop/{row}", "drop", row, f"{about} {asked}\nAnswer:", answers[0], about, test=test, parts=(about, asked)
        )
        found.append((passage, example, single))
    kept = [(passage, example) for passage, example, single in found if single]
    if len(kept) <= SHOTS:
        raise DataError(f"{where}: {len(kept)} rows have one accepted answer, and {SHOTS} shots and a row are needed")
    drawn = random.Random(SEED).sample(kept, SHOTS)
    passages = {passage for passage, _ in drawn}
    scored = [example for passage, example, single in found if (single or every) and passage not in passages]
    if not scored:
        raise DataError(f"{where}: every row shares its passage with a shot; none is left to score")
    which = "those" if every else "those with one accepted answer,"
    note = f"{len(scored):,} of {len(found):,} rows are scored: {which} on no shot's passage"
    return Reading([TaskRows("drop", scored, shots=[example for _, example in drawn])], [note])
