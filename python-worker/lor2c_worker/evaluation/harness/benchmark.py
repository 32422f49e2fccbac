"""Benchmarks under protocol `lm-eval`: lm-evaluation-harness builds prompts, asks and judges; nothing is fetched.

The library is imported only where rows are scored, so that a plan needs none of it.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data.task import DataError
from ...imported import imported_version
from ...install import install_command
from ..instructeval import bbh, drop, humaneval, mmlu
from ..instructeval.example import Example, Reading, TaskRows
from ..instructeval.humaneval import Problem
from ..instructeval.load import check_asked, sample_notes
from ..instructeval.sample import drawn
from ..instructeval.scores import Score, score
from .definitions import DEFINITIONS, Definition, asked, config_of, judge_of

if TYPE_CHECKING:
    from .model import Speaking

PROTOCOL = "lm-eval"
REQUIREMENT = "lm-eval==0.4.13"
BENCHMARKS = tuple(DEFINITIONS)
#: The decoding, whatever the model's generation_config says.
DECODING = "greedy"


@dataclass(frozen=True)
class Scored:
    """One row, asked and judged."""

    row: Example
    #: What was generated, or the letter of the most likely choice.
    output: str
    #: From 0 to 1.
    value: float
    detail: str | None
    prompt: str
    prompt_tokens: int
    new_tokens: int
    #: Tokens at the front of the prompt that were left out, as the model has no positions for them.
    cut: int


@dataclass(frozen=True)
class HarnessBenchmark:
    """The rows of one benchmark under the protocol, in their order."""

    name: str
    rows: Sequence[Example]
    #: Rows that the source has to score; `rows` are fewer in a quick look.
    available: int
    #: sha256 of the content of all available rows and shots (`Reading.hash`).
    data: str
    notes: Sequence[str]
    tasks: Sequence[TaskRows]
    problems: Mapping[str, Problem] = field(default_factory=dict)

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.name]

    def prompts(self) -> dict[str, str]:
        """Every row's prompt by its id, as the library builds it; for the forecast."""
        of = {task.name: task for task in self.tasks}
        return {row.id: of[row.task].prompt(row, self.definition.shots) for row in self.rows}

    def run(self, rows: Sequence[Example], speaking: Speaking) -> list[Scored]:
        """Ask and judge some of the rows. Raises DataError without the library, and for a row in its own prompt."""
        evaluator, configurable = _library()
        from .model import HarnessModel

        judged: dict[str, str | None] = {}
        wanted = {row.id: row for row in rows}
        model = HarnessModel(speaking, wanted)
        tasks = {}
        for task in self.tasks:
            if own := [row for row in task.rows if row.id in wanted]:
                part = replace(task, rows=own)
                made = configurable(config=config_of(self.name, part, self._values(part, judged)))
                tasks[made.config.task] = made
        found = evaluator.evaluate(
            lm=model, task_dict={"tasks": tasks, "groups": {}}, bootstrap_iters=0, log_samples=True
        )
        scored = {}
        for samples in found["samples"].values():
            for sample in samples:
                name = sample["doc"]["id"]
                cost = model.costs[name]
                scored[name] = Scored(
                    row=wanted[name],
                    output=self._output(sample),
                    value=float(sample[self.definition.metric]),
                    detail=judged.get(name),
                    prompt=sample["arguments"][0][0],
                    prompt_tokens=cost.prompt_tokens,
                    new_tokens=cost.new_tokens,
                    cut=cost.cut,
                )
        return [scored[row.id] for row in rows]

    def score(self, values: Mapping[str, float]) -> Score:
        """The score from the value of every row, by the row's id. Raises ValueError for a missing one."""
        missing = [row.id for row in self.rows if row.id not in values]
        if missing:
            raise ValueError(f"{self.name}: {len(missing):,} of {len(self.rows):,} rows have no value: {missing[0]}")
        return score([(row.task, values[row.id]) for row in self.rows], "micro")

    def _values(self, task: TaskRows, judged: dict[str, str | None]) -> Callable[..., dict[str, float]] | None:
        """The library's `process_results` of a task; notes what it says of each row."""
        if not self.definition.max_new_tokens:
            return None
        judge, rows = judge_of(self.name, self.problems), {row.id: row for row in task.rows}

        def values(doc: dict[str, Any], outputs: list[Any]) -> dict[str, float]:
            value, judged[doc["id"]] = judge(outputs[0], rows[doc["id"]])
            return {self.definition.metric: value}

        return values

    def _output(self, sample: Mapping[str, Any]) -> str:
        answers = sample["filtered_resps"]
        if self.definition.max_new_tokens:
            return str(answers[0])
        likely = [log for log, _ in answers]
        return "ABCD"[likely.index(max(likely))]


def load(
    name: str,
    folder: Path | None,
    *,
    rows: int | None = None,
    seed: int = 0,
    tasks: Collection[str] | None = None,
    allow_code_execution: bool = False,
) -> HarnessBenchmark:
    """A benchmark's rows; the parameters are those of the protocol `instructeval`. Raises DataError."""
    check_asked(name, BENCHMARKS, rows, allow_code_execution=allow_code_execution)
    reading, problems = _read(name, None if folder is None else folder / name, tasks)
    own = [asked(name, task) for task in reading.tasks]
    available = sum(len(task.rows) for task in own)
    wanted = available if rows is None else min(rows, available)
    notes = [*reading.notes, *sample_notes(wanted, available, seed)]
    chosen = [row for _, row in drawn(own, wanted, seed)]
    return HarnessBenchmark(name, chosen, available, Reading(own).hash(), notes, own, problems)


def _read(name: str, folder: Path | None, tasks: Collection[str] | None) -> tuple[Reading, Mapping[str, Problem]]:
    if name == "mmlu":  # a choice None stays None, as in the hub's copy that the library reads
        return (mmlu.from_hub("None", tasks) if folder is None else mmlu.from_folder(folder, "None", tasks)), {}
    if name == "bbh":
        return (bbh.from_hub(tasks) if folder is None else bbh.from_folder(folder, tasks)), {}
    if name == "drop":
        return drop.every_answer(folder), {}
    reading, problems = humaneval.from_hub() if folder is None else humaneval.from_folder(folder)
    # The cut of completions, which the note is about, is not this protocol's.
    return Reading(reading.tasks, [note for note in reading.notes if note != humaneval.NOTE]), problems


def check_library() -> str:
    """Name and version of the installed library. Raises DataError with what to do where there is none; imports
    nothing."""
    try:
        found = importlib.util.find_spec("lm_eval") and imported_version("lm-eval", "lm_eval")
    except (ValueError, PackageNotFoundError):
        found = None
    if not found:
        raise _missing("it is not installed")
    return f"lm-eval=={found}"


def _missing(why: str) -> DataError:
    return DataError(f"protocol {PROTOCOL} needs the package lm-eval ({why}): {install_command(REQUIREMENT)}")


def _library() -> tuple[Any, Any]:
    try:
        from lm_eval import evaluator
        from lm_eval.api.task import ConfigurableTask
    except ImportError as error:
        raise _missing(str(error)) from None
    # Each task is announced several times otherwise.
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    return evaluator, ConfigurableTask
