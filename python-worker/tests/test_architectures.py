"""Each architecture of the table on a tiny random model: the backbone and the head compute what the transformers module
does, with keyed dropout, and a lane's bits do not depend on others."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from test_backbones import LENGTHS, bank_of, hidden, logits_of
from tiny_encoders import ENCODERS, VARIANTS, encoder

from lor2c_worker.backbones.heads import head_of
from lor2c_worker.backbones.hf_backbone import HfBackbone, base_of, layers_in
from lor2c_worker.backbones.unpadded import UnpaddedEncoder
from lor2c_worker.data.batch import Batch
from lor2c_worker.keyed.dropout import KeyedDropout
from lor2c_worker.keyed.seeding import generator
from lor2c_worker.schedule import Layout

KINDS = (*ENCODERS, *VARIANTS)


def batch_of(lengths: list[int], width: int | None = None, pad: int = 0) -> Batch:
    mask = (torch.arange(width or max(lengths)) < torch.tensor(lengths)[:, None]).long()
    ids = torch.full_like(mask, pad)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(5, 25, (length,), generator=generator(0, "ids", row, length))
    return Batch(torch.arange(len(lengths)), ids, mask, None, torch.zeros(len(lengths)).long(), sum(lengths))


def plain(backbone: Any, module: Any) -> Any:
    bank = bank_of(backbone, module)
    bank.set_structure(0, type(bank.structures[0])(Layout(())))
    return bank


def inputs(batch: Batch) -> dict[str, torch.Tensor]:
    return {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}


@pytest.mark.parametrize("kind", KINDS)
def test_backbone_and_head_are_the_modules(kind: str) -> None:
    """With any padding, and with other tokens in it."""
    module = encoder(kind, layers=4)
    batch = batch_of(LENGTHS)
    own = copy.deepcopy(module)
    own.set_attn_implementation("eager")
    want, logits = base_of(own)(**inputs(batch)).last_hidden_state, own(**inputs(batch)).logits
    backbone = HfBackbone(module)
    bank = plain(backbone, module)
    for given in (batch, batch_of(LENGTHS, 40), batch_of(LENGTHS, pad=0 if kind == "xlm-roberta" else 7)):
        got = hidden(backbone, given, bank)[0]
        assert torch.allclose(got, want[batch.attention_mask.bool()], rtol=0, atol=2e-5)
        assert torch.allclose(logits_of(backbone, bank, head_of(module, 1), given)[0], logits, rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_lanes_drop_what_the_keyed_module_drops_and_nothing_else_is_drawn(kind: str) -> None:
    """A wrapped module (peft's LoRA) and lanes over a frozen one get the same masks, with any padding and in a module
    that is in training mode."""
    module = encoder(kind, p=0.3, layers=4).double()
    batch, whole = batch_of(LENGTHS), copy.deepcopy(module)
    keyed = KeyedDropout(whole, seed=7)
    before = torch.get_rng_state()
    whole.train()
    with keyed.at(batch, 4):
        want = whole(**inputs(batch)).logits
    backbone = HfBackbone(module)
    bank = plain(backbone, module)
    module.train()
    got = logits_of(backbone, bank, head_of(module, 1), batch, 4)[0]
    assert torch.equal(before, torch.get_rng_state())
    exact = 1e-5 if kind.startswith("modernbert") else 1e-10  # its angles are fp32
    assert torch.allclose(got, want, rtol=0, atol=exact)
    wide = logits_of(backbone, bank, head_of(module, 1), batch_of(LENGTHS, 40), 4)[0]
    assert torch.allclose(got, wide, rtol=0, atol=exact)
    for step in (5, None):
        assert not torch.allclose(got, logits_of(backbone, bank, head_of(module, 1), batch, step)[0], atol=1e-2)


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_small_and_odd_batches_are_the_same_in_any_stack(kind: str, rows: int) -> None:
    """Equal bits, forward and backward. Lanes that a backbone takes one by one only meet in the head."""
    module = encoder(kind, p=0.2, layers=4).requires_grad_(False)
    batch, backbone, seen = batch_of([3, 1, 2, 5, 7][:rows]), HfBackbone(module), []
    for lanes in (1, 2, 5):
        bank = bank_of(backbone, module, dropout=0.2)
        bank.fork([0] * lanes)
        head = head_of(module, lanes)
        logits_of(backbone, bank, head, batch, 0, together=not backbone.alone).square().sum().backward()
        grads = [s.tensor.grad[-1] for s in [*bank.slots(), *head.slots()] if s.tensor.grad is not None]
        seen.append([logits_of(backbone, bank, head, batch, 0, together=not backbone.alone)[-1].detach(), *grads])
    for other in seen[1:]:
        assert all(torch.equal(a, b) for a, b in zip(seen[0], other, strict=True))
    assert len(seen[0]) == 1 + 2 + 4 + len(head.slots())


@pytest.mark.parametrize("kind", KINDS)
def test_layers_that_are_computed_again_give_the_same_bits(kind: str) -> None:
    batch, found = batch_of(LENGTHS), []
    for again in (False, True):
        module = encoder(kind, p=0.2, layers=4).requires_grad_(False)
        backbone = HfBackbone(module)
        if again:
            backbone.use_checkpointing()
        bank, head = bank_of(backbone, module, dropout=0.2), head_of(module, 1)
        logits = logits_of(backbone, bank, head, batch, 3)
        logits.square().sum().backward()
        found.append([logits.detach(), *(s.tensor.grad for s in bank.slots() if s.tensor.grad is not None)])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("kind", ["electra", "xlm-roberta"])
def test_unpadded_equals_the_module_backbone(kind: str) -> None:
    """Logits and gradients of adapters and head, with dropout, of encoders whose form the unpadded one knows."""
    module = encoder(kind, p=0.2, layers=4).double().requires_grad_(False)
    found = []
    for backbone, width in ((HfBackbone(copy.deepcopy(module)), 40), (UnpaddedEncoder(module), None)):
        bank, head = bank_of(backbone, module, dropout=0.2), head_of(module, 1)
        logits = logits_of(backbone, bank, head, batch_of(LENGTHS, width), 3)
        logits.square().sum().backward()
        grads = [slot.tensor.grad for slot in [*bank.slots(), *head.slots()] if slot.tensor.grad is not None]
        found.append([logits.detach(), *grads])
    assert len(found[0]) == 1 + 2 + 4 + 4
    assert all(torch.allclose(a, b, rtol=0, atol=1e-9) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_in_mixed_precision_the_residual_stream_stays_in_fp32(kind: str) -> None:
    module, batch = encoder(kind, p=0.2, layers=4).requires_grad_(False), batch_of(LENGTHS)
    backbone, entered = HfBackbone(module), []
    bank, head = bank_of(backbone, module, dropout=0.2), head_of(module, 1)

    def note(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        entered.append((args[0] if args else kwargs["hidden_states"]).dtype)

    for layer in layers_in(base_of(module)):
        layer.register_forward_pre_hook(note, with_kwargs=True)
    want = logits_of(backbone, bank, head, batch, 1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = logits_of(backbone, bank, head, batch, 1)
    got.square().sum().backward()
    assert set(entered) == {torch.float32}
    assert got.dtype == torch.float32
    assert torch.allclose(want, got, rtol=0, atol=0.05 * float(want.abs().max()))
    assert not torch.equal(want, got)
