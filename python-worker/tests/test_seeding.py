"""Every draw depends on its key only."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from lor2c_worker.keyed.dropout import site_name
from lor2c_worker.keyed.seeding import generator, key, permutation


@given(st.lists(st.one_of(st.integers(-5, 5), st.text(max_size=3)), max_size=3), st.integers(0, 3))
def test_keys_do_not_collide_by_concatenation(place: list[int | str], seed: int) -> None:
    assert key(seed, "a", *place) == key(seed, "a", *place)
    assert key(seed, "a", *place) != key(seed + 1, "a", *place)
    assert key(seed, "a", "b", *place) != key(seed, "ab", *place)
    assert key(seed, "a", 1, *place) != key(seed, "a", "1", *place)


def test_permutations_ignore_what_was_drawn_before() -> None:
    first = permutation(100, 17, "order", 3)
    torch.rand(1000)
    generator(17, "order", 2)
    assert torch.equal(first, permutation(100, 17, "order", 3))
    assert sorted(first.tolist()) == list(range(100))
    assert not torch.equal(first, permutation(100, 17, "order", 4))


def test_sites_are_named_alike_under_any_wrapping() -> None:
    site = "encoder.layer.3.output.dropout"
    wrappings = ("", "roberta.", "base_model.model.roberta.", "base_model.model.bert.")
    assert {site_name(wrapping + site) for wrapping in wrappings} == {site}
    assert site_name("base_model.model.classifier.modules_to_save.default.dropout") == "classifier.dropout"
    layer = "base_model.model.bert.encoder.layer.0.base_layer.attention.self"
    assert site_name(layer) == "encoder.layer.0.attention.self"
