"""Tokens of rows, by the tokenizer that training uses."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.task import Split

#: A larger split is sampled: about so many rows, spread evenly. They take a second or two.
SAMPLE = 20_000
#: Rows that are tokenised at one time.
CHUNK = 1024


def lengths(split: Split, tokenizer: Any, max_length: int) -> dict[str, Any] | None:
    """Quantiles of the rows' lengths before they are cut, how many are longer than `max_length`, and how much of the
    text the tokenizer does not know. None for no rows."""
    rows = range(0, len(split), max(1, len(split) // SAMPLE))
    if not rows:
        return None
    found, words, unknown = [], 0, 0
    for start in range(0, len(rows), CHUNK):
        for ids, special in _tokenised(split, rows[start : start + CHUNK], tokenizer):
            found.append(len(ids))
            real = [one for one, mark in zip(ids, special, strict=True) if not mark]
            words += len(real)
            unknown += real.count(tokenizer.unk_token_id)
    counts = np.array(found)
    # An upper quantile is the length of a row that there is.
    low, median, p90, p99, high = (int(q) for q in np.quantile(counts, (0, 0.5, 0.9, 0.99, 1), method="higher"))
    return {
        "rows": len(found),
        "min": low,
        "median": median,
        "p90": p90,
        "p99": p99,
        "max": high,
        "cut": int(np.sum(counts > max_length)),
        "words": words,
        "unknown": unknown,
    }


def _tokenised(split: Split, rows: range, tokenizer: Any) -> Any:
    texts = [split.text[row] for row in rows]
    pairs = {} if split.pair is None else {"text_pair": [split.pair[row] for row in rows]}
    # Not verbose: it would warn of each text that is longer than the model takes.
    out = tokenizer(texts, **pairs, return_special_tokens_mask=True, verbose=False)
    return zip(out["input_ids"], out["special_tokens_mask"], strict=True)


def tokens_of(split: Split, row: int, tokenizer: Any, max_length: int) -> list[str]:
    """What the model gets of a row."""
    pair = {} if split.pair is None else {"text_pair": split.pair[row]}
    ids = tokenizer(split.text[row], **pair, truncation=True, max_length=max_length)["input_ids"]
    return [str(token) for token in tokenizer.convert_ids_to_tokens(ids)]
