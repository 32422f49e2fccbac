"""Says what an evaluation would be: rows, shots, tokens, and the hashes under which its results are kept."""

from __future__ import annotations

from collections.abc import Callable

from .. import messages
from ..errors import Interrupted, PlainError
from ..prompting.subject import Subject
from .protocols import ask


def plan_evaluation(command: messages.PlanEvaluation, send: Callable[..., None], stopped: Callable[[], bool]) -> None:
    """Send `evaluation_planned`. A benchmark that cannot be scored is a problem, and the others are planned.

    Raises SettingsError when the model cannot be found, and Interrupted. Reads no weights, other than to hash them.
    """
    subject = Subject.of(command.folder, command.settings)
    tokenizer = subject.tokenizer()
    planned, problems = [], []
    for name in command.benchmarks:
        if stopped():
            raise Interrupted("stopped before the evaluation was planned")
        try:
            asked = ask(subject, command.evaluation, name, tokenizer)
        except PlainError as error:
            problems.append(str(error))
            continue
        fields = asked.described() | {"prompt_tokens": asked.prompt_tokens()}
        planned.append(messages.EvaluationPlannedBenchmark(**fields))
    send(
        messages.EvaluationPlanned,
        request=command.request,
        problems=problems,
        model_hash=subject.model_hash(),
        adapter_hash=subject.adapter_hash(),
        benchmarks=planned,
    )
