"""Texts and tokens of large tables lie flat, and beyond a limit in a temporary file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from lor2c_worker.data.blob import Blob, NoRoom
from lor2c_worker.data.encode import encode
from lor2c_worker.data.task import Split
from lor2c_worker.data.texts import Texts, TextsBuilder

SOME = ["", "one", "zwei Wörter", "\u2028", "five" * 2000, "six"]


def test_texts_are_the_sequence_they_were_made_of() -> None:
    texts = Texts.of(SOME)
    assert texts == SOME
    assert texts == tuple(SOME)
    assert texts != SOME[:-1]
    assert (len(texts), texts[1], texts[-1], texts[1:3]) == (6, "one", "six", ("one", "zwei Wörter"))
    assert texts.take([3, 1, 1]) == ["\u2028", "one", "one"]
    assert texts.take(np.array([5, 4, 0])).take([2, 0]) == ["", "six"]
    assert texts.take([2, 0]).bytes_of().tolist() == [12, 0]
    with pytest.raises(IndexError):
        texts[6]


def test_texts_in_a_file_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than are read at a time, so that reads go over the border between file and memory."""
    monkeypatch.setattr("lor2c_worker.data.blob._PIECE", 1000)
    monkeypatch.setattr(Blob.__init__, "__defaults__", (100,))
    many = [f"row {i} " * (i % 7) for i in range(5000)]
    texts = TextsBuilder()
    for text in many:
        texts.append(text)
    done = texts.done()
    assert done == many
    assert [done[i] for i in (0, 4999, 2500)] == [many[0], many[4999], many[2500]]


def test_a_blob_reads_over_the_border_of_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lor2c_worker.data.blob._PIECE", 4)
    blob, whole = Blob(in_memory=3), b""
    for piece in (b"ab", b"cdef", b"g", b"h", b"ijklm", b"n"):
        assert blob.append(piece) == len(whole)
        whole += piece
    assert len(blob) == len(whole)
    for start in range(len(whole)):
        for count in range(len(whole) - start + 1):
            assert blob.read(start, count) == whole[start : start + count]


def test_a_temporary_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    blob = Blob(in_memory=3)
    with pytest.raises(NoRoom, match=r"temporary folder .*gone: No such file or directory"):
        blob.append(b"more than that")


def test_only_rows_that_are_needed_soon_are_tokenised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lor2c_worker.data.encode.CHUNK", 4)
    seen: list[str] = []

    class Listening:
        """A tokenizer that notes what it is given."""

        pad_token_id = 0

        def __call__(self, texts: list[str], **more: object) -> object:
            seen.extend(texts)
            return tiny.tokenizer()(texts, **more)

    texts = [f"{word} {i}" for i, word in enumerate(tiny.WORDS[:20])]
    data = encode(Split(Texts.of(texts), tuple(i % 2 for i in range(20))), Listening(), "classify", 8)
    data.expect([[9, 3], [7, 1], [0, 2]])
    first = data.batch([9, 3], torch.device("cpu"))
    assert seen == [texts[i] for i in (9, 3, 7, 1)]
    again = data.batch([7, 1], torch.device("cpu"))
    assert len(seen) == 4
    assert (first.lengths, again.rows.tolist()) == ([4, 4], [7, 1])
    data.lengths()
    assert sorted(seen) == sorted(texts)


def test_the_longest_rows_are_found() -> None:
    texts = [" ".join(tiny.WORDS[: 1 + i]) for i in (3, 9, 1, 7, 5)]
    data = encode(Split(Texts.of(texts), (0, 1, 0, 1, 0)), tiny.tokenizer(), "classify", 8)
    assert data.longest(2) == [1, 3]
