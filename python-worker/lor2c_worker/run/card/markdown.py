"""Texts from data inside of Markdown: names of labels, models and columns may have any character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$])")


def plain(text: str) -> str:
    """`text` in one line, with characters that cannot be shown, or not be written as UTF-8, as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def escaped(text: str) -> str:
    """`text` as Markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\1", plain(text))


def code(text: str) -> str:
    """`text` as inline code."""
    shown = plain(text)
    marks = "`" * (_longest_run(shown) + 1)
    blank = " " if shown[:1] == "`" or shown[-1:] == "`" else ""
    return f"{marks}{blank}{shown}{blank}{marks}" if shown else ""


def block(language: str, lines: Iterable[str]) -> str:
    """Lines of code. They may have runs of backticks."""
    content = "\n".join(lines)
    fence = "`" * max(3, _longest_run(content) + 1)
    return f"{fence}{language}\n{content}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are Markdown."""
    # A pipe ends a cell, also within code.
    cells = [[re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(head), ["---"] * len(head), *cells])


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
