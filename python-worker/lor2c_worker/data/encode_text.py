"""Rows of a language model as token ids, and which of them count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..settings import SettingsError
from .batch import Batch
from .conversation import check_chat, rendered
from .encode import Encoded
from .targets import IGNORED, Targets
from .task import Split


class EncodedTexts(Encoded):
    """Prompt and response are one text, cut at `max_length`; the end token follows where there is room. A conversation
    is what the tokenizer's template writes.

    The blob's byte beside each token, the segment of other rows, says whether the token counts.
    """

    def __init__(self, split: Split, tokenizer: Any, max_length: int, *, train_on: str, key: str | None = None) -> None:
        """`train_on`: response or all. Raises SettingsError when the tokenizer lacks what the rows need."""
        super().__init__(split, tokenizer, "language_model", max_length, key=key)
        self._segments, self._all = True, train_on == "all"
        # Tokenizers of chats may drop the beginning of what is too long: the place of the response would be unknown.
        tokenizer.truncation_side = "right"
        if split.pair is None:
            check_chat(tokenizer)
            if not tokenizer.is_fast and not self._all:
                raise SettingsError(
                    "conversations need a fast tokenizer, with tokenizer.json beside the model's weights"
                )
        elif tokenizer.eos_token_id is None:
            raise SettingsError(
                "the model's tokenizer has no eos token, which ends a response: set tokenizer.eos_token to one of its "
                "tokens and save it with tokenizer.save_pretrained"
            )

    def batch(self, rows: Iterable[int], device: torch.device) -> Batch:
        host = super().batch(rows, torch.device("cpu"))
        assert host.token_type_ids is not None
        counts = host.token_type_ids.numpy().astype(bool) & host.attention_mask.numpy().astype(bool)
        targets = Targets.of(np.where(counts, host.input_ids.numpy(), IGNORED), device)
        return replace(
            host,
            input_ids=host.input_ids.to(device),
            attention_mask=host.attention_mask.to(device),
            token_type_ids=None,
            labels=targets.ids,
            targets=targets,
        )

    def counted(self, rows: Iterable[int] | None = None) -> np.ndarray:
        """How many tokens of each row count, [N]; of all rows unless some are given. Tokenises them."""
        chosen = np.arange(len(self)) if rows is None else np.fromiter(rows, dtype=np.int64)
        self._need(chosen)
        found = np.zeros(len(chosen), dtype=np.int64)
        for place, row in enumerate(chosen.tolist()):
            count = int(self._counts[row])
            content = self._blob.read(int(self._starts[row]), 5 * count)
            found[place] = np.frombuffer(content, np.int8, count, offset=4 * count)[1:].sum()
        return found

    def _encode(self, rows: list[int]) -> tuple[list[list[int]], list[list[int]]]:
        pairs = self._split.pair
        if pairs is None:
            return self._conversations(rows)
        prompts = [self._split.text[row] for row in rows]
        wholes = [prompt + pairs[row] for prompt, row in zip(prompts, rows, strict=True)]
        ids = self._ids(wholes)
        for own in ids:
            if len(own) < self._max_length:
                own.append(self._tokenizer.eos_token_id)
        if self._all:
            return ids, [[1] * len(own) for own in ids]
        begins = [_begin(one, own, pairs[row]) for one, own, row in zip(self._ids(prompts), ids, rows, strict=True)]
        return ids, [[int(place >= n) for place in range(len(own))] for own, n in zip(ids, begins, strict=True)]

    def _ids(self, texts: list[str]) -> list[list[int]]:
        """At most `max_length` tokens of each text, without the end token. Some tokenizers add one by themselves, also
        to what they cut: with one token more it is seen and taken off."""
        end, most = self._tokenizer.eos_token_id, self._max_length
        out = self._tokenizer(texts, truncation=True, max_length=most + 1, padding=False)
        found = [list(ids) for ids in out["input_ids"]]
        return [(ids[:-1] if ids[-1:] == [end] else ids)[:most] for ids in found]

    def _conversations(self, rows: list[int]) -> tuple[list[list[int]], list[list[int]]]:
        ids, counts = [], []
        for row in rows:
            where, wanted = self._split.where(row), not self._all
            text, spans = rendered(self._split.text[row], self._tokenizer, where, spans=wanted)
            # The template has written the special tokens, the first one included.
            out = self._tokenizer(
                text,
                add_special_tokens=False,
                truncation=True,
                max_length=self._max_length,
                return_offsets_mapping=not self._all,
            )
            ids.append(list(out["input_ids"]))
            if self._all:
                counts.append([1] * len(ids[-1]))
            else:
                counts.append([int(_within(place, spans)) for place in out["offset_mapping"]])
        return ids, counts


def _begin(prompt: list[int], whole: list[int], response: str) -> int:
    """Place of the first token of a text that is of its response; `prompt`: the tokens of the prompt alone.

    A token that joins the end of the prompt with the first word, such as a blank with it, is of the response: one of a
    single word would not count at all. One that joins blanks is of the prompt, as in the published script, which takes
    as many tokens as the prompt has alone.
    """
    if not response[:1].strip():
        return len(prompt)
    pairs = zip(prompt, whole, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), len(prompt))


def _within(place: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    """Whether a token with this begin and end has a part in any of the spans."""
    begin, end = place
    return any(begin < b and end > a for a, b in spans)
