"""Batches filled by tokens: which rows go together, and that lanes and evaluations say what they say without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stopping
import tiny
from hypothesis import given
from hypothesis import strategies as st
from worker import LORA, only, settings

from lor2c_worker import messages
from lor2c_worker.data.encode import Encoded, encode, eval_batches
from lor2c_worker.data.task import Split
from lor2c_worker.data.token_batches import filled, first_fit, in_file_order


def test_the_longest_row_comes_first_and_each_goes_where_there_is_room() -> None:
    assert first_fit([4, 7, 1, 9, 3], [3, 8, 5, 5, 2], 10) == [[7, 3], [1, 9], [4]]
    assert first_fit([0, 1, 2], [30, 4, 31], 10) == [[2], [0], [1]], "too long for any budget: alone"
    assert first_fit([5, 6, 2], [4, 4, 4], 8) == [[5, 6], [2]], "equal rows keep their order"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(1, 100))
def test_every_row_has_one_place_and_only_single_rows_exceed_the_budget(lengths: list[int], budget: int) -> None:
    batches = first_fit(range(len(lengths)), lengths, budget)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or sum(lengths[row] for row in batch) <= budget for batch in batches)
    # No two batches would fit into one: the first row of a later one had no room in an earlier one.
    sizes = [sum(lengths[row] for row in batch) for batch in batches]
    assert all(size + lengths[later[0]] > budget for i, size in enumerate(sizes) for later in batches[i + 1 :])


def encoded(count: int = 40) -> Encoded:
    words = tiny.tokenizer().decode(list(range(5, 20))).split()
    texts = tuple(" ".join(words[: 1 + row * 7 % 13]) for row in range(count))
    return encode(Split(texts, tuple(row % 2 for row in range(count))), tiny.tokenizer(), "classify", 32)


def test_evaluation_keeps_the_order_of_the_file() -> None:
    data = encoded()
    lengths = data.tokens_of(range(len(data)))
    batches = list(eval_batches(data, 3, 30))
    assert [row for batch in batches for row in batch] == list(range(len(data)))
    assert all(sum(lengths[row] for row in batch) <= 30 for batch in batches)
    starts = [batch[0] for batch in batches[1:]]
    assert all(sum(lengths[row] for row in b) + lengths[s] > 30 for b, s in zip(batches, starts, strict=False)), "full"
    assert list(in_file_order(data, 30, ahead=7)) == batches, "however many rows are looked at ahead"
    assert list(eval_batches(data, 3)) == [list(range(i, min(i + 3, 40))) for i in range(0, 40, 3)]


def test_without_a_budget_micro_batches_stay() -> None:
    micro = [range(3), range(3, 6)]
    assert filled(encoded(), micro, None) is micro


def cell(place: Path, seed: int = 17, **train: Any) -> Any:
    given = {"num_train_epochs": 2, "precision": "fp32", "logging_steps": 1, "batch_size": 8, **train}
    return settings(place, seed, LORA, **given)


def values(events: list[Any], name: str = "c") -> dict[tuple[str, str, int], float]:
    found = [event for event in only(events, messages.Metrics) if name in event.cells]
    return {(e.split, key, e.step): value for e in found for key, value in e.values.items()}


def test_a_run_says_the_same_but_for_rounding(place: Path, tmp_path: Path) -> None:
    """Training in steps of 16 rows, evaluation, and the check of the saved adapter."""
    plain = values(stopping.train(tmp_path / "rows", cell(place, gradient_accumulation_steps=2)))
    by_tokens = values(stopping.train(tmp_path / "a", cell(place, gradient_accumulation_steps=2, tokens_per_batch=50)))
    assert by_tokens.keys() == plain.keys()
    assert {key: by_tokens[key] for key in plain} == pytest.approx(plain, abs=1e-5, rel=1e-5)


def test_seeds_that_need_different_numbers_of_batches_train_together(place: Path, tmp_path: Path) -> None:
    """To the bit as each alone: the rows of each seed are cut by themselves."""
    cells = {f"seed {seed}": cell(place, seed, tokens_per_batch=40) for seed in (1, 2, 3)}
    together = stopping.train_cells(tmp_path / "together", cells)
    for name, value in cells.items():
        alone = stopping.train_cells(tmp_path / "alone", {name: value})
        assert values(together, name) == values(alone, name), name
