"""A benchmark as it is asked of a model: prompts, how to answer them, and what the answers are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .prompts import Row
from .scores import Mean, Score, score

#: The name under which results are kept. Another one is needed as soon as any prompt or verdict changes.
PROTOCOL = "instructeval"


@dataclass(frozen=True)
class Verdict:
    right: bool
    #: What became of a program; None where the output itself says all.
    detail: str | None = None


@dataclass(frozen=True)
class Benchmark:
    """The rows of one benchmark under the protocol, in their order."""

    name: str
    rows: Sequence[Row]
    #: Rows that the source has to score; `rows` are fewer in a quick look.
    available: int
    shots: int
    #: Nothing stops an answer but these and the model's own end.
    max_new_tokens: int
    #: What generation is told besides: empty, so that the model's own `generation_config` decides, or how to sample.
    sampling: Mapping[str, float | bool]
    mean: Mean
    #: How a row is right and what the score is a mean of, in words.
    metric: str
    #: sha256 of the content of all available rows and shots (`Reading.hash`).
    data: str
    #: Options that make another benchmark of the same data, by name; part of what a result is kept under.
    options: Mapping[str, str | int]
    #: What to say beside the score, without the benchmark's name.
    notes: Sequence[str]
    #: May be called from several threads. Its outputs are the new tokens alone, decoded without special tokens.
    judge: Callable[[str, Row], Verdict]

    def verdict(self, output: str, row: Row) -> bool:
        """Whether an output is right; `judge` also says why not."""
        return self.judge(output, row).right

    def score(self, verdicts: Mapping[str, bool]) -> Score:
        """The score from the verdict of every row, by the row's id. Raises ValueError for a missing one."""
        missing = [row.id for row in self.rows if row.id not in verdicts]
        if missing:
            raise ValueError(f"{self.name}: {len(missing):,} of {len(self.rows):,} rows have no verdict: {missing[0]}")
        return score([(row.task, verdicts[row.id]) for row in self.rows], self.mean)


def begins_with_gold(output: str, row: Row) -> Verdict:
    """The rule of MMLU, BBH and DROP. It is generous: 12 is right for 1, and any word with A for the letter A."""
    return Verdict(row.gold is not None and output.strip().startswith(row.gold))
