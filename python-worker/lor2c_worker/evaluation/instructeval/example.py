"""What a benchmark's reader gives: rows as text, before shots are fitted and anything is tokenized."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """One row: a question in the benchmark's form, and the answer that counts."""

    #: Names the row in records and messages, alike in every place that has the row.
    id: str
    #: MMLU's subject, BBH's task, else the benchmark itself: what per-task scores are of.
    task: str
    #: Counted from 0 in the file, as the recordings count.
    row: int
    #: The block of the prompt that asks, to its end.
    question: str
    #: What a shot shows as the answer.
    answer: str
    #: The text that must not begin another block of its prompt (`leak.py`).
    own: str
    #: A text that must not occur in its prompt at all; empty for none.
    secret: str = ""
    #: What the output's verdict depends on besides; empty where it begins with `answer`.
    test: str = ""
    #: The source's own texts that the question is made of, for a protocol that asks in another form.
    parts: tuple[str, ...] = ()

    @property
    def gold(self) -> str | None:
        """What a right output begins with; None where a test decides."""
        return None if self.test else self.answer

    def as_shot(self) -> str:
        return f"{self.question} {self.answer}\n\n"


@dataclass(frozen=True)
class TaskRows:
    """The rows of one task that are scored, all with the same head and shots."""

    name: str
    rows: Sequence[Example]
    head: str = ""
    shots: Sequence[Example] = ()

    def prompt(self, row: Example, shots: int) -> str:
        """The prompt of a row with the first `shots` shots."""
        return self.head + "".join(shot.as_shot() for shot in self.shots[:shots]) + row.question


@dataclass(frozen=True)
class Reading:
    """All of a benchmark that its source has."""

    tasks: Sequence[TaskRows]
    #: What to know about the source, such as which tasks it lacks; without the benchmark's name.
    notes: Sequence[str] = ()

    def hash(self) -> str:
        """sha256 of every text that a prompt or a verdict can depend on, whichever files or hub it came from."""
        digest = hashlib.sha256()
        for task in sorted(self.tasks, key=lambda task: task.name):
            digest.update(_framed("task", task.name, task.head))
            for kind, rows in (("shot", task.shots), ("row", task.rows)):
                for row in rows:
                    digest.update(_framed(kind, row.id, row.question, row.answer, row.test))
        return digest.hexdigest()


def _framed(*texts: str) -> bytes:
    """Texts with their lengths, so that no two lists of texts give the same bytes."""
    parts = [text.encode() for text in texts]
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)
