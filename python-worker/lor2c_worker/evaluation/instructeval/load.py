"""Loads a benchmark under the protocol `instructeval` (declare-lab/instruct-eval, with which Table II was made).

One row at a time, no stop strings, no log-likelihoods, no chat template; docs/evaluation.md has the rules.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...data.task import DataError
from . import bbh, drop, mmlu
from .benchmark import Benchmark, begins_with_gold
from .example import Reading
from .mmlu import NoneText
from .prompts import INPUT_LIMIT, Encode, Row, fitted
from .sample import drawn
from .scores import Mean


@dataclass(frozen=True)
class Suite:
    shots: int
    max_new_tokens: int
    mean: Mean
    metric: str


SUITES: dict[str, Suite] = {
    "mmlu": Suite(mmlu.SHOTS, 2, "micro", "exact prefix, mean over questions"),
    "bbh": Suite(bbh.SHOTS, 32, "macro", "exact prefix, mean over tasks"),
    "drop": Suite(drop.SHOTS, 8, "micro", "exact prefix, mean over questions"),
}
#: Names of the benchmarks, in the order of Table II.
BENCHMARKS = tuple(SUITES)


def load(
    name: str,
    folder: Path | None,
    encode: Encode,
    *,
    limit: int = INPUT_LIMIT,
    rows: int | None = None,
    seed: int = 0,
    none: NoneText = "nan",
    tasks: Collection[str] | None = None,
) -> Benchmark:
    """A benchmark's rows with their prompts.

    `folder` has a folder for each benchmark (`mmlu`, `bbh`, `drop`); None reads the hub. `encode`: `prompts.encoder`
    of the model's tokenizer. `limit`: most input tokens, `prompts.input_limit` of the model's name. `rows`: a sample of
    so many, drawn with `seed`. `none`: how MMLU's choices None are asked. `tasks`: only these subjects or tasks.
    Raises DataError for rows that are missing or damaged, and for a row that occurs in its own prompt.
    """
    if name not in SUITES:
        raise DataError(f"no benchmark is named {name!r}; known: {', '.join(BENCHMARKS)}")
    if rows is not None and rows < 1:
        raise DataError(f"{name}: a sample must have at least one row, and {rows} were asked for")
    suite, reading = SUITES[name], read(name, folder, none, tasks)
    available = sum(len(task.rows) for task in reading.tasks)
    wanted = available if rows is None else min(rows, available)
    asked = fitted(drawn(reading.tasks, wanted, seed), encode, limit)
    options: dict[str, str | int] = {"limit": limit}
    if name == "mmlu":
        options["none"] = none
    return Benchmark(
        name=name,
        rows=asked,
        available=available,
        shots=suite.shots,
        max_new_tokens=suite.max_new_tokens,
        sampling={},
        mean=suite.mean,
        metric=suite.metric,
        data=reading.hash(),
        options=options,
        notes=[*reading.notes, *_notes(name, asked, suite.shots, limit, available, seed)],
        judge=begins_with_gold,
    )


def read(name: str, folder: Path | None, none: NoneText = "nan", tasks: Collection[str] | None = None) -> Reading:
    """All rows of a benchmark as text. Raises DataError."""
    reading = _read(name, None if folder is None else folder / name, none, tasks)
    known = {task.name for task in reading.tasks}
    if missing := sorted(set(tasks or ()) - known):
        raise DataError(f"{name}: no rows of {', '.join(missing)}; there are {', '.join(sorted(known)) or 'none'}")
    return reading


def _read(name: str, folder: Path | None, none: NoneText, tasks: Collection[str] | None) -> Reading:
    if name == "mmlu":
        return mmlu.from_hub(none, tasks) if folder is None else mmlu.from_folder(folder, none, tasks)
    if name == "bbh":
        return bbh.from_hub(tasks) if folder is None else bbh.from_folder(folder, tasks)
    return drop.from_hub() if folder is None else drop.from_folder(folder)


def _notes(name: str, rows: Sequence[Row], shots: int, limit: int, available: int, seed: int) -> list[str]:
    said = []
    if len(rows) < available:
        said.append(f"{name}: a seeded sample of {len(rows):,} of {available:,} rows (seed {seed})")
    if short := sum(row.shots < shots for row in rows):
        said.append(f"{name}: {short:,} rows have fewer than {shots} shots, to fit {limit:,} tokens")
    if long := sum(len(row.ids) > limit for row in rows):
        said.append(f"{name}: {long:,} rows have more than {limit:,} tokens without shots, and are asked as they are")
    return said
