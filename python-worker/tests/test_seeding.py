"""Every draw depends on its key only."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lor2c_worker.backbones.unpadded import UnpaddedLayout
from lor2c_worker.data.batch import Batch
from lor2c_worker.keyed.dropout import PaddedLayout, StepMasks, draw, site_name
from lor2c_worker.keyed.seeding import generator, key, permutation

CPU = torch.device("cpu")


def batch_of(lengths: list[int]) -> Batch:
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    return Batch(torch.arange(len(lengths)), mask * 5, mask, None, torch.zeros(len(lengths)), sum(lengths))


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


@pytest.mark.parametrize("p", [0.05, 0.1, 0.5])
def test_masks_keep_the_mean(p: float) -> None:
    mask = draw(400_001, p, 1, "site", (0, 0), CPU)
    assert len(mask) == 400_001
    assert (mask == 0).float().mean().item() == pytest.approx(p, abs=3e-3)
    assert mask.mean().item() == pytest.approx(1, abs=5e-3)
    assert len(mask.unique()) == 2


def test_masks_differ_by_seed_site_step_and_micro_batch() -> None:
    one = draw(64, 0.5, 1, "site", (3, 0), CPU)
    assert torch.equal(one, draw(64, 0.5, 1, "site", (3, 0), CPU))
    for other in ((2, "site", (3, 0)), (1, "sites", (3, 0)), (1, "site", (4, 0)), (1, "site", (3, 1))):
        assert not torch.equal(one, draw(64, 0.5, *other, CPU))


def test_layouts_place_the_same_masks() -> None:
    """A token's mask depends neither on padding nor on the order of rows in memory."""
    batch = batch_of([3, 7, 1, 7, 5])
    wide = batch_of([3, 7, 1, 7, 5])
    wide = Batch(wide.rows, *(torch.nn.functional.pad(x, (0, 4)) for x in (wide.input_ids, wide.attention_mask)), None,
                 wide.labels, wide.tokens)  # fmt: skip
    padded, padded_wide, unpadded = PaddedLayout.of(batch), PaddedLayout.of(wide), UnpaddedLayout.of(batch)
    tokens = {}
    for name, (b, layout) in {"a": (batch, padded), "b": (wide, padded_wide), "c": (batch, unpadded)}.items():
        tokens[name] = StepMasks.of(9, (2, 0), b, layout).tokens("site", 6, 0.5)
    by_token = tokens["a"].view(5, 7, 6)[batch.attention_mask.bool()]
    assert torch.equal(tokens["b"].view(5, 11, 6)[wide.attention_mask.bool()], by_token)
    real = batch.tokens
    back = torch.empty_like(by_token)
    back[unpadded.canonical[:real]] = tokens["c"][:real]
    assert torch.equal(back, by_token)

    [flat] = StepMasks.of(9, (2, 0), batch, unpadded).pairs("attention", 2, 0.5, lambda drawn, heads: [drawn])
    [whole] = padded.place_attention(flat, 2)
    blocks = unpadded.attention_blocks(flat, 2)
    assert [(n, rows) for n, rows in unpadded.blocks] == [(1, [2]), (3, [0]), (5, [4]), (7, [1, 3])]
    for (n, rows), block in zip(unpadded.blocks, blocks, strict=True):
        for row, mask in zip(rows, block, strict=True):
            assert torch.equal(whole[row, :, :n, :n], mask)


def test_sites_are_named_alike_under_any_wrapping() -> None:
    site = "encoder.layer.3.output.dropout"
    wrappings = ("", "roberta.", "base_model.model.roberta.", "base_model.model.bert.")
    assert {site_name(wrapping + site) for wrapping in wrappings} == {site}
    assert site_name("base_model.model.classifier.modules_to_save.default.dropout") == "classifier.dropout"
    layer = "base_model.model.bert.encoder.layer.0.base_layer.attention.self"
    assert site_name(layer) == "encoder.layer.0.attention.self"
