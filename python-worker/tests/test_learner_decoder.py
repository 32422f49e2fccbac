"""Learners continue texts through their adapters: next tokens' logits equal those of the whole text at once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from test_backbones import bank_of
from test_unpadded_decoder import decoder, lora_bank

from lor2c_worker.adapters.bank import Bank
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.backbones.heads import head_of
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.backbones.unpadded_decoder import UnpaddedDecoder
from lor2c_worker.data.batch import Batch
from lor2c_worker.keyed.seeding import generator
from lor2c_worker.rules import PRESETS
from lor2c_worker.schedule import Schedule

#: Of each row, the ends of the parts in which it is given; a row's first part is its prompt.
PARTS = [[7, 8, 9, 12], [2, 5, 6, 7], [11, 12, 15, 16]]


def tokens(row: int, count: int) -> list[int]:
    return torch.randint(5, 100, (count,), generator=generator(0, "tokens", row)).tolist()


def batch_of(rows: list[list[int]]) -> Batch:
    mask = (torch.arange(max(map(len, rows))) < torch.tensor([len(row) for row in rows])[:, None]).long()
    ids = torch.zeros_like(mask)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
    return Batch(torch.arange(len(rows)), ids, mask, None, torch.zeros(len(rows)), int(mask.sum()))


def learner_of(backbone: Any, bank: Bank, module: Any) -> BankLearner:
    return BankLearner(backbone, bank, head_of(module, 1), {"c": Schedule(1, 0, 0, PRESETS["paper"])}, [["c"]])


@pytest.mark.parametrize("make_bank", [bank_of, lora_bank], ids=["spans and injections", "LoRA everywhere"])
@pytest.mark.parametrize("name", ["llama", "llama, llama3 RoPE", "mistral, sliding window", "qwen2"])
def test_goes_on_at_the_position_offset_of_a_cache(name: str, make_bank: Any) -> None:
    """Rows of different lengths, continued by different numbers of tokens, one of them finished, one doubled."""
    module = decoder(name)
    backbone = UnpaddedDecoder(module)
    bank = make_bank(backbone, module)
    speaker = learner_of(backbone, bank, module).decoder()
    texts = [tokens(row, ends[-1]) for row, ends in enumerate(PARTS)]

    def whole(rows: list[int], step: int) -> torch.Tensor:
        """Of the whole rows so far, by the transformers module with the adapters in its hooks."""
        plain = decoder(name)
        padded = HfBackbone(plain)
        batch = batch_of([texts[row][: PARTS[row][step]] for row in rows])
        layout = padded.layout(batch)
        hidden = padded.forward(batch, layout, 1, bank.begin(None), None, at=layout.last())
        return plain.get_output_embeddings()(hidden[0])

    def parts(rows: list[int], step: int) -> Batch:
        return batch_of([texts[row][PARTS[row][step - 1] if step else 0 : PARTS[row][step]] for row in rows])

    cache = speaker.new_cache(3)
    with torch.no_grad():
        for step in range(2):
            got = speaker.next_logits(parts([0, 1, 2], step), cache)
            assert got.dtype == torch.float32
            assert torch.allclose(got, whole([0, 1, 2], step), rtol=0, atol=1e-5)
        doubled = cache.copy([2, 0, 2])
        cache.keep([2, 1])
        assert torch.allclose(speaker.next_logits(parts([2, 1], 2), cache), whole([2, 1], 2), rtol=0, atol=1e-5)
        assert torch.allclose(speaker.next_logits(parts([2, 0, 2], 2), doubled), whole([2, 0, 2], 2), rtol=0, atol=1e-5)
        assert torch.allclose(speaker.next_logits(parts([2, 1], 3), cache), whole([2, 1], 3), rtol=0, atol=1e-5)


def test_a_padded_backbone_continues_as_the_unpadded_one() -> None:
    module, texts = decoder("llama"), [tokens(0, 9), tokens(1, 4)]
    found = []
    for make in (UnpaddedDecoder, HfBackbone):
        backbone = make(module)
        speaker = learner_of(backbone, bank_of(backbone, module), module).decoder()
        cache = speaker.new_cache(2)
        found.append([speaker.next_logits(batch_of([text[a:b] for text in texts]), cache) for a, b in ((0, 3), (3, 4))])
    for want, got in zip(*found, strict=True):
        assert torch.allclose(got, want, rtol=0, atol=1e-5)


def test_a_classifier_continues_no_text() -> None:
    module = decoder("llama, score head")
    backbone = UnpaddedDecoder(module)
    with pytest.raises(ValueError, match="continues no text"):
        learner_of(backbone, bank_of(backbone, module), module).decoder()
