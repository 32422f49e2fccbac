"""The generator's published answers, and equal bits from numpy and torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lor2c_worker.keyed.philox import RowStream, agrees_with_numpy, philox, row_numbers

#: (counter, key, numbers) from Random123's file kat_vectors, philox4x64 with 10 rounds.
PUBLISHED = [
    ("0 0 0 0", "0 0", "16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b"),
    (
        "ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff",
        "ffffffffffffffff ffffffffffffffff",
        "87b092c3013fe90b 438c3c67be8d0224 9cc7d7c69cd777b6 a09caebf594f0ba0",
    ),
    (
        "243f6a8885a308d3 13198a2e03707344 a4093822299f31d0 082efa98ec4e6c89",
        "452821e638d01377 be5466cf34e90c6c",
        "a528f45403e61d95 38c72dbd566e9788 a5a1610e72fd18b5 57bd43b5e52b7fe6",
    ),
]


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


def tensors(values: list[int]) -> list[torch.Tensor]:
    return list(torch.from_numpy(np.array(values, dtype=np.uint64).view(np.int64)))


@pytest.mark.parametrize(("counter", "key", "expected"), PUBLISHED)
def test_published_answers(counter: str, key: str, expected: str) -> None:
    c0, c1, c2, c3 = tensors(words(counter))
    k0, k1 = tensors(words(key))
    got = torch.stack(philox((c0, c1, c2, c3), (k0, k1))).numpy().view(np.uint64)
    assert got.tolist() == words(expected)
    # numpy adds one to the counter first.
    number = (sum(word << 64 * i for i, word in enumerate(words(counter))) - 1) % 2**256
    theirs = np.random.Philox(counter=number, key=sum(word << 64 * i for i, word in enumerate(words(key))))
    assert theirs.random_raw(4).tolist() == words(expected)


def test_torch_operations_give_numpys_bits() -> None:
    assert agrees_with_numpy(row_numbers, torch.device("cpu"))
    assert not agrees_with_numpy(lambda *given: row_numbers(*given).roll(1, 1), torch.device("cpu"))


def test_the_order_of_calls_does_not_matter() -> None:
    stream = RowStream()
    first = stream.use(5, 3)(8, 100)
    assert len(first) == 100
    stream(9, 7)
    stream.use(6, 3)(8, 50)
    assert np.array_equal(stream.use(5, 3)(8, 40), first[:40])
