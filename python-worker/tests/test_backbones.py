"""Both backbones compute what the transformers module computes, if possible on real tokens only."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest
import torch
from torch.nn import functional as F
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    MistralConfig,
    MistralForSequenceClassification,
    MPNetConfig,
    MPNetForSequenceClassification,
    Qwen2Config,
    Qwen2ForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from lor2c_worker.adapters import lane_groups
from lor2c_worker.adapters.bank import Bank, BankParams, Numbers, Structure
from lor2c_worker.backbones.backbone import LEAST, ROW_MULTIPLE, whole_rows
from lor2c_worker.backbones.heads import head_of
from lor2c_worker.backbones.hf_backbone import HfBackbone, base_of
from lor2c_worker.backbones.unpadded import UnpaddedEncoder
from lor2c_worker.backbones.unpadded_layout import UnpaddedLayout
from lor2c_worker.data.batch import Batch
from lor2c_worker.data.targets import Targets
from lor2c_worker.keyed.dropout import KeyedDropout
from lor2c_worker.keyed.masks import StepMasks
from lor2c_worker.keyed.seeding import generator
from lor2c_worker.methods.lanes import choose_backbone
from lor2c_worker.schedule import Layout, Span

SHAPE = {"hidden_size": 48, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 96}
ENCODER = {**SHAPE, "vocab_size": 100, "max_position_embeddings": 300, "initializer_range": 0.1}
DECODER = {**SHAPE, "vocab_size": 100, "num_key_value_heads": 2, "pad_token_id": 0, "initializer_range": 0.1}
#: Their positions count tokens that are not padding, from padding_idx + 1 = 2 on.
COUNTS_FROM_PADDING = ("roberta", "mpnet")


def build(kind: str, dtype: torch.dtype = torch.float32, dropout: float = 0.0) -> Any:
    torch.manual_seed(0)
    p = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    attention = {"attention_dropout": dropout}
    module = {
        "bert": lambda: BertForSequenceClassification(BertConfig(**ENCODER, **p, pad_token_id=0, num_labels=3)),
        "roberta": lambda: RobertaForSequenceClassification(
            RobertaConfig(**ENCODER, **p, type_vocab_size=1, pad_token_id=1, num_labels=3)
        ),
        "mpnet": lambda: MPNetForSequenceClassification(MPNetConfig(**ENCODER, **p, pad_token_id=1, num_labels=3)),
        "llama": lambda: LlamaForSequenceClassification(LlamaConfig(**DECODER, **attention, num_labels=3)),
        "mistral": lambda: MistralForSequenceClassification(MistralConfig(**DECODER, **attention, num_labels=3)),
        "qwen2": lambda: Qwen2ForSequenceClassification(Qwen2Config(**DECODER, **attention, num_labels=3)),
        "causal": lambda: LlamaForCausalLM(LlamaConfig(**DECODER, **attention)),
    }[kind]()
    for name, parameter in module.named_parameters():  # a fresh model has zeros and ones here
        if parameter.ndim == 1:
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator(0, "noise", name))
    return module.to(dtype).eval().requires_grad_(False)


def batch_of(kind: str, lengths: list[int], width: int | None = None) -> Batch:
    """Rows of the given lengths, padded to `width`."""
    pad = 1 if kind in COUNTS_FROM_PADDING else 0
    mask = (torch.arange(width or max(lengths)) < torch.tensor(lengths)[:, None]).long()
    ids = torch.full_like(mask, pad)
    types = torch.zeros_like(mask)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(5, 100, (length,), generator=generator(0, "ids", row, length))
        types[row, length // 2 : length] = 1
    token_types = types if kind == "bert" else None
    return Batch(torch.arange(len(lengths)), ids, mask, token_types, torch.zeros(len(lengths)).long(), sum(lengths))


def plain_hidden(module: Any, batch: Batch) -> torch.Tensor:
    extra = {} if batch.token_type_ids is None else {"token_type_ids": batch.token_type_ids}
    base = base_of(module)
    return base(
        input_ids=batch.input_ids, attention_mask=batch.attention_mask, use_cache=False, **extra
    ).last_hidden_state


def bank_of(backbone: Any, module: Any, dropout: float = 0.0) -> Bank:
    """One lane with a merged span, an injected layer and B that is not zero."""
    params = BankParams(4, 2, False, Layout.initial(backbone.layers), True)
    bank = Bank(backbone, params, [Numbers(3, 8.0, dropout, 8.0, dropout)], next(module.parameters()))
    bank.set_structure(0, Structure(Layout((Span(0, 1), Span(3, 3)), (2,))))
    with torch.no_grad():
        for name, tensor in bank.modules().items():
            if name.endswith("B"):
                tensor.copy_(0.05 * torch.randn(tensor.shape, generator=generator(0, name), dtype=torch.float32))
    return bank


def hidden(backbone: Any, batch: Batch, bank: Bank, step: int | None = None, lanes: int = 1) -> torch.Tensor:
    """Real tokens in row order, [K, N, d]."""
    layout = backbone.layout(batch)
    masks = None if step is None else StepMasks(7, step, batch, layout)
    out = backbone.forward(batch, layout, lanes, bank.begin(masks), masks)
    if isinstance(layout, UnpaddedLayout):
        order = layout.source[: batch.tokens].argsort()
        return out[:, order]
    return out[:, layout.mask.reshape(-1)]


def logits_of(
    backbone: Any, bank: Bank, head: Any, batch: Batch, step: int | None = None, *, together: bool = False
) -> torch.Tensor:
    """Logits as a learner computes them. `together`: all lanes at once, as on CUDA."""
    layout = backbone.layout(batch)
    masks = None if step is None else StepMasks(7, step, batch, layout)
    if not together:
        tensors = {slot.name: slot.tensor for slot in [*bank.slots(), *head.slots()]}
        return lane_groups.forward(backbone, bank, head, batch, layout, masks, range(bank.lanes), tensors, {})
    hidden = backbone.forward(batch, layout, bank.lanes, bank.begin(masks), masks, at=head.positions(batch, layout))
    return head.outputs(hidden, batch, masks)


LENGTHS = [7, 30, 3, 12, 30, 1, 19]


@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet", "llama", "mistral", "qwen2", "causal"])
def test_the_module_backbone_is_the_module(kind: str) -> None:
    """Without adapters, hidden states equal those of the module in transformers, with any padding."""
    module = build(kind)
    batch = batch_of(kind, LENGTHS)
    want = plain_hidden(copy.deepcopy(module), batch)[batch.attention_mask.bool()]
    backbone = HfBackbone(module)
    bank = bank_of(backbone, module)
    bank.set_structure(0, Structure(Layout(())))
    got = hidden(backbone, batch, bank)[0]
    assert torch.allclose(got, want, rtol=0, atol=1e-5)
    wide = hidden(backbone, batch_of(kind, LENGTHS, 64), bank)[0]
    assert torch.allclose(wide, want, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet"])
def test_unpadded_equals_the_module_padded_to_256(kind: str, dtype: torch.dtype) -> None:
    """Hidden states within 1e-5; the gradient of a classification loss within 1e-6, relative.

    For a single tensor 2e-6 in float32, since the module's float32 gradient of a query differs by 9e-7 from float64.
    """
    limits = (1e-5, 1e-6, 2e-6) if dtype == torch.float32 else (1e-12, 1e-12, 1e-12)
    module = build(kind, dtype)
    rows = []
    for backbone, batch in (
        (HfBackbone(copy.deepcopy(module)), batch_of(kind, LENGTHS, 256)),
        (UnpaddedEncoder(module), batch_of(kind, LENGTHS)),
    ):
        bank, head = bank_of(backbone, module), head_of(module, 1)
        logits = logits_of(backbone, bank, head, batch)
        F.cross_entropy(logits[0], batch.labels).backward()
        rows.append((hidden(backbone, batch, bank)[0].detach(), [*bank.slots(), *head.slots()]))
    (want, wanted), (got, gotten) = rows
    assert (got - want).abs().max().item() <= limits[0]
    compared, squares, differences = 0, 0.0, 0.0
    for one, other in zip(wanted, gotten, strict=True):
        if one.tensor.grad is None:
            assert other.tensor.grad is None
            continue
        size, difference = one.tensor.grad.norm().item(), (one.tensor.grad - other.tensor.grad).norm().item()
        assert size > 0
        assert difference / size <= limits[2], one.name
        compared, squares, differences = compared + 1, squares + size**2, differences + difference**2
    assert (differences / squares) ** 0.5 <= limits[1]
    assert compared == 2 + 4 + 4


@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet", "llama"])
def test_both_backbones_draw_the_same_dropout(kind: str) -> None:
    """Hidden, attention and adapter dropout: equal for every layout, different at every step."""
    module = build(kind, torch.float64, dropout=0.3)
    backbones = [HfBackbone(copy.deepcopy(module)), choose_backbone(module)]
    bank = bank_of(backbones[1], module, dropout=0.3)
    outs = [hidden(b, batch_of(kind, LENGTHS), bank, 4)[0] for b in backbones]
    outs.append(hidden(backbones[0], batch_of(kind, LENGTHS, 50), bank, 4)[0])
    for other in outs[1:]:
        assert torch.allclose(outs[0], other, rtol=0, atol=1e-5 if kind == "llama" else 1e-10)  # its norms are fp32
    assert not torch.allclose(outs[0], hidden(backbones[0], batch_of(kind, LENGTHS), bank, 5)[0], atol=1e-2)
    assert not torch.allclose(outs[0], hidden(backbones[0], batch_of(kind, LENGTHS), bank)[0], atol=1e-2)


@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet", "llama", "qwen2"])
def test_padding_is_not_attended_to_while_dropping(kind: str) -> None:
    """Values in the padding change nothing, also with attention dropout, so the mask function is in use."""
    module = build(kind, torch.float64, dropout=0.3)
    backbone = HfBackbone(module)
    bank = bank_of(backbone, module, dropout=0.3)
    clean = batch_of(kind, LENGTHS)
    junk = Batch(
        clean.rows,
        torch.where(
            clean.attention_mask.bool(), clean.input_ids, clean.input_ids if kind in COUNTS_FROM_PADDING else 42
        ),
        clean.attention_mask,
        None if clean.token_type_ids is None else 1 - clean.token_type_ids * clean.attention_mask,
        clean.labels,
        clean.tokens,
    )
    if clean.token_type_ids is not None:
        types = torch.where(clean.attention_mask.bool(), clean.token_type_ids, torch.ones_like(clean.token_type_ids))
        junk = Batch(junk.rows, junk.input_ids, junk.attention_mask, types, junk.labels, junk.tokens)
    for step in (None, 1):
        one, two = hidden(backbone, clean, bank, step), hidden(backbone, junk, bank, step)
        assert torch.allclose(one, two, rtol=0, atol=1e-12)
    alone = batch_of(kind, LENGTHS[:1])
    first = hidden(backbone, alone, bank)[0]
    assert torch.allclose(hidden(backbone, clean, bank)[0, : LENGTHS[0]], first, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet", "llama", "causal"])
def test_heads_equal_the_modules_own(kind: str) -> None:
    module = build(kind)
    batch = batch_of(kind, LENGTHS)
    extra = {} if batch.token_type_ids is None else {"token_type_ids": batch.token_type_ids}
    want = copy.deepcopy(module)(input_ids=batch.input_ids, attention_mask=batch.attention_mask, **extra).logits
    backbone = HfBackbone(module)
    bank = bank_of(backbone, module)
    bank.set_structure(0, Structure(Layout(())))
    head = head_of(module, lanes=1)
    if kind == "causal":
        targets = Targets.every(batch.input_ids, batch.attention_mask)
        batch = dataclasses.replace(batch, targets=targets, labels=targets.ids)
        want = F.cross_entropy(want.flatten(0, 1)[targets.places], targets.ids, reduction="none")
    got = logits_of(backbone, bank, head, batch)[0]
    if kind == "causal":
        assert head.slots() == []
        assert len(got) == sum(LENGTHS) - len(LENGTHS)
    else:
        assert {s.name for s in head.slots()} <= {name for name, _ in module.named_parameters()}
    assert torch.allclose(got, want, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet"])
def test_a_head_drops_what_the_keyed_module_drops(kind: str) -> None:
    """A wrapped module (peft's LoRA) and lanes over a frozen one get the same masks, also in the head."""
    module = build(kind, torch.float64, dropout=0.3)
    batch = batch_of(kind, LENGTHS)
    whole = copy.deepcopy(module)
    keyed = KeyedDropout(whole, seed=7)
    extra = {} if batch.token_type_ids is None else {"token_type_ids": batch.token_type_ids}
    with keyed.at(batch, 4):
        want = whole(input_ids=batch.input_ids, attention_mask=batch.attention_mask, **extra).logits
    backbone = UnpaddedEncoder(module)
    bank = bank_of(backbone, module)
    bank.set_structure(0, Structure(Layout(())))
    got = logits_of(backbone, bank, head_of(module, 1), batch, 4)[0]
    assert torch.allclose(got, want, rtol=0, atol=1e-10)


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet", "llama"])
def test_small_and_odd_batches_are_the_same_in_any_stack(kind: str, rows: int) -> None:
    """Equal bits, forward and backward, for batches of a few short rows, which CPU libraries compute differently."""
    for dtype in (torch.float32, torch.float64):
        module = build(kind, dtype, dropout=0.2)
        batch = batch_of(kind, [3, 1, 2, 5, 7][:rows])
        for make in (HfBackbone, choose_backbone):
            backbone = make(copy.deepcopy(module))
            seen = []
            for lanes in (1, 2, 5):
                bank = bank_of(backbone, module, dropout=0.2)
                bank.fork([0] * lanes)
                head = head_of(module, lanes)
                logits = logits_of(backbone, bank, head, batch, 0, together=True)
                logits.square().sum().backward()
                last = lanes - 1
                grads = [s.tensor.grad[last] for s in [*bank.slots(), *head.slots()] if s.tensor.grad is not None]
                seen.append([logits[last].detach(), *grads])
            for other in seen[1:]:
                assert all(torch.equal(a, b) for a, b in zip(seen[0], other, strict=True))


@pytest.mark.parametrize("make", [HfBackbone, UnpaddedEncoder])
@pytest.mark.parametrize(("kind", "first"), [("bert", 0), ("roberta", 2), ("mpnet", 2)])
def test_positions_begin_at_padding_idx_plus_1_except_in_bert(kind: str, first: int, make: Any) -> None:
    """RoBERTa's offset: its first token is at position 2, and the padding at 1."""
    batch, found = batch_of(kind, [3, 1, 5]), []
    for changed in range(4):
        module: Any = build(kind)
        if changed < 3:
            base_of(module).get_submodule("embeddings.position_embeddings").weight[changed] += 1.0
        backbone = make(module)
        found.append(hidden(backbone, batch, bank_of(backbone, module))[0])
    row_of_one = 3  # after the three tokens of the first row
    for changed in range(3):
        same = torch.equal(found[changed][row_of_one], found[3][row_of_one])
        assert same == (changed != first), f"position {changed}"


@pytest.mark.parametrize("padded", [False, True])
def test_mpnets_bias_has_a_gradient_where_it_trains(padded: bool) -> None:
    """`full` trains it: the gradient is that of the module. A frozen table is read once, and again when it changed."""
    module: Any = build("mpnet", torch.float64)
    table, batch = module.mpnet.encoder.relative_attention_bias.weight, batch_of("mpnet", LENGTHS)
    own = UnpaddedEncoder(module, padded_attention=padded)
    frozen = hidden(own, batch, bank_of(own, module))
    table.requires_grad_()
    other = copy.deepcopy(module)
    states = {}
    for backbone, its in ((HfBackbone(other), other), (own, module)):
        states[its] = hidden(backbone, batch, bank_of(backbone, its))
        states[its].square().sum().backward()
    assert torch.allclose(states[module], frozen, rtol=0, atol=1e-10)
    assert torch.allclose(states[module], states[other], rtol=0, atol=1e-10)
    gradient = other.mpnet.encoder.relative_attention_bias.weight.grad
    assert torch.allclose(table.grad, gradient, rtol=0, atol=1e-10)
    assert gradient.abs().max() > 1e-3
    table.requires_grad_(False)
    with torch.no_grad():
        assert torch.equal(hidden(own, batch, bank_of(own, module)), frozen)
        table.mul_(2)
        changed, new = hidden(own, batch, bank_of(own, module)), UnpaddedEncoder(module, padded_attention=padded)
        assert torch.equal(changed, hidden(new, batch, bank_of(new, module)))
        assert not torch.allclose(changed, frozen, atol=1e-3)


def test_whole_rows() -> None:
    for count in range(1, 200):
        for step in (1, 2, 3, 5, 6, 8, 64):
            rows = whole_rows(count, step)
            assert rows >= max(count, LEAST)
            assert rows % ROW_MULTIPLE == 0
            assert rows % step == 0
            assert rows - max(count, LEAST) < ROW_MULTIPLE * step


def test_unpadded_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="form"):
        UnpaddedEncoder(build("llama"))
    batch = batch_of("bert", [3, 5])
    left = Batch(batch.rows, batch.input_ids, batch.attention_mask.flip(1), None, batch.labels, batch.tokens)
    with pytest.raises(ValueError, match="right"):
        UnpaddedEncoder(build("bert")).layout(left)


def test_adapters_leave_other_lanes_untouched() -> None:
    """A lane without a module equals the plain model bit for bit, beside a lane that has one."""
    module = build("bert")
    backbone = UnpaddedEncoder(module)
    bank = bank_of(backbone, module)
    bank.fork([0, 0])
    bank.set_structure(1, Structure(Layout(())))
    both = hidden(backbone, batch_of("bert", LENGTHS), bank, lanes=2)
    bank.fork([1])
    plain = hidden(backbone, batch_of("bert", LENGTHS), bank)
    assert torch.equal(both[1], plain[0])
    assert F.mse_loss(both[0], both[1]) > 1e-6
