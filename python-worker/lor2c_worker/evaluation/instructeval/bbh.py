"""BIG-Bench Hard (Suzgun et al. 2022) as InstructEval asks it: three direct answers as shots, no chain of thought."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...data.cells import shown
from ...data.task import DataError
from . import hub
from .example import Example, Reading, TaskRows
from .files import listed, read_json, text_field

SHOTS = 3
TASKS = 27
#: The copy without a loading script, which `datasets` no longer runs.
HUB = "SaylorTwift/bbh"


def from_folder(folder: Path, only: Collection[str] | None = None) -> Reading:
    """Reads `<task>.json` files, each an object with `examples` of `input` and `target`. Raises DataError."""
    paths = listed(folder, ".json", "the tasks of BIG-Bench Hard")
    tasks = [_task(path.stem, list(_json(path)), str(path)) for path in paths if only is None or path.stem in only]
    return Reading(tasks, _notes(len(paths)))


def from_hub(only: Collection[str] | None = None) -> Reading:
    """Reads the hub's copy. Raises DataError with what to do."""
    names = hub.configs(HUB)
    tasks = []
    for name in names:
        if only is None or name in only:
            tasks.append(_task(name, list(hub.rows(HUB, name, "test")), hub.place(HUB, name, "test")))
    return Reading(tasks, _notes(len(names)))


def _notes(tasks: int) -> list[str]:
    return [] if tasks == TASKS else [f"{tasks} of {TASKS} tasks are there"]


def _json(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    content = read_json(path)
    examples = content.get("examples") if isinstance(content, dict) else None
    if not isinstance(examples, list):
        raise DataError(f"{path}: expected an object with a list 'examples', found {shown(content)}")
    for row, example in enumerate(examples):
        where = f"{path}: examples[{row}]"
        if not isinstance(example, dict):
            raise DataError(f"{where}: expected an object with 'input' and 'target', found {shown(example)}")
        yield where, example


def _task(name: str, rows: Sequence[tuple[str, dict[str, Any]]], where: str) -> TaskRows:
    examples = [_example(name, i, place, row) for i, (place, row) in enumerate(rows)]
    if len(examples) <= SHOTS:
        raise DataError(f"{where}: {len(examples)} rows, of which the first {SHOTS} are shots: none is left to score")
    return TaskRows(name, examples[SHOTS:], shots=examples[:SHOTS])


def _example(task: str, row: int, where: str, fields: dict[str, Any]) -> Example:
    target = text_field(fields, "target", where)
    if not target:
        raise DataError(f"{where}: 'target' is empty, and every output begins with it")
    asked = text_field(fields, "input", where)
    block = f"{asked}\nAnswer:"
    return Example(f"{task}/{row}", task, row, block, target, block, parts=(asked,))
