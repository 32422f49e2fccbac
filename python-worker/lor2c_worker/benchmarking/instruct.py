"""Protocol `instructeval`: every row is continued as the model's generation_config says, and judged by its text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..evaluation.instructeval import load as instructeval
from ..evaluation.instructeval.benchmark import PROTOCOL, Benchmark, Verdict
from ..evaluation.instructeval.prompts import Row, encoder, input_limit
from ..evaluation.instructeval.scores import Score
from ..generation.generator import Generator
from ..generation.rules import Rules, rules_of
from ..generation.together import Growing, Prompt
from ..models import generation_config
from ..prompting.subject import Subject, hash_of
from .asked import Asking, Evaluation, hash_of_prompt
from .progress import Left
from .samples import Sample


@dataclass(frozen=True)
class InstructAsked:
    """Implements `Asked`."""

    benchmark: Benchmark
    rules: Rules

    @property
    def name(self) -> str:
        return self.benchmark.name

    @property
    def rows(self) -> Sequence[str]:
        return [row.id for row in self.benchmark.rows]

    @property
    def data_hash(self) -> str:
        return self.benchmark.data

    @cached_property
    def settings_hash(self) -> str:
        own = self.benchmark
        return hash_of(
            {
                "protocol": PROTOCOL,
                "benchmark": own.name,
                "shots": own.shots,
                "max_new_tokens": own.max_new_tokens,
                "options": dict(own.options),
                "rules": asdict(self.rules) | {"eos": sorted(self.rules.eos)},
                "rows": None if len(own.rows) == own.available else self.rows,
            }
        )

    def described(self) -> dict[str, Any]:
        own = self.benchmark
        return {
            "benchmark": own.name,
            "rows": len(own.rows),
            "all_rows": own.available,
            "shots": own.shots,
            "cut_rows": sum(row.shots < own.shots for row in own.rows),
            "max_new_tokens": own.max_new_tokens,
            "decoding": self.rules.describe(),
            "metric": own.metric,
            "data_hash": own.data,
            "settings_hash": self.settings_hash,
            "notes": list(own.notes),
        }

    def prompt_tokens(self) -> int:
        return sum(len(row.ids) for row in self.benchmark.rows)

    def left(self, rows: Sequence[str]) -> Left:
        return Left.of(self._prompts(rows), self.benchmark.max_new_tokens)

    def score_rows(self, rows: Sequence[str], asking: Asking) -> Iterator[list[Sample]]:
        speaker = asking.speaker
        generator = Generator(
            speaker.decoder, self.rules, speaker.device, asking.room, asking.after_token, pace=asking.pace
        )
        # Programs that HumanEval runs have a time limit: one on each core, so that none waits for another.
        with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1) as pool:
            for texts in generator.generate(self._prompts(rows)):
                outputs = [speaker.tokenizer.decode(text.new, skip_special_tokens=True) for text in texts]
                asked = [self._by_name[text.id] for text in texts]
                verdicts = pool.map(self.benchmark.judge, outputs, asked)
                yield [_sample(*found) for found in zip(asked, texts, outputs, verdicts, strict=True)]

    def score(self, values: Mapping[str, float]) -> Score:
        return self.benchmark.score({name: value == 1.0 for name, value in values.items()})

    @cached_property
    def _by_name(self) -> dict[str, Row]:
        return {row.id: row for row in self.benchmark.rows}

    def _prompts(self, rows: Sequence[str]) -> list[Prompt]:
        most = self.benchmark.max_new_tokens
        return [Prompt(name, tuple(self._by_name[name].ids), most) for name in rows]


def ask(subject: Subject, evaluation: Evaluation, name: str, tokenizer: Any) -> InstructAsked:
    """Raises DataError or SettingsError with what to do."""
    model = subject.settings.model
    benchmark = instructeval.load(
        name,
        None if evaluation.data is None else Path(evaluation.data),
        encoder(tokenizer),
        limit=input_limit(model.name),
        rows=evaluation.rows,
        seed=evaluation.seed,
        none=evaluation.mmlu_none,
        allow_code_execution=evaluation.allow_code_execution,
    )
    config, shown = generation_config(model, **benchmark.sampling)
    return InstructAsked(benchmark, rules_of(config, shown, evaluation.seed))


def _sample(row: Row, text: Growing, output: str, verdict: Verdict) -> Sample:
    return Sample(
        row=row.id,
        task=row.task,
        prompt_hash=hash_of_prompt(row.prompt),
        prompt_tokens=len(row.ids),
        shots=row.shots,
        output=output,
        new_tokens=len(text.new),
        gold=row.gold,
        score=1.0 if verdict.right else 0.0,
        detail=verdict.detail,
    )
