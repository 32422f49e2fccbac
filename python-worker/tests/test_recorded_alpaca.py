"""Alpaca's rows become the texts, ids and masks that the published script made of them (recorded)."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from instruct_recordings import DATA, RECORDED, recorded
from loops import CPU
from transformers import AutoTokenizer

from lor2c_worker.data import load_task
from lor2c_worker.data.encode_text import EncodedTexts
from lor2c_worker.data.targets import IGNORED
from lor2c_worker.data.task import Split
from lor2c_worker.settings import DataSettings

CUT = 256
CASES = recorded("alpaca")


class WithBegin:
    """The tokenizer, made to put id 1 in front, as Llama's does."""

    is_fast, eos_token_id, pad_token_id = True, 2, 0

    def __init__(self, plain: Any) -> None:
        self._plain = plain

    def __call__(self, texts: list[str], **options: Any) -> dict[str, list[list[int]]]:
        ids = self._plain(texts, **(options | {"max_length": options["max_length"] - 1}))["input_ids"]
        return {"input_ids": [[1, *own] for own in ids]}


def split_of(file: str, cases: list[dict[str, Any]], folder: Path) -> Split:
    """The recorded rows in their order."""
    path = DATA / "alpaca" / f"{file}.json.gz"
    if file == "made_up":
        path = folder / "made_up.json"
        path.write_text(json.dumps([case["fields"] for case in cases]))
    elif not path.is_file():
        pytest.skip(f"the rows of alpaca/{file} are not here (LOR2C_DATA)")
    settings = DataSettings(path=str(path), dev_rows=1)
    data = load_task("alpaca", settings)
    rows: dict[int, tuple[str, str]] = {}
    for split in (data.train, data.eval):
        assert split.pair is not None
        assert split.origin is not None
        for row, number in enumerate(split.origin.numbers.tolist()):
            rows[number - 1] = split.text[row], split.pair[row]
    wanted = [rows[i if file == "made_up" else case["row"]] for i, case in enumerate(cases)]
    return Split([text for text, _ in wanted], [0] * len(cases), [response for _, response in wanted])


def test_there_are_recordings() -> None:
    if not RECORDED.is_dir():
        pytest.skip(f"no recordings in {RECORDED} (LOR2C_RECORDED)")
    assert len(CASES) == 67


@pytest.mark.parametrize("file", sorted({case["file"] for case in CASES}))
def test_texts_are_the_recorded_ones(file: str, tmp_path: Path) -> None:
    cases = [case for case in CASES if case["file"] == file]
    split = split_of(file, cases, tmp_path)
    assert split.pair is not None
    for row, case in enumerate(cases):
        prompt, text = split.text[row], split.text[row] + split.pair[row]
        assert hashlib.sha256(prompt.encode()).hexdigest() == case["prompt_sha256"], case["row"]
        assert hashlib.sha256(text.encode()).hexdigest() == case["text_sha256"], case["row"]
        assert text == case.get("text", text)


@pytest.mark.parametrize("train_on", ["response", "all"])
@pytest.mark.parametrize("file", sorted({case["file"] for case in CASES}))
def test_ids_and_masks_are_the_recorded_ones(file: str, train_on: str, tmp_path: Path, smollm2: Path) -> None:
    plain = AutoTokenizer.from_pretrained(smollm2)
    by_begin = defaultdict(list)
    for case in CASES:
        if case["file"] == file:
            by_begin[case["bos"]].append(case)
    for begins, cases in by_begin.items():
        split, tokenizer = split_of(file, cases, tmp_path), WithBegin(plain) if begins else plain
        encoded = EncodedTexts(split, tokenizer, CUT, train_on=train_on)
        for row, case in enumerate(cases):
            batch, ids = encoded.batch([row], CPU), case["input_ids"]
            assert batch.input_ids[0].tolist() == ids, case
            masked = case["masked_response" if train_on == "response" else "masked_all"]
            labels = [IGNORED] * masked + ids[masked:]
            assert batch.targets is not None
            found = dict(zip(batch.targets.places.tolist(), batch.targets.ids.tolist(), strict=True))
            wanted = {at - 1: token for at, token in enumerate(labels) if at and token != IGNORED}
            assert found == wanted, case["row"]
            assert encoded.counted([row]).tolist() == [len(wanted)]
