"""The tasks of protocol `lm-eval`, as lm-evaluation-harness defines tasks, over rows that are here already.

The library's own definitions read the hub. These follow them but for a few things: shots of BBH are the first rows of
its file (its own come with worked reasoning), answers of BBH and DROP end at the end of a line (its own end at any Q,
and at any point, which cuts decimals), and HumanEval's programs run in the fence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..fence.fence import run
from ..instructeval.example import Example, TaskRows
from ..instructeval.humaneval import SECONDS, Problem

#: (what was generated, row) -> the row's value, and what became of a program.
Judge = Callable[[str, Example], tuple[float, str | None]]


@dataclass(frozen=True)
class Definition:
    """How one benchmark is asked."""

    shots: int
    #: The library's name of the metric, and the score in words.
    metric: str
    words: str
    #: New tokens at most, and the texts that end an answer. 0: nothing is generated, and the most likely choice counts.
    max_new_tokens: int = 0
    until: tuple[str, ...] = ()


DEFINITIONS: dict[str, Definition] = {
    "mmlu": Definition(5, "acc", "most likely letter, mean over questions"),
    "bbh": Definition(3, "exact_match", "exact match, mean over questions", 64, ("\n",)),
    "drop": Definition(3, "f1", "F1 over bags of words, mean over questions", 64, ("\n",)),
    "humaneval": Definition(0, "pass@1", "pass@1 of one sample", 1024, ("\nclass", "\ndef", "\n#", "\nif", "\nprint")),
}
LETTERS = ["A", "B", "C", "D"]


def asked(name: str, task: TaskRows) -> TaskRows:
    """A task's rows in the form that this protocol asks them in."""
    form = _FORMS[name]
    rows, shots = ([_as(row, form) for row in part] for part in (task.rows, task.shots))
    about = task.name.replace("_", " ")
    head = f"The following are multiple choice questions (with answers) about {about}.\n\n" if name == "mmlu" else ""
    return TaskRows(task.name, rows, head, shots)


def _as(row: Example, form: Callable[..., str]) -> Example:
    text = form(*row.parts)
    return replace(row, question=text, own=text if row.own == row.question else row.own)


def _choices(question: str, *choices: str) -> str:
    lines = "".join(f"\n{letter}. {choice}" for letter, choice in zip(LETTERS, choices, strict=True))
    return f"{question.strip()}{lines}\nAnswer:"


_FORMS: dict[str, Callable[..., str]] = {
    "mmlu": _choices,
    "bbh": lambda text: f"Q: {text}\nA:",
    "drop": lambda passage, question: f"Passage: {passage}\nQuestion: {question}\nAnswer:",
    "humaneval": lambda prompt: prompt,
}


def judge_of(name: str, problems: Mapping[str, Problem]) -> Judge:
    """What judges generated answers; raises FenceError for programs that can't be fenced."""

    def exactly(output: str, row: Example) -> tuple[float, str | None]:
        return float(output.strip() == row.answer.strip()), None

    def bags(output: str, row: Example) -> tuple[float, str | None]:
        from lm_eval.tasks.drop.utils import process_results

        values = process_results({"answers": [(answer,) for answer in json.loads(row.test)]}, [output.strip()])
        return float(values["f1"]), f"exact match {values['em']:g}"

    def passes(output: str, row: Example) -> tuple[float, str | None]:
        ran = run(problems[row.id].program(output), SECONDS)
        return float(ran.passed), ran.detail

    return {"bbh": exactly, "drop": bags, "humaneval": passes}[name]


def config_of(name: str, task: TaskRows, values: Callable[[dict[str, Any], list[Any]], dict[str, float]] | None) -> Any:
    """The library's configuration of one task. `values`: (doc, outputs) -> its values by metric; None for choices.

    Shots have a split of their own. With shots and scored rows in one, the library's `first_n` gives a row its own
    answer wherever the splits have different names.
    """
    own = DEFINITIONS[name]
    config: dict[str, Any] = {
        "task": f"{name}_{task.name}",
        "custom_dataset": lambda **_: _splits(task),
        "test_split": "test",
        "fewshot_split": "shots" if own.shots else None,
        "fewshot_config": {"sampler": "first_n"},
        "num_fewshot": own.shots,
        "description": task.head,
        "doc_to_text": "text",
        "doc_to_target": "target",
        "metric_list": [{"metric": own.metric, "aggregation": "mean", "higher_is_better": True}],
    }
    if not own.max_new_tokens:
        return config | {"output_type": "multiple_choice", "doc_to_choice": LETTERS}
    kwargs = {"until": list(own.until), "max_gen_toks": own.max_new_tokens, "do_sample": False}
    return config | {"output_type": "generate_until", "generation_kwargs": kwargs, "process_results": values}


def _splits(task: TaskRows) -> dict[str, Any]:
    from datasets import Dataset

    docs: dict[str, Sequence[Example]] = {"test": task.rows, "shots": task.shots}
    # Choices are targets by their number.
    return {
        split: Dataset.from_list(
            [{"id": row.id, "text": row.question, "target": _target(row)} for row in rows],
        )
        for split, rows in docs.items()
        if rows
    }


def _target(row: Example) -> int | str:
    return LETTERS.index(row.answer) if len(row.parts) == 1 + len(LETTERS) else row.answer
