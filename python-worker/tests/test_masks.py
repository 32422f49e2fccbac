"""Dropout masks: probabilities, and what they depend on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch

from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.backbones.unpadded_layout import UnpaddedLayout
from lor2c_worker.data.batch import Batch
from lor2c_worker.keyed import masks
from lor2c_worker.keyed.layout import PaddedLayout
from lor2c_worker.keyed.masks import StepMasks
from lor2c_worker.keyed.rate import Rate

LENGTHS = [3, 7, 1, 7, 5]
HEADS, WIDTH, PREFIX = 2, 6, 3

#: [row of the data set] -> (mask of tokens [n, WIDTH], of the row [WIDTH], of pairs [HEADS, n, n], of a prefix).
Found = dict[int, tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]


def batch_of(lengths: list[int], rows: list[int] | None = None, wider: int = 0) -> Batch:
    """`rows`: their ids, by default 0, 1, ..."""
    mask = (torch.arange(max(lengths) + wider) < torch.tensor(lengths)[:, None]).long()
    ids = torch.arange(len(lengths)) if rows is None else torch.tensor(rows)
    return Batch(ids, mask * 5, mask, None, torch.zeros(len(lengths)), sum(lengths), lengths)


def padded(batch: Batch, step: int = 2, seed: int = 9, p: float = 0.5) -> Found:
    drawn = StepMasks(seed, step, batch, PaddedLayout.of(batch))
    tokens = drawn.tokens("tokens", WIDTH, p).unflatten(0, batch.input_ids.shape)
    rows, pairs = drawn.rows("rows", WIDTH, p), drawn.pairs("pairs", HEADS, p)
    prefix = drawn.prefix("prefix", HEADS, PREFIX, p)
    found: Found = {}
    for i, n in enumerate(batch.row_lengths()):
        assert pairs[i].count_nonzero() == pairs[i, :, :n, :n].count_nonzero(), "a mask on padding"
        found[int(batch.rows[i])] = (tokens[i, :n], rows[i], pairs[i, :, :n, :n], prefix[i, :, :n])
    return found


def unpadded(batch: Batch, step: int = 2, seed: int = 9) -> Found:
    layout = UnpaddedLayout.of(batch)
    drawn = StepMasks(seed, step, batch, layout)
    tokens, rows = drawn.tokens("tokens", WIDTH, 0.5), drawn.rows("rows", WIDTH, 0.5)
    blocks, whole = drawn.blocks("pairs", HEADS, 0.5, layout.blocks), padded(batch, step, seed)
    found: Found = {}
    for (n, members), block in zip(layout.blocks, blocks, strict=True):
        assert block.shape == (len(members), HEADS, n, n)
        for row, pairs in zip(members, block, strict=True):
            start, name = layout.starts[row], int(batch.rows[row])
            found[name] = (tokens[start : start + n], rows[row], pairs, whole[name][3])
    check_single_tokens(batch, layout, found, step, seed)
    return found


def check_single_tokens(batch: Batch, layout: UnpaddedLayout, found: Found, step: int, seed: int) -> None:
    """Masks of the first or last token of each row are those of all tokens."""
    for at, token in ((layout.first(), 0), (layout.last(), -1)):
        drawn = StepMasks(seed, step, batch, layout)
        with drawn.only(torch.cat([at, at[:1]])):
            tokens = drawn.tokens("tokens", WIDTH, 0.5)
            pairs = drawn.pairs_of(at, "pairs", HEADS, 0.5)
        assert torch.equal(tokens[-1], tokens[0])
        assert pairs.shape == (len(at), HEADS, 1, layout.width)
        for row, n in enumerate(batch.row_lengths()):
            want = found[int(batch.rows[row])]
            assert torch.equal(tokens[row], want[0][token])
            assert torch.equal(pairs[row, :, 0, :n], want[2][:, token])
            assert not pairs[row, :, 0, n:].any()


def widened(batch: Batch) -> Found:
    """As `HfBackbone` lays the batch out, with more padding than it has."""
    layout = PaddedLayout(HfBackbone._widen(batch.attention_mask, 0).bool())
    assert layout.width > batch.input_ids.shape[1]
    tokens = StepMasks(9, 2, batch, layout).tokens("tokens", WIDTH, 0.5).unflatten(0, (-1, layout.width))
    pairs = StepMasks(9, 2, batch, layout).pairs("pairs", HEADS, 0.5)
    lengths, found = batch.row_lengths(), padded(batch)
    names = batch.rows.tolist()
    return {
        name: (tokens[i, :n], found[name][1], pairs[i, :, :n, :n], found[name][3])
        for i, (name, n) in enumerate(zip(names, lengths, strict=True))
    }


def same(one: Found, other: Found) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(a, b) for row in one for a, b in zip(one[row], other[row], strict=True)
    )


def cut(batch: Batch, *rows: int) -> Batch:
    """A micro-batch of some rows, no wider than the longest of them."""
    lengths = [batch.row_lengths()[row] for row in rows]
    return batch_of(lengths, [int(batch.rows[row]) for row in rows])


@pytest.mark.parametrize("p", [0.05, 0.1, 0.5, 1e-6])
def test_masks_keep_the_mean(p: float) -> None:
    batch = batch_of([400, 100], [3, 1])
    mask = StepMasks(1, 0, batch, UnpaddedLayout.of(batch)).tokens("site", 770, p)[:500]
    exact = round(p * 65536) / 65536
    assert (mask == 0).double().mean().item() == pytest.approx(exact, abs=4 * (exact / mask.numel()) ** 0.5)
    assert mask.double().mean().item() == pytest.approx(1, abs=5e-3)
    assert mask.unique().tolist() == [0.0, pytest.approx(1 / (1 - exact))][exact == 0 :]
    with pytest.raises(ValueError, match="below 1"):
        Rate(1 - 1e-6)


def test_masks_of_rows_sites_and_places_are_independent() -> None:
    """Products of two masks have the mean of independent ones: neighbours in a row, rows, steps, sites, seeds."""
    count, p = 300_000, 0.5
    batch = batch_of([300, 300], [0, 1])

    def drawn(seed: int = 1, step: int = 0, site: str = "site") -> torch.Tensor:
        return StepMasks(seed, step, batch, PaddedLayout.of(batch)).tokens(site, 1000, p).view(2, count)

    first = drawn()
    others = {"row": first[1], "step": drawn(step=1)[0], "site": drawn(site="other")[0], "seed": drawn(seed=2)[0]}
    others |= {f"shift {by}": first[0].roll(by) for by in (1, 2, 4, 16, 1000)}
    for name, other in others.items():
        assert (first[0] * other).mean().item() == pytest.approx(1, abs=5 / count**0.5), name


@pytest.mark.parametrize("numbers", ["numpy", "torch"])
def test_masks_depend_on_the_row_not_on_its_batch(numbers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal for both layouts, any padding, order of rows and micro-batches, by numpy and by torch operations."""
    want = padded(batch_of(LENGTHS))
    if numbers == "torch":
        monkeypatch.setattr(masks, "HostDraws", masks.TensorDraws)
    whole = batch_of(LENGTHS)
    assert same(padded(whole), want)
    assert same(unpadded(whole), want)
    assert same(padded(batch_of(LENGTHS, wider=9)), want)
    assert same(widened(whole), want)
    for layout in (padded, unpadded):
        assert same(layout(cut(whole, 4, 3, 2, 1, 0)), want)
        assert same(layout(cut(whole, 0, 1)) | layout(cut(whole, 2, 3)) | layout(cut(whole, 4)), want)


@pytest.mark.parametrize(
    "other",
    [
        lambda: padded(batch_of(LENGTHS), step=3),
        lambda: padded(batch_of(LENGTHS), seed=10),
        lambda: padded(batch_of(LENGTHS, [10, 11, 12, 13, 14])),
    ],
    ids=["step", "seed", "rows"],
)
def test_masks_differ_by_step_seed_and_row(other: Callable[[], Found]) -> None:
    for one, two in zip(padded(batch_of(LENGTHS)).values(), other().values(), strict=True):
        assert not any(torch.equal(a, b) for a, b in zip(one, two, strict=True) if a.numel() > 8)


def test_rows_must_be_padded_on_the_right() -> None:
    batch = batch_of([3, 5])
    left = dataclasses.replace(batch, attention_mask=batch.attention_mask.flip(1), lengths=None)
    with pytest.raises(ValueError, match="padded on the right"):
        StepMasks(1, 0, left, PaddedLayout.of(left)).rows("site", 4, 0.5)
