"""Recorded prompts and verdicts of instruct-eval, the rows that they are of, and the tokenizer that they count with."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from lor2c_worker.data.task import DataError
from lor2c_worker.errors import PlainError
from lor2c_worker.evaluation.instructeval import humaneval
from lor2c_worker.evaluation.instructeval.example import Example, TaskRows
from lor2c_worker.evaluation.instructeval.humaneval import Problem
from lor2c_worker.evaluation.instructeval.load import read
from lor2c_worker.evaluation.instructeval.mmlu import NoneText
from lor2c_worker.evaluation.instructeval.prompts import Encode, encoder
from lor2c_worker.models.packaged import resolve

_SHARED = Path(__file__).parents[3] / "shared"


def _folder(variable: str, name: str) -> Path:
    given = os.environ.get(variable)
    return Path(given) if given else _SHARED / name


RECORDED = _folder("LOR2C_RECORDED", "recorded") / "instruct"
DATA = _folder("LOR2C_DATA", "data")


@cache
def recorded(name: str) -> list[dict[str, Any]]:
    """Rows of a file of recordings; none where there are no recordings, so that its cases are skipped by name."""
    path = RECORDED / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


@cache
def task_rows(suite: str, task: str, none: NoneText) -> TaskRows:
    """A task of a benchmark; skips the test where its files are absent."""
    files = {"mmlu": f"mmlu/test/{task}_test.csv", "bbh": f"bbh/{task}.json", "drop": "drop/drop_v0_dev.jsonl.gz"}
    if not (DATA / files[suite]).is_file():
        pytest.skip(f"the rows of {suite}/{task} are not here: {files[suite]} (LOR2C_DATA)")
    [rows] = read(suite, DATA, none, None if suite == "drop" else [task]).tasks
    return rows


@cache
def row_of(suite: str, task: str, none: NoneText, row: int) -> tuple[TaskRows, Example]:
    rows = task_rows(suite, task, none)
    return rows, _by_row(suite, task, none)[row]


@cache
def _by_row(suite: str, task: str, none: NoneText) -> dict[int, Example]:
    return {example.row: example for example in task_rows(suite, task, none).rows}


def tokens(bos: bool = False) -> Encode:
    """SmolLM2's tokenizer as transformers loads it from the GGUF file; skips the test where it is absent."""
    plain = _plain_tokens()
    return (lambda texts: [[1, *ids] for ids in plain(texts)]) if bos else plain


@cache
def _plain_tokens() -> Encode:
    try:
        folder = resolve("smollm2-135m")
    except PlainError as error:
        pytest.skip(f"the tokenizer of the recordings is smollm2-135m's, which is not here: {error}")
    return encoder(AutoTokenizer.from_pretrained(folder))


@cache
def remembering() -> Encode:
    """`tokens`, with the ids of everything up to a text's last empty line kept from text to text.

    It is exact for this tokenizer: its split into words never spans from a newline to a letter. The recorded counts
    tell.
    """
    encode = tokens()
    # With a letter behind it, as newlines at the end of a text are split in another way.
    begins = cache(lambda text: list(encode([f"{text}a"])[0])[:-1] if text else [])

    def each(texts: list[str]) -> list[list[int]]:
        cuts = [text.rfind("\n\n") + 2 for text in texts]
        cuts = [0 if cut < 2 or text[cut : cut + 1].isspace() else cut for cut, text in zip(cuts, texts, strict=True)]
        rests = encode([text[cut:] for cut, text in zip(cuts, texts, strict=True)])
        return [[*begins(text[:cut]), *rest] for cut, text, rest in zip(cuts, texts, rests, strict=True)]

    return each


@cache
def problems() -> tuple[dict[str, Example], dict[str, Problem]]:
    """HumanEval's rows and problems by name; skips the test where the package is absent."""
    try:
        reading, found = humaneval.from_folder(DATA / "humaneval")
    except DataError as error:
        pytest.skip(str(error))
    return {row.id: row for row in reading.tasks[0].rows}, found


def digest(items: Sequence[str]) -> str:
    """Of a list, as the recordings take it: its items joined by newlines."""
    return sha256("\n".join(items))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
