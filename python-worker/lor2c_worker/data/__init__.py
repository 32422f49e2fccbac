"""Registry of tasks: one line each."""

from __future__ import annotations

from dataclasses import replace

from ..settings import DataSettings, SettingsError, TaskSettings
from .glue_tasks import TASKS as glue
from .instruct import TASKS as instruct
from .label_check import check_labels
from .movie_reviews import TASK as movie_reviews
from .own_task import TASKS as own
from .task import DataError, Split, Task, TaskData, with_subsets

TASKS: dict[str, Task] = {task.name: task for task in (movie_reviews, *glue, *own, *instruct)}


def task_of(name: str) -> Task:
    if name not in TASKS:
        raise SettingsError(f"unknown task {name!r}; known are {', '.join(sorted(TASKS))}")
    return TASKS[name]


def load_task(task: TaskSettings | str, data: DataSettings) -> TaskData:
    """The task's rows, cut down to the subsets that the settings ask for. Raises DataError or SettingsError."""
    chosen = TaskSettings(task) if isinstance(task, str) else task
    try:
        found = with_subsets(task_of(chosen.name).load(chosen, data), data)
    except FileNotFoundError as error:
        raise DataError(f"data.path: there is no {error.filename}") from None
    except OSError as error:
        raise DataError(f"task {chosen.name}, data.path {data.path}: {error}") from error
    if found.kind != "language_model" and (data.template is not None or data.train_on != "response"):
        key = "template" if data.template is not None else "train_on"
        raise SettingsError(f"data.{key} is for tasks of texts to learn, such as instruct; {chosen.name} has labels")
    if not found.own_labels:
        return found
    notes, warnings = check_labels(found)
    return replace(found, notes=(*found.notes, *notes, *warnings), warnings=(*found.warnings, *warnings))


__all__ = ["TASKS", "DataError", "Split", "Task", "TaskData", "load_task", "task_of"]
