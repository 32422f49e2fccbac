"""Examples of a Markdown page: blocks of Python, what they print, and the tables beside them."""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CODE = re.compile(r"(`+)(.+?)\1(?!`)")
#: Runs the blocks, those of a page in one namespace. What one prints is followed by the last line of its error, as
#: Python shows it.
_DRIVER = """
import contextlib, io, json, pathlib, sys, traceback

namespaces, said = {}, []
for place, code in json.loads(sys.stdin.read()):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(code, place, "exec"), namespaces.setdefault(place.partition(":")[0], {"__name__": "__main__"}))
        except Exception as error:
            traceback.print_exc()
            print(*traceback.format_exception_only(error), sep="", end="")
    said.append(out.getvalue())
modules = sorted({name.partition(".")[0] for name in sys.modules})
pathlib.Path(sys.argv[1]).write_text(json.dumps([said, modules]))
"""


@dataclass(frozen=True)
class Example:
    #: The page and the line where it begins.
    place: str
    code: str
    #: What it prints, and the last line of its error if it ends with one. `...` stands for anything; blanks and line
    #: breaks are alike.
    prints: str

    def said(self, text: str) -> bool:
        """Whether `text` is what it prints."""
        return doctest.OutputChecker().check_output(self.prints, text, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)


def examples(page: str) -> list[Example]:
    """Blocks of Python in the order of the page. The block of text that comes right after one is what it prints.

    Raises ValueError for a block in another language, which nobody would run.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    fences = [*re.finditer(r"^```(\w*)\n(.*?)^```$\n?", text, re.DOTALL | re.MULTILINE), None]
    found = []
    for block, after in pairwise(fences):
        assert block is not None
        if block[1] not in ("python", "text"):
            raise ValueError(f"{page}: a block of {block[1] or 'no language'!r}, expected python or text")
        if block[1] == "python":
            follows = after is not None and after[1] == "text" and not text[block.end() : after.start()].strip()
            prints = after[2] if follows and after is not None else ""
            found.append(Example(f"{page}:{text.count(chr(10), 0, block.start()) + 1}", block[2], prints))
    return found


def run(given: list[Example], folder: Path, **variables: str) -> tuple[list[str], list[str]]:
    """What each says, in one process that works in `folder`; and the packages that it imported."""
    out = folder / "said.json"
    source = json.dumps([(each.place, each.code) for each in given])
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python-worker"), "PYTHONWARNINGS": "ignore", **variables}
    command = [sys.executable, "-c", _DRIVER, str(out)]
    done = subprocess.run(
        command, input=source, cwd=folder, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    said, packages = json.loads(out.read_text(encoding="utf-8"))
    return said, packages


def rows(page: str, heading: str) -> list[list[list[str]]]:
    """The code in each cell of each row of the table whose first column has this heading."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([[code.strip() for _, code in _CODE.findall(cell)] for cell in line.strip("|").split("|")])
    return found
