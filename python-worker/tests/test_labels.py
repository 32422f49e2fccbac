"""Labels in 8 bytes each are what they were given as, and hash as Python writes them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from lor2c_worker.data.labels import Labels, LabelsBuilder
from lor2c_worker.data.task import Split, TaskData
from lor2c_worker.data.texts import Texts

SEVERAL = ((1, 0, 1), (0, 0, 1), (0, 1, 0))


@pytest.mark.parametrize("given", [(3, 0, 2), (0.1, 1e-300, 3.0), SEVERAL])
def test_labels_are_the_sequence_they_were_made_of(given: tuple[Any, ...]) -> None:
    builder = LabelsBuilder()
    for label in given:
        builder.append(label)
    labels = Labels.of(builder.done())
    assert labels == given
    assert labels != given[:2]
    assert (list(map(repr, labels)), labels[1:], labels[-1]) == (list(map(repr, given)), given[1:], given[-1])
    assert labels.take(np.array([2, 0])).take([1, 1]) == (given[0], given[0])
    assert np.array_equal(np.asarray(labels), np.array(given))
    with pytest.raises(IndexError):
        labels[3]


def test_no_labels_are_an_empty_sequence() -> None:
    assert (len(Labels.of(LabelsBuilder().done())), list(Labels.of([]))) == (0, [])


@pytest.mark.parametrize("labels", [(0, 1, 1), (0.5, 2.0, 1e-7), SEVERAL])
def test_the_hash_of_rows_is_over_labels_as_python_writes_them(labels: tuple[Any, ...]) -> None:
    text, pair = ("a\té", "b", ""), ("c", "", "\u2028")
    split = Split(text, labels, pair)
    rows = zip(text, pair, map(repr, labels), strict=True)
    content = "".join("\x1f".join(row) + "\x1e" for row in rows) + "\x1d"
    want = hashlib.sha256((2 * content).encode()).hexdigest()
    assert TaskData(split, split, (), "classify", ()).fingerprint == want


def test_rows_that_were_taken_out_of_a_split_come_in_their_order() -> None:
    text = tuple(f"row {i}" * (i % 5) for i in range(5000))
    texts = Texts.of(text)
    split = Split(texts, tuple(range(5000)))
    for rows in (np.arange(0, 5000, 3), np.arange(4999, -1, -1), [17, 4000, 17]):
        part = split.take(rows)
        assert (part.text, part.labels) == ([text[row] for row in rows], list(rows))
