"""Tokens of large tables are kept for the next worker, and a file that is not whole is never used."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch

from lor2c_worker.data import token_cache
from lor2c_worker.data.blob import Blob
from lor2c_worker.data.encode import Encoded
from lor2c_worker.data.task import Split
from lor2c_worker.data.token_cache import Tokens

TEXTS = tuple(" ".join(tiny.WORDS[: 1 + i % 17]) for i in range(30))
SPLIT = Split(TEXTS, tuple(i % 2 for i in range(30)))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOR2C_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(token_cache, "LEAST", 1)
    return tmp_path / "cache" / "tokens"


class Counting:
    """A tokenizer that counts the texts it is given."""

    pad_token_id = 0

    def __init__(self) -> None:
        self.texts = 0

    def __call__(self, texts: list[str], **more: Any) -> Any:
        self.texts += len(texts)
        return tiny.tokenizer()(texts, **more)


def encoded(key: str = "key") -> tuple[Encoded, Counting]:
    tokenizer = Counting()
    return Encoded(SPLIT, tokenizer, "classify", 32, key=key), tokenizer


def rows_of(data: Encoded) -> list[list[int]]:
    batch = data.batch(range(len(data)), torch.device("cpu"))
    assert batch.lengths is not None
    return [ids[:n] for ids, n in zip(batch.input_ids.tolist(), batch.lengths, strict=True)]


def kept(cache: Path) -> list[Path]:
    return sorted(cache.iterdir()) if cache.exists() else []


def test_the_next_worker_tokenises_nothing_and_has_the_same_tokens(cache: Path) -> None:
    first, tokenizer = encoded()
    want = rows_of(first)
    assert tokenizer.texts == 30
    again, tokenizer = encoded()
    assert rows_of(again) == want
    assert again.lengths().tolist() == first.lengths().tolist()
    assert tokenizer.texts == 0
    _, tokenizer = other = encoded("other key")
    rows_of(other[0])
    assert tokenizer.texts == 30
    assert len(kept(cache)) == 2


def test_a_table_of_which_a_part_was_needed_is_not_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lor2c_worker.data.encode.CHUNK", 4)
    encoded()[0].batch([3, 1], torch.device("cpu"))
    assert kept(cache) == []


def test_few_tokens_are_not_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "LEAST", 10**6)
    rows_of(encoded()[0])
    assert kept(cache) == []


@pytest.mark.parametrize("damage", ["cut", "longer", "byte", "head", "empty"])
def test_a_damaged_file_is_made_again(cache: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    want = rows_of(encoded()[0])
    (file,) = kept(cache)
    whole = file.read_bytes()
    changed = {
        "cut": whole[:-3],
        "longer": whole + b"x",
        "byte": whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:],
        "head": b"{}\n" + whole,
        "empty": b"",
    }
    file.write_bytes(changed[damage])
    data, tokenizer = encoded()
    assert rows_of(data) == want
    assert tokenizer.texts == 30
    assert "is not used" in capsys.readouterr().err
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_a_line(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder would be")
    assert len(rows_of(encoded()[0])) == 30
    assert "the tokens are not kept for the next run" in capsys.readouterr().err
    assert [path.name for path in cache.parent.iterdir()] == ["tokens"]


def _die_in_the_middle() -> None:
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        os.kill(os.getpid(), signal.SIGKILL)
        return replace(self, target)

    Path.replace = killed  # type: ignore[method-assign, assignment]
    rows_of(encoded()[0])


def test_a_worker_that_is_killed_while_it_writes_leaves_no_file_that_is_used(cache: Path) -> None:
    child = multiprocessing.get_context("fork").Process(target=_die_in_the_middle)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert [file.name[0] for file in kept(cache)] == ["."]
    data, tokenizer = encoded()
    rows_of(data)
    assert tokenizer.texts == 30


def test_what_was_not_used_for_the_longest_time_goes_first(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tokens(size: int) -> Tokens:
        blob = Blob()
        blob.append(b"x" * size)
        return Tokens(np.zeros(1, np.int64), np.full(1, size // 4, np.int32), False, blob)

    monkeypatch.setattr(token_cache, "MOST", 3500)
    for age, key in ((30, "old"), (20, "used"), (10, "new")):
        token_cache.keep(key, tokens(1000))
        path = token_cache._path(key)
        os.utime(path, (path.stat().st_mtime - age, path.stat().st_mtime - age))
    assert token_cache.find("old", 1) is not None  # which makes it the newest
    token_cache.keep("last", tokens(1000))
    assert [token_cache.find(key, 1) is not None for key in ("old", "used", "new", "last")] == [True, False, True, True]
