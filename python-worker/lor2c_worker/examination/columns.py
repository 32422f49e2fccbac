"""Answers to `survey`: what the columns of an unknown table have in them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..data.own_labels import list_of
from ..data.parquet import ENDING as PARQUET
from ..data.tables import ENDINGS, find_split, read_rows
from ..data.task import DataError
from ..errors import PlainError
from ..models.load import load_tokenizer
from ..settings import ModelSettings

#: Rows that are looked at; the tokens of the first ones are counted.
MOST, SAMPLE = 200_000, 1000
#: Different values that are counted, and those that are told.
DISTINCT, TOLD = 1000, 60
CHARACTERS = 200
_WHOLE = re.compile(r"[+-]?\d+")


def survey(path: Path, model: str) -> dict[str, Any]:
    """Fields of the `surveyed` event without request. Raises PlainError for a table that cannot be read."""
    splits = _splits(path)
    columns: dict[str, _Column] = {}
    rows = read_rows([Path(file) for file in splits[0]["files"]])
    count = 0
    for _, row in islice(rows, MOST):
        count += 1
        for name, value in row.items():
            columns.setdefault(str(name), _Column()).add(value)
    if count == 0:
        raise DataError(f"{path}: no rows")
    tokenizer = _tokenizer(model)
    return {
        "splits": splits,
        "rows": count,
        "more": next(rows, None) is not None,
        "columns": [{"column": name, **column.facts(tokenizer)} for name, column in columns.items()],
    }


def _splits(path: Path) -> list[dict[str, Any]]:
    if path.is_dir():
        train = [str(file) for file in find_split(path, ("train",))]
        try:
            dev = find_split(path, ("dev", "validation", "eval"))
        except DataError as error:
            if "no file of" not in str(error):
                raise
            return [{"split": None, "files": train}]
        return [{"split": "train", "files": train}, {"split": "dev", "files": [str(file) for file in dev]}]
    if not path.is_file():
        raise DataError(f"{path}: no such file or folder")
    if path.suffix.lower() not in (*ENDINGS, PARQUET):
        raise DataError(f"{path}: the ending of a table is one of {', '.join((*ENDINGS, PARQUET))}")
    return [{"split": None, "files": [str(path)]}]


def _tokenizer(model: str) -> Any:
    """None if there is none: lengths are then guessed from words."""
    try:
        return load_tokenizer(ModelSettings(model))
    except PlainError:
        return None


class _Column:
    """What is known of one column. Keeps hashes of values, and few texts."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.values: Counter[str] = Counter()
        self.distinct: set[bytes] = set()
        self.sample: list[str] = []
        self.words = 0

    def add(self, value: Any) -> None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return
        kind = _kind_of(value)
        self.kinds[kind] += 1
        for member in (list_of(value) or ()) if kind == "list" else (value,):
            text = str(member).lower() if isinstance(member, bool) else str(member)
            self.distinct.add(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest())
            if text in self.values or len(self.values) < DISTINCT:
                self.values[text] += 1
        if kind == "text":
            self.words += len(value.split())
            if len(self.sample) < SAMPLE:
                self.sample.append(value)

    def facts(self, tokenizer: Any) -> dict[str, Any]:
        kind = _common(set(self.kinds))
        texts = self.kinds["text"]
        return {
            "filled": self.kinds.total(),
            "kind": kind,
            "distinct": len(self.distinct),
            "values": [{"value": value[:CHARACTERS], "rows": rows} for value, rows in self.values.most_common(TOLD)],
            "words": self.words / texts if texts else 0.0,
            "tokens": _tokens(self.sample, tokenizer) if kind == "text" and tokenizer is not None else None,
        }


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "whole"
    if isinstance(value, float):
        return "number"
    several = list_of(value)
    if several is not None:
        return "list" if all(isinstance(member, (str, int)) for member in several) else "mixed"
    if not isinstance(value, str):
        return "mixed"
    text = value.strip()
    if _WHOLE.fullmatch(text):
        return "whole"
    try:
        float(text)
    except ValueError:
        return "text"
    return "number"


def _common(kinds: set[str]) -> str:
    """The narrowest kind that all values have. A text may look like a number."""
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds == {"whole", "number"}:
        return "number"
    return "text" if "text" in kinds and kinds <= {"text", "whole", "number"} else "mixed"


def _tokens(texts: list[str], tokenizer: Any) -> dict[str, int] | None:
    lengths = np.array([len(ids) for ids in tokenizer(texts, verbose=False)["input_ids"]])
    median, p99, most = (int(q) for q in np.quantile(lengths, (0.5, 0.99, 1), method="higher"))
    return {"median": median, "p99": p99, "max": most}
