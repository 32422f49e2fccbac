"""Scores and their standard errors from right and wrong, per task and in all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

#: micro: the share of all rows that are right. macro: the plain mean of the tasks' shares, whatever their sizes.
Mean = Literal["micro", "macro"]


@dataclass(frozen=True)
class Score:
    """A score as a share from 0 to 1; tables print it times 100."""

    value: float
    #: Of the rows as a sample of such rows; None where one row can't tell.
    standard_error: float | None
    rows: int
    #: Rows that are wholly right.
    right: int
    #: By task; none within a task.
    tasks: Mapping[str, Score] = field(default_factory=dict)


def score(verdicts: Sequence[tuple[str, float]], mean: Mean) -> Score:
    """The score from (task, how right) of every scored row, from 0 to 1. Raises ValueError without rows."""
    if not verdicts:
        raise ValueError("no row was scored")
    by_task: dict[str, list[float]] = {}
    for task, right in verdicts:
        by_task.setdefault(task, []).append(right)
    tasks = {task: _share(own) for task, own in by_task.items()}
    whole = _share([right for _, right in verdicts])
    if mean == "micro":
        return Score(whole.value, whole.standard_error, whole.rows, whole.right, tasks)
    value = sum(task.value for task in tasks.values()) / len(tasks)
    return Score(value, _error_of_mean(tasks, whole), whole.rows, whole.right, tasks)


def _share(rights: Sequence[float]) -> Score:
    rows = len(rights)
    mean = math.fsum(rights) / rows
    spread = math.fsum((right - mean) ** 2 for right in rights)
    error = math.sqrt(spread / (rows - 1) / rows) if rows > 1 else None
    return Score(mean, error, rows, sum(right == 1 for right in rights))


def _error_of_mean(tasks: Mapping[str, Score], whole: Score) -> float | None:
    """The tasks are given and their rows a sample. A task with one row is as uncertain as a row of all tasks is."""
    if whole.standard_error is None:
        return None
    of_a_row = whole.standard_error * math.sqrt(whole.rows)
    errors = (of_a_row if task.standard_error is None else task.standard_error for task in tasks.values())
    return math.sqrt(sum(error**2 for error in errors)) / len(tasks)
