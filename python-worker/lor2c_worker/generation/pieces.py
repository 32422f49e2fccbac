"""New tokens as text, in pieces that are whole characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: What a decoder puts for bytes that are no whole character (yet).
_UNFINISHED = "\ufffd"


class Pieces:
    """The text of tokens that come one by one. All pieces together are the text of all tokens."""

    def __init__(self, tokenizer: Any) -> None:
        self._decode = tokenizer.decode
        self._ids: list[int] = []
        #: Text up to token `_told` is told. Decoding begins some tokens before, since a token's text depends on whether
        #: one stands before it.
        self._begin = self._told = 0

    def add(self, token: int) -> str:
        """The text that is complete with this token, often none."""
        self._ids.append(token)
        piece = self._untold()
        if not piece or piece.endswith(_UNFINISHED):
            return ""
        self._begin, self._told = self._told, len(self._ids)
        return piece

    def rest(self) -> str:
        """What is left when no token comes any more; bytes that are no character become U+FFFD."""
        piece = self._untold()
        self._begin, self._told = self._told, len(self._ids)
        return piece

    def _untold(self) -> str:
        before = self._text(self._ids[self._begin : self._told])
        return self._text(self._ids[self._begin :])[len(before) :]

    def _text(self, ids: Sequence[int]) -> str:
        text: str = self._decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text
