"""How the next token of a text is chosen: greedily or by lot, as a model's generation_config says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from ..errors import PlainError
from ..keyed.seeding import key
from ..settings import SettingsError

#: Fields of generation_config that change which token is chosen and that nothing here follows, with the values that
#: leave the choice alone.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "num_beams": (1,),
    "penalty_alpha": (0.0,),
    "no_repeat_ngram_size": (0,),
    "encoder_no_repeat_ngram_size": (0,),
    "encoder_repetition_penalty": (1.0,),
    "typical_p": (1.0,),
    "min_p": (0.0,),
    "epsilon_cutoff": (0.0,),
    "eta_cutoff": (0.0,),
    "min_length": (0,),
    "min_new_tokens": (0,),
    "bad_words_ids": ([],),
    "sequence_bias": ({}, []),
    "suppress_tokens": ([],),
    "begin_suppress_tokens": ([],),
    "forced_bos_token_id": (),
    "forced_eos_token_id": (),
    "exponential_decay_length_penalty": (),
    "guidance_scale": (1.0,),
    "dola_layers": (),
    "watermarking_config": (),
    "stop_strings": ([],),
}
#: The library's, where a config that samples names none.
_TOP_K = 50


class NotNumbers(PlainError, ArithmeticError):
    """The model's output is NaN. Chosen among as if they were numbers, such outputs would get a score all the same."""

    def __init__(self) -> None:
        super().__init__(
            "the model gives NaN instead of numbers: its weights or its adapter have such values, or overflow here; "
            "nothing is chosen from that"
        )


class Text(Protocol):
    """What the choice of a row's next token may depend on besides the logits."""

    @property
    def id(self) -> str:
        """Keys the row's draws, so that they don't depend on its batch."""

    @property
    def seen(self) -> Iterable[int]:
        """All token ids of the row so far, those of the prompt included."""

    @property
    def count(self) -> int:
        """Number of tokens that were chosen before."""


@dataclass(frozen=True)
class Rules:
    """`eos`: ids that end a text. `temperature` None: the most likely token is taken. `top_k` 0: of all tokens."""

    eos: frozenset[int] = frozenset()
    temperature: float | None = None
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0

    def describe(self) -> str:
        """The decoding in words, for a record."""
        if self.temperature is None:
            words = "greedy"
        else:
            cut = [f"top_k {self.top_k}"] if self.top_k else []
            cut += [f"top_p {self.top_p:g}"] if self.top_p < 1 else []
            words = f"sampled ({', '.join([f'temperature {self.temperature:g}', *cut, f'seed {self.seed}'])})"
        return words if self.repetition_penalty == 1.0 else f"{words}, repetition penalty {self.repetition_penalty:g}"

    def greedy(self) -> Rules:
        """The most likely token of the logits as they are; the same ends."""
        return Rules(eos=self.eos)

    def sampled(self, temperature: float, seed: int) -> Rules:
        """By lot at another temperature, otherwise the same."""
        return replace(self, temperature=temperature, seed=seed)

    def choose(self, logits: torch.Tensor, texts: Sequence[Text]) -> list[int]:
        """The next token of each text from `logits` [B, V] float32. Raises NotNumbers when a text's have NaN."""
        if self.repetition_penalty != 1.0:
            logits = self._penalised(logits, texts)
        if self.temperature is None:
            best, places = logits.max(dim=-1)  # NaN is larger than any number
            _check(best)
            return places.tolist()
        values, ids = (logits / self.temperature).sort(dim=-1, descending=True, stable=True)
        _check(values[:, 0])
        if 0 < self.top_k < values.shape[-1]:
            values, ids = values[:, : self.top_k], ids[:, : self.top_k]
        shares = values.double().softmax(dim=-1)
        before = shares.cumsum(dim=-1) - shares
        shares = shares.masked_fill(before >= self.top_p, 0.0)  # the first token always stays
        upto = shares.cumsum(dim=-1)
        drawn = [key(self.seed, "next token", text.id, text.count) / 2**63 for text in texts]
        places = torch.tensor(drawn, dtype=torch.float64, device=upto.device)[:, None] * upto[:, -1:]
        at = torch.searchsorted(upto, places, right=True).clamp(max=upto.shape[-1] - 1)
        return ids.gather(1, at)[:, 0].tolist()

    def _penalised(self, logits: torch.Tensor, texts: Sequence[Text]) -> torch.Tensor:
        """Logits of tokens that a text has already, made smaller once, however often they occur (CTRL, section 4.1)."""
        logits = logits.clone()
        for row, text in zip(logits, texts, strict=True):
            ids = torch.tensor(sorted(set(text.seen)), device=logits.device)
            found = row[ids]
            row[ids] = torch.where(found < 0, found * self.repetition_penalty, found / self.repetition_penalty)
        return logits


def _check(best: torch.Tensor) -> None:
    if best.isnan().any():
        raise NotNumbers


def ends_of(config: Any) -> frozenset[int]:
    """Ids of the tokens that end a text, of a `GenerationConfig`."""
    stored = config.eos_token_id
    return frozenset() if stored is None else frozenset(stored if isinstance(stored, list) else [stored])


def rules_of(config: Any, shown: str, seed: int) -> Rules:
    """The rules of a `GenerationConfig`, read as the library's own `generate` reads it. Raises SettingsError when it
    asks for what is not done here: a score must not be named after a decoding that it does not have. `shown`: how
    messages name the file."""
    for name, neutral in _NEUTRAL.items():
        value = getattr(config, name, None)
        if value is not None and value not in neutral:
            raise SettingsError(
                f"{shown} asks for {name} {value!r}, which lor2c does not do: decode greedily, or remove it there"
            )
    eos = ends_of(config)
    penalty = 1.0 if config.repetition_penalty is None else float(config.repetition_penalty)
    if not config.do_sample:
        return Rules(eos=eos, repetition_penalty=penalty)
    temperature = 1.0 if config.temperature is None else float(config.temperature)
    if not temperature > 0:
        raise SettingsError(
            f"{shown} samples at temperature {temperature:g}: write a number above 0, or do_sample false"
        )
    return Rules(
        eos=eos,
        temperature=temperature,
        top_k=_TOP_K if config.top_k is None else int(config.top_k),
        top_p=1.0 if config.top_p is None else float(config.top_p),
        repetition_penalty=penalty,
        seed=seed,
    )
