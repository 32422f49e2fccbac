"""A decoder as lm-evaluation-harness sees a model: log-likelihoods and greedy texts, in this worker's own batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from lm_eval.api.model import TemplateLM

from ...backbones.decoder import Decoder
from ...generation.batches import Room
from ...generation.generator import Generator
from ...generation.likelihood import log_likelihoods
from ...generation.rules import Rules
from ...generation.together import Prompt
from ..instructeval import leak
from ..instructeval.example import Example

#: Tokens at the end of a text in which a stop text is looked for; no stop text has as many.
_TAIL = 32


@dataclass(frozen=True)
class Speaking:
    """A loaded model, and how much of it may be computed at once."""

    decoder: Decoder
    tokenizer: Any
    device: torch.device
    room: Room
    #: Most tokens of a text; None: any number.
    positions: int | None
    eos: frozenset[int]
    #: Called after each token of a batch; may raise to stop.
    after_token: Callable[[], None]


@dataclass(frozen=True)
class Cost:
    prompt_tokens: int
    new_tokens: int
    #: Tokens at the front of the prompt that the model has no positions for.
    cut: int


class HarnessModel(TemplateLM):
    """Raises DataError for a prompt in which the scored row occurs."""

    def __init__(self, speaking: Speaking, rows: Mapping[str, Example]) -> None:
        super().__init__()
        self._speaking, self._rows = speaking, rows
        self.tokenizer = speaking.tokenizer
        #: By row, of its longest request.
        self.costs: dict[str, Cost] = {}

    @property
    def eot_token_id(self) -> int:
        found: int = self.tokenizer.eos_token_id
        return found

    @property
    def prefix_token_id(self) -> int:
        bos: int | None = self.tokenizer.bos_token_id
        return self.eot_token_id if bos is None else bos

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        special = True if add_special_tokens is None else add_special_tokens
        ids: list[int] = self.tokenizer(string, add_special_tokens=special, verbose=False)["input_ids"]
        return ids

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[tuple[float, bool]]:
        self._checked(requests)
        encoded = [self._encode_pair(*request.args) for request in requests]
        pairs = []
        for request, (context, target) in zip(requests, encoded, strict=True):
            kept = self._fitting(context, len(target))
            self._note(request, Cost(len(kept), 0, len(context) - len(kept)))
            pairs.append((kept, target))
        own = self._speaking
        likelihoods = log_likelihoods(own.decoder, pairs, own.device, own.room, own.after_token)
        return [(found.log, found.greedy) for found in likelihoods]

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[str]:
        self._checked(requests)
        own, prompts = self._speaking, []
        for i, request in enumerate(requests):
            context, kwargs = request.args
            ids = self.tok_encode(context)
            kept = self._fitting(ids, kwargs["max_gen_toks"])
            self._note(request, Cost(len(kept), 0, len(ids) - len(kept)))
            prompts.append(Prompt(str(i), tuple(kept), kwargs["max_gen_toks"], self._stops(kwargs["until"])))
        generator = Generator(own.decoder, Rules(eos=own.eos), own.device, own.room, own.after_token)
        texts = [""] * len(prompts)
        for batch in generator.generate(prompts):
            for text in batch:
                i = int(text.id)
                texts[i] = _cut(self.tokenizer.decode(text.new, skip_special_tokens=True), requests[i].args[1]["until"])
                name = requests[i].doc["id"]
                self.costs[name] = replace(self.costs[name], new_tokens=len(text.new))
        return texts

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[float]:
        raise NotImplementedError("no task of this protocol asks for the likelihood of whole texts")

    def _loglikelihood_tokens(self, requests: Any, **_: Any) -> list[tuple[float, bool]]:
        raise NotImplementedError("loglikelihood is answered without it")

    def _checked(self, requests: Sequence[Any]) -> None:
        for request in requests:
            leak.check(self._rows[request.doc["id"]], request.args[0])

    def _fitting(self, ids: list[int], more: int) -> list[int]:
        """The end of a prompt that leaves room for `more` tokens, as the library's own models keep it."""
        most = self._speaking.positions
        return ids if most is None else ids[-max(1, most - more) :]

    def _stops(self, until: Sequence[str]) -> Callable[[list[int]], bool]:
        return lambda new: any(text in self.tokenizer.decode(new[-_TAIL:]) for text in until)

    def _note(self, request: Any, cost: Cost) -> None:
        name = request.doc["id"]
        if name not in self.costs or cost.prompt_tokens > self.costs[name].prompt_tokens:
            self.costs[name] = cost


def _cut(text: str, until: Sequence[str]) -> str:
    """The text before the first of the stop texts in it."""
    return text[: min((place for stop in until if (place := text.find(stop)) >= 0), default=len(text))]
