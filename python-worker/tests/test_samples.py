"""The file of scored rows: what is in it stays, what a killed process left half goes, and nobody else adds to it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from lor2c_worker.benchmarking.samples import Sample, Samples, SamplesError

KEY = {"model_hash": "m", "adapter_hash": None, "data_hash": "d"}


def sample(name: str, output: str = "A") -> Sample:
    return Sample(name, "t", "h", 3, 5, output, 2, "A", 1.0, None, 0.25)


def test_rows_are_there_again_in_the_next_process(tmp_path: Path) -> None:
    odd = sample("b", 'a\n"\u2028\ud800\x00 é')
    with Samples(tmp_path / "new", KEY) as samples:
        assert samples.rows == {}
        samples.add([sample("a")])
        samples.add([odd, sample("c")])
    with Samples(tmp_path / "new", KEY) as samples:
        assert samples.rows == {"a": sample("a"), "b": odd, "c": sample("c")}
        content = samples.path.read_bytes()
        assert samples.measure() == (len(content), hashlib.sha256(content).hexdigest())
    assert [json.loads(line)["row"] for line in content.splitlines()] == ["a", "b", "c"]


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_half_a_line_at_the_end_goes(tmp_path: Path, cut: int) -> None:
    with Samples(tmp_path, KEY) as samples:
        samples.add([sample("a"), sample("b")])
        path = samples.path
    path.write_bytes(path.read_bytes()[:-cut])
    with Samples(tmp_path, KEY) as samples:
        assert list(samples.rows) == ["a"]
        samples.add([sample("c")])
    with Samples(tmp_path, KEY) as samples:
        assert list(samples.rows) == ["a", "c"]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    with Samples(tmp_path, KEY) as samples:
        samples.add([sample("a"), sample("b")])
        path = samples.path
    for damage in b"\0\0\0\n", b'{"row": "x"}\n', b"[]\n", b"3\n":
        path.write_bytes(damage + path.read_bytes().split(b"\n", 1)[1])
        with pytest.raises(SamplesError, match=r"samples\.jsonl:1 is damaged"):
            Samples(tmp_path, KEY)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with Samples(tmp_path, KEY), pytest.raises(SamplesError, match="another process is scoring"):
        Samples(tmp_path, KEY)
    Samples(tmp_path, KEY).__exit__(None, None, None)


def test_rows_of_another_evaluation_are_no_start(tmp_path: Path) -> None:
    with Samples(tmp_path, KEY) as samples:
        samples.add([sample("a")])
    with pytest.raises(SamplesError, match="rows of another evaluation: its data_hash is 'd'"):
        Samples(tmp_path, {**KEY, "data_hash": "e"})
