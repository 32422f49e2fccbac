"""Loads a benchmark under the protocol `instructeval` (declare-lab/instruct-eval, with which Table II was made).

One row at a time, no stop strings, no log-likelihoods, no chat template; docs/evaluation.md has the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...data.task import DataError
from ..fence.fence import refusal
from . import bbh, drop, humaneval, mmlu
from .benchmark import Benchmark, Verdict, begins_with_gold
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
    sampling: Mapping[str, float | bool] = field(default_factory=dict)


SUITES: dict[str, Suite] = {
    "mmlu": Suite(mmlu.SHOTS, 2, "micro", "exact prefix, mean over questions"),
    "bbh": Suite(bbh.SHOTS, 32, "macro", "exact prefix, mean over tasks"),
    "drop": Suite(drop.SHOTS, 8, "micro", "exact prefix, mean over questions"),
    "humaneval": Suite(0, humaneval.NEW_TOKENS, "micro", "pass@1 of one sample", humaneval.SAMPLING),
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
    allow_code_execution: bool = False,
) -> Benchmark:
    """A benchmark's rows with their prompts.

    `folder` has a folder for each benchmark (`mmlu`, `bbh`, `drop`, `humaneval`); None reads the hub. `encode`:
    `prompts.encoder` of the model's tokenizer. `limit`: most input tokens, `prompts.input_limit` of the model's name.
    `rows`: a sample of so many, drawn with `seed`. `none`: how MMLU's choices None are asked. `tasks`: only these
    subjects or tasks. `allow_code_execution`: HumanEval's verdicts run programs that the model wrote, which takes
    permission and a fence.
    Raises DataError for rows that are missing or damaged, and for a row that occurs in its own prompt.
    """
    check_asked(name, BENCHMARKS, rows, allow_code_execution=allow_code_execution)
    suite, (reading, judge) = SUITES[name], _judged(name, folder, none, tasks)
    available = sum(len(task.rows) for task in reading.tasks)
    wanted = available if rows is None else min(rows, available)
    asked = fitted(drawn(reading.tasks, wanted, seed), encode, limit)
    options: dict[str, str | int] = {"limit": limit} if suite.shots else {}
    if name == "mmlu":
        options["none"] = none
    return Benchmark(
        name=name,
        rows=asked,
        available=available,
        shots=suite.shots,
        max_new_tokens=suite.max_new_tokens,
        sampling=suite.sampling,
        mean=suite.mean,
        metric=suite.metric,
        data=reading.hash(),
        options=options,
        notes=[*reading.notes, *_notes(asked, suite.shots, limit, available, seed)],
        judge=judge,
    )


def check_asked(name: str, known: Sequence[str], rows: int | None, *, allow_code_execution: bool) -> None:
    """Raises DataError for a benchmark that is none of `known`, a sample of no rows, and programs that can't run."""
    if name not in known:
        raise DataError(f"no benchmark is named {name!r}; known: {', '.join(known)}")
    if rows is not None and rows < 1:
        raise DataError(f"{name}: a sample must have at least one row, and {rows} were asked for")
    if name == "humaneval" and (problem := _unrunnable(allow_code_execution)):
        raise DataError(problem)


def sample_notes(rows: int, available: int, seed: int) -> list[str]:
    """What a quick look says of itself."""
    return [f"a seeded sample of {rows:,} of {available:,} rows (seed {seed})"] if rows < available else []


def _unrunnable(allowed: bool) -> str | None:
    """Why HumanEval's programs can't run; None where they may and can."""
    if not allowed:
        return (
            "humaneval runs programs that the model writes: it needs your permission, --allow-code-execution of lor2c "
            "eval, or evaluate.allow_code_execution: true in a spec"
        )
    return (why := refusal()) and f"humaneval runs programs that the model writes, and {why}"


def read(name: str, folder: Path | None, none: NoneText = "nan", tasks: Collection[str] | None = None) -> Reading:
    """All rows of a benchmark as text. Raises DataError."""
    return _judged(name, folder, none, tasks)[0]


def _judged(
    name: str, folder: Path | None, none: NoneText, tasks: Collection[str] | None
) -> tuple[Reading, Callable[[str, Row], Verdict]]:
    """What the source has, and what judges outputs."""
    own = None if folder is None else folder / name
    judge: Callable[[str, Row], Verdict] = begins_with_gold
    if name == "mmlu":
        reading = mmlu.from_hub(none, tasks) if own is None else mmlu.from_folder(own, none, tasks)
    elif name == "bbh":
        reading = bbh.from_hub(tasks) if own is None else bbh.from_folder(own, tasks)
    elif name == "drop":
        reading = drop.from_hub() if own is None else drop.from_folder(own)
    else:
        reading, problems = humaneval.from_hub() if own is None else humaneval.from_folder(own)
        judge = humaneval.judge(problems)
    known = {task.name for task in reading.tasks}
    if missing := sorted(set(tasks or ()) - known):
        raise DataError(f"{name}: no rows of {', '.join(missing)}; there are {', '.join(sorted(known)) or 'none'}")
    return reading, judge


def _notes(rows: Sequence[Row], shots: int, limit: int, available: int, seed: int) -> list[str]:
    said = sample_notes(len(rows), available, seed)
    if not shots:
        return said  # nothing can be left out, and the published code looks at no length here
    if short := sum(row.shots < shots for row in rows):
        said.append(f"{short:,} rows have fewer than {shots} shots, to fit {limit:,} tokens")
    if long := sum(len(row.ids) > limit for row in rows):
        said.append(f"{long:,} rows have more than {limit:,} tokens without shots, and are asked as they are")
    return said
