"""Scores benchmarks and keeps every row, and goes on from what an earlier worker has kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import messages
from ..channel import Throttle
from ..device import is_out_of_memory
from ..errors import Interrupted, PlainError
from ..generation.batches import Room
from ..generation.generator import Pace
from ..prompting.subject import Speaker, Subject
from ..run.device_usage import metered
from ..run.prepare import ChangedSincePlanned
from .asked import Asked, Asking
from .progress import Left, seconds_left
from .protocols import ask
from .samples import Sample, Samples

#: Most rows of a batch, and of an event.
MOST_ROWS = 256

Send = Callable[..., None]


class TooLittleMemory(PlainError, RuntimeError):
    """Not even one row fits."""


@dataclass
class _Benchmark:
    """One benchmark of the command."""

    asked: Asked
    samples: Samples
    left: Left

    @property
    def name(self) -> str:
        return self.asked.name


def evaluate(command: messages.Evaluate, send: Send, stopped: Callable[[], bool]) -> None:
    """Send `samples`, `evaluating` and one `evaluated` for each benchmark, and `device_usage` meanwhile.

    Raises ChangedSincePlanned when model, adapter, rows or decoding are not those of the plan; Interrupted when
    `stopped` says so, between two tokens; TooLittleMemory; and the errors of loading. Rows that are kept by then stay.
    """
    with metered(send):
        _evaluate(command, send, stopped)


def _evaluate(command: messages.Evaluate, send: Send, stopped: Callable[[], bool]) -> None:
    subject = Subject.of(command.folder, command.settings)
    _check("model", command.model_hash, subject.model_hash())
    _check("adapter", command.adapter_hash, subject.adapter_hash())
    tokenizer = subject.tokenizer()
    with ExitStack() as open_files:
        work: list[_Benchmark] = []
        for wanted in command.benchmarks:
            asked = ask(subject, command.evaluation, wanted.benchmark, tokenizer)
            _check(f"data of {wanted.benchmark}", wanted.data_hash, asked.data_hash)
            _check(f"decoding or prompts of {wanted.benchmark}", wanted.settings_hash, asked.settings_hash)
            samples = open_files.enter_context(Samples(Path(wanted.folder), _key(command, asked)))
            work.append(_Benchmark(asked, samples, asked.left([row for row in asked.rows if row not in samples.rows])))
        _Evaluation(command, subject, send, stopped, work).run()


def _key(command: messages.Evaluate, asked: Asked) -> dict[str, str | None]:
    return {
        "protocol": command.evaluation.protocol,
        "benchmark": asked.name,
        "model_hash": command.model_hash,
        "adapter_hash": command.adapter_hash,
        "data_hash": asked.data_hash,
        "settings_hash": asked.settings_hash,
    }


def _check(what: str, was: str | None, found: str | None) -> None:
    if was != found:
        raise ChangedSincePlanned(
            f"what the evaluation was planned with has changed: {what} was {was}, is {found}. "
            "The same command plans it anew"
        )


class _Evaluation:
    def __init__(
        self,
        command: messages.Evaluate,
        subject: Subject,
        send: Send,
        stopped: Callable[[], bool],
        work: Sequence[_Benchmark],
    ) -> None:
        self._command, self._subject, self._send, self._stopped, self._work = command, subject, send, stopped, work
        self._throttle, self._pace = Throttle(1.0), Pace()
        self._speaker: Speaker | None = None

    def run(self) -> None:
        for benchmark in self._work:
            self._tell(benchmark, list(benchmark.samples.rows.values()))
            self._progress(benchmark)
            if waiting := [row for row in benchmark.asked.rows if row not in benchmark.samples.rows]:
                self._score(benchmark, waiting)
            self._send(messages.Evaluated, request=self._command.request, **_result(benchmark, self._command))

    def _score(self, benchmark: _Benchmark, waiting: Sequence[str]) -> None:
        def after_token() -> None:
            if self._stopped():
                done, rows = len(benchmark.samples.rows), len(benchmark.asked.rows)
                raise Interrupted(f"stopped with {done:,} of {rows:,} rows of {benchmark.name} scored; they stay")
            if self._throttle.ready():
                self._progress(benchmark)

        after_token()
        speaker = self._speaker = self._speaker or self._subject.load()
        after_token()
        asking = Asking(speaker, Room(self._command.evaluation.batch_tokens, MOST_ROWS), self._pace, after_token)
        began = time.perf_counter()
        with speaker.computing():
            for found in _within_memory(benchmark.asked.score_rows(waiting, asking)):
                seconds = (time.perf_counter() - began) / len(found)
                samples = [replace(sample, seconds=seconds) for sample in found]
                benchmark.samples.add(samples)
                self._tell(benchmark, samples)
                for sample in samples:
                    benchmark.left.finish(sample.prompt_tokens, sample.new_tokens)
                after_token()
                began = time.perf_counter()

    def _tell(self, benchmark: _Benchmark, samples: Sequence[Sample]) -> None:
        for first in range(0, len(samples), MOST_ROWS):
            items = [messages.SamplesItem(**sample.item()) for sample in samples[first : first + MOST_ROWS]]
            self._send(messages.Samples, request=self._command.request, benchmark=benchmark.name, items=items)

    def _progress(self, benchmark: _Benchmark) -> None:
        self._send(
            messages.Evaluating,
            request=self._command.request,
            benchmark=benchmark.name,
            rows=len(benchmark.samples.rows),
            total=len(benchmark.asked.rows),
            seconds_left=seconds_left(self._pace, [one.left for one in self._work]),
        )


def _within_memory(batches: Iterator[list[Sample]]) -> Iterator[list[Sample]]:
    try:
        yield from batches
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise TooLittleMemory(
            f"out of memory: the device has no room for the model and a single row beside it ({error}). "
            "Use a device with more memory, or model.quantization"
        ) from error


def _result(benchmark: _Benchmark, command: messages.Evaluate) -> dict[str, Any]:
    """Fields of `evaluated`."""
    rows = benchmark.samples.rows
    score = benchmark.asked.score({name: sample.score for name, sample in rows.items()})
    size, digest = benchmark.samples.measure()
    return {
        **benchmark.asked.described(),
        "protocol": command.evaluation.protocol,
        "score": score.value,
        "standard_error": score.standard_error,
        "tasks": [
            messages.EvaluatedTask(task=name, score=own.value, standard_error=own.standard_error, rows=own.rows)
            for name, own in score.tasks.items()
        ],
        "model_hash": command.model_hash,
        "adapter_hash": command.adapter_hash,
        "seconds": sum(sample.seconds for sample in rows.values()),
        "prompt_tokens": sum(sample.prompt_tokens for sample in rows.values()),
        "new_tokens": sum(sample.new_tokens for sample in rows.values()),
        "samples_path": str(benchmark.samples.path),
        "samples_bytes": size,
        "samples_sha256": digest,
    }
