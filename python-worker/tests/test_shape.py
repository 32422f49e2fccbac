"""Estimates of the tokens of rows, from words only."""

from __future__ import annotations

import pytest

from lor2c_worker.data.movie_reviews import TASK
from lor2c_worker.data.row_tokens import longest_tokens, mean_tokens
from lor2c_worker.data.task import Split
from lor2c_worker.models import load_tokenizer
from lor2c_worker.settings import DataSettings, ModelSettings, TaskSettings


def split(*texts: str, pair: tuple[str, ...] | None = None) -> Split:
    return Split(texts, (0,) * len(texts), pair)


def test_estimate_is_near_a_tokenizer() -> None:
    data = DataSettings(path=None, hub=None, train_rows=400, eval_rows=None, split_seed=0, columns=None)
    rows = TASK.load(TaskSettings("movie-reviews"), data).train
    ids = load_tokenizer(ModelSettings("minilm", None))(list(rows.text))["input_ids"]
    assert mean_tokens(rows, 256) == pytest.approx(sum(map(len, ids)) / len(ids), rel=0.1)
    assert longest_tokens(rows, 256) == pytest.approx(max(map(len, ids)), rel=0.3)


def test_rows_are_cut_to_the_length() -> None:
    long = split("word " * 500, "short")
    assert longest_tokens(long, 64) == 64
    assert mean_tokens(long, 64) < 64 / 2 + 5
    assert longest_tokens(long, 1024) > 500


def test_pairs_count_both_texts() -> None:
    one, two = split("a b c d"), split("a b c d", pair=("e f g h",))
    assert mean_tokens(two, 64) == pytest.approx(2 * mean_tokens(one, 64))


def test_text_without_spaces_is_not_one_word() -> None:
    assert mean_tokens(split("电影很好看我非常喜欢" * 10), 512) > 50


def test_lone_surrogates_and_empty_splits_do_no_harm() -> None:
    assert mean_tokens(split("\ud800 word"), 64) > 0
    assert (mean_tokens(split(), 64), longest_tokens(split(), 64)) == (0, 0)
