"""Protocol `lm-eval`: lm-evaluation-harness asks and judges."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..evaluation.harness import benchmark as harness
from ..evaluation.harness.benchmark import DECODING, PROTOCOL, HarnessBenchmark, Scored
from ..evaluation.harness.definitions import Definition
from ..evaluation.instructeval.scores import Score
from ..generation.rules import ends_of
from ..models import base_config, generation_config
from ..prompting.subject import Subject, hash_of
from ..settings import SettingsError
from .asked import Asking, Evaluation, hash_of_prompt
from .progress import Left
from .samples import Sample

#: Rows that the library gets at once: they are kept together, and it prepares its tasks anew each time.
_AT_ONCE = 128
_CUT = "{:,} prompts lose their beginning, as the model has {:,} positions"


@dataclass(frozen=True)
class HarnessAsked:
    """Implements `Asked`. `positions`: most tokens of a text of the model; None: any number. `eos` end a text."""

    benchmark: HarnessBenchmark
    tokenizer: Any
    positions: int | None
    eos: frozenset[int]
    #: The installed version of lm-evaluation-harness, which judges.
    library: str

    @property
    def name(self) -> str:
        return self.benchmark.name

    @property
    def rows(self) -> Sequence[str]:
        return [row.id for row in self.benchmark.rows]

    @property
    def data_hash(self) -> str:
        return self.benchmark.data

    @property
    def _definition(self) -> Definition:
        return self.benchmark.definition

    @cached_property
    def settings_hash(self) -> str:
        return hash_of(
            {
                "protocol": PROTOCOL,
                "library": self.library,
                "benchmark": self.name,
                "definition": asdict(self._definition),
                "positions": self.positions,
                "eos": sorted(self.eos),
                "rows": None if len(self.rows) == self.benchmark.available else self.rows,
            }
        )

    @cached_property
    def _lengths(self) -> dict[str, int]:
        """Tokens of each row's prompt."""
        prompts = self.benchmark.prompts()
        ids = self.tokenizer(list(prompts.values()), return_attention_mask=False, verbose=False)["input_ids"]
        return {name: len(row) for name, row in zip(prompts, ids, strict=True)}

    def described(self) -> dict[str, Any]:
        most, own = self._definition.max_new_tokens, self.benchmark
        room = None if self.positions is None else self.positions - max(1, most)
        cut = 0 if room is None else sum(length > room for length in self._lengths.values())
        return {
            "benchmark": self.name,
            "rows": len(own.rows),
            "all_rows": own.available,
            "shots": self._definition.shots,
            "cut_rows": cut,
            "max_new_tokens": most,
            "decoding": DECODING if most else "log-likelihoods",
            "metric": self._definition.words,
            "data_hash": own.data,
            "settings_hash": self.settings_hash,
            "notes": [*own.notes, *([_CUT.format(cut, self.positions)] if cut else [])],
        }

    def prompt_tokens(self) -> int:
        return sum(self._lengths.values())

    def left(self, rows: Sequence[str]) -> Left:
        return Left(len(rows), sum(self._lengths[name] for name in rows), 1.0, self._definition.max_new_tokens)

    def score_rows(self, rows: Sequence[str], asking: Asking) -> Iterator[list[Sample]]:
        from ..evaluation.harness.model import Speaking  # imports the library

        speaker, wanted = asking.speaker, set(rows)
        speaking = Speaking(
            speaker.decoder,
            speaker.tokenizer,
            speaker.device,
            asking.room,
            self.positions,
            self.eos,
            asking.after_token,
        )
        waiting = [row for row in self.benchmark.rows if row.id in wanted]
        for first in range(0, len(waiting), _AT_ONCE):
            began = time.perf_counter()
            found = self.benchmark.run(waiting[first : first + _AT_ONCE], speaking)
            asking.pace.prompt_tokens += sum(self._lengths[one.row.id] for one in found)
            asking.pace.prompt_seconds += time.perf_counter() - began
            yield [self._sample(one) for one in found]

    def score(self, values: Mapping[str, float]) -> Score:
        return self.benchmark.score(values)

    def _sample(self, found: Scored) -> Sample:
        return Sample(
            row=found.row.id,
            task=found.row.task,
            prompt_hash=hash_of_prompt(found.prompt),
            prompt_tokens=found.prompt_tokens,
            shots=self._definition.shots,
            output=found.output,
            new_tokens=found.new_tokens,
            gold=None if self.name == "humaneval" else found.row.answer,
            score=found.value,
            detail=found.detail,
        )


def ask(subject: Subject, evaluation: Evaluation, name: str, tokenizer: Any) -> HarnessAsked:
    """Raises DataError or SettingsError with what to do."""
    if name == "mmlu" and evaluation.mmlu_none == "nan":
        raise SettingsError(f"mmlu_none nan belongs to instructeval; {PROTOCOL} asks MMLU's choices as they stand")
    library = harness.check_library()
    model = subject.settings.model
    benchmark = harness.load(
        name,
        None if evaluation.data is None else Path(evaluation.data),
        rows=evaluation.rows,
        seed=evaluation.seed,
        allow_code_execution=evaluation.allow_code_execution,
    )
    positions = getattr(base_config(model), "max_position_embeddings", None)
    return HarnessAsked(benchmark, tokenizer, positions, ends_of(generation_config(model)[0]), library)
