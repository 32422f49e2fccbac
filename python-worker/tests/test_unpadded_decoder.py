"""The unpadded decoder computes what the transformers module computes, on real tokens only."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from test_backbones import DECODER, LENGTHS, bank_of, batch_of, hidden, plain_hidden
from torch.nn import functional as F
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from lor2c_worker.adapters.bank import Bank, BankParams, Numbers, Structure
from lor2c_worker.adapters.injection import Injection
from lor2c_worker.backbones import causal_attention
from lor2c_worker.backbones.backbone import PROJECTIONS
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.backbones.unpadded_decoder import UnpaddedDecoder
from lor2c_worker.keyed.masks import StepMasks
from lor2c_worker.keyed.seeding import generator
from lor2c_worker.methods.lanes import choose_backbone
from lor2c_worker.schedule import Layout

ROPES = {
    "linear": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0},
    "llama3": {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16,
        "rope_theta": 10000.0,
    },
    "dynamic": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0},
}
SLIDING = {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 2}
MODELS: dict[str, Callable[[], PreTrainedModel]] = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**DECODER)),
    "llama, biases and wide heads": lambda: LlamaForCausalLM(
        LlamaConfig(**DECODER, attention_bias=True, mlp_bias=True, head_dim=16)
    ),
    "llama, linear RoPE": lambda: LlamaForCausalLM(LlamaConfig(**DECODER, rope_parameters=ROPES["linear"])),
    "llama, llama3 RoPE": lambda: LlamaForCausalLM(LlamaConfig(**DECODER, rope_parameters=ROPES["llama3"])),
    "llama, score head": lambda: LlamaForSequenceClassification(LlamaConfig(**DECODER)),
    "mistral": lambda: MistralForCausalLM(MistralConfig(**DECODER, sliding_window=None)),
    "mistral, sliding window": lambda: MistralForCausalLM(MistralConfig(**DECODER, sliding_window=6)),
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**DECODER)),
    "qwen2, sliding window in some layers": lambda: Qwen2ForCausalLM(Qwen2Config(**DECODER, **SLIDING)),
}


def decoder(name: str, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    torch.manual_seed(0)
    module = MODELS[name]()
    for path, parameter in module.named_parameters():  # a fresh model has zeros and ones here
        if parameter.ndim == 1:
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator(0, "noise", path))
    return module.to(dtype).eval().requires_grad_(False)


def exact_norms(module: PreTrainedModel) -> PreTrainedModel:
    """The module with norms in its own format: in float64 those of transformers round to float32."""

    def forward(norm: Any, h: torch.Tensor) -> torch.Tensor:
        return norm.weight * h * torch.rsqrt(h.square().mean(-1, keepdim=True) + norm.variance_epsilon)

    for norm in module.modules():
        if type(norm).__name__.endswith("RMSNorm"):
            norm.forward = forward.__get__(norm)
    return module


def lora_bank(backbone: Any, module: PreTrainedModel, dropout: float = 0.0) -> Bank:
    """One lane with LoRA on every projection of every layer, B not zero."""
    everywhere = Injection(PROJECTIONS, lambda i, name: ("test", i, name), lambda i, name: f"test.{i}.{name}")
    params = BankParams(4, 2, False, Layout((), tuple(range(backbone.layers))), True, everywhere)
    bank = Bank(backbone, params, [Numbers(3, 8.0, dropout, 8.0, dropout)], next(module.parameters()))
    with torch.no_grad():
        for name, tensor in bank.modules().items():
            if name.endswith("B"):
                tensor.copy_(0.05 * torch.randn(tensor.shape, generator=generator(0, name), dtype=torch.float32))
    return bank


@pytest.mark.parametrize("padded", [False, True], ids=["blocks", "padded attention"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_equals_the_module_at_the_position_offset_of_every_row(name: str, dtype: torch.dtype, padded: bool) -> None:
    """Rows follow each other, and the places of each begin at 0."""
    module = decoder(name, dtype)
    batch, backbone = batch_of("llama", LENGTHS), UnpaddedDecoder(module, padded_attention=padded)
    bank = bank_of(backbone, module)
    bank.set_structure(0, Structure(Layout(())))
    want = plain_hidden(exact_norms(copy.deepcopy(module)), batch)[batch.attention_mask.bool()]
    limit = 1e-5 if dtype == torch.float32 else 1e-10
    assert (hidden(backbone, batch, bank)[0] - want).abs().max().item() <= limit


@pytest.mark.parametrize("make_bank", [bank_of, lora_bank], ids=["spans and injections", "LoRA everywhere"])
@pytest.mark.parametrize("name", ["llama", "qwen2, sliding window in some layers"])
def test_gradients_equal_the_padded_modules(name: str, make_bank: Any) -> None:
    """In float64, with dropout: at all positions, and at some of them, where the last layer computes no others."""
    module, found = decoder(name, torch.float64), []
    for backbone in (HfBackbone(exact_norms(copy.deepcopy(module))), UnpaddedDecoder(module)):
        batch, bank = batch_of("llama", LENGTHS, 40), make_bank(backbone, module, dropout=0.2)
        layout = backbone.layout(batch)
        masks = StepMasks(7, 1, batch, layout)
        at = torch.cat([layout.first(), layout.last()[[1, 4, 6]]])
        out = backbone.forward(batch, layout, 1, bank.begin(masks), masks, at=at)
        out.square().sum().backward()
        found.append([out.detach(), *[slot.tensor.grad for slot in bank.slots()]])
        whole = backbone.forward(batch, layout, 1, bank.begin(masks), masks)
        assert torch.allclose(whole.index_select(1, at), out, rtol=0, atol=1e-10)
    for want, got in zip(*found, strict=True):
        assert want is not None
        assert want.abs().max() > 1e-4
        assert torch.allclose(got, want, rtol=1e-8, atol=1e-9)


def test_long_rows_go_through_attention_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles that divide no row, with a window that begins inside of one: equal states and gradients."""
    found = []
    for tile in (256, 4):
        monkeypatch.setattr(causal_attention, "TILE", tile)
        module = decoder("mistral, sliding window", torch.float64)
        backbone = UnpaddedDecoder(module)
        bank, batch = lora_bank(backbone, module, 0.2), batch_of("llama", LENGTHS)
        layout = backbone.layout(batch)
        masks = StepMasks(7, 1, batch, layout)
        out = backbone.forward(batch, layout, 1, bank.begin(masks), masks)
        out.square().sum().backward()
        found.append([out.detach(), *[slot.tensor.grad for slot in bank.slots()]])
    for one, other in zip(*found, strict=True):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-10)


def test_is_chosen_for_decoders_whose_angles_are_fixed() -> None:
    assert isinstance(choose_backbone(decoder("mistral")), UnpaddedDecoder)
    growing = LlamaForCausalLM(LlamaConfig(**DECODER, rope_parameters=ROPES["dynamic"]))
    with pytest.raises(ValueError, match="fixed angles"):
        UnpaddedDecoder(growing)
    assert isinstance(choose_backbone(growing), HfBackbone)


def test_operations_have_the_gradients_of_autograd() -> None:
    """The layer's own operations, by finite differences."""
    from lor2c_worker.backbones.decoder_ops import gated, rms_norm, rotate, spread, take

    torch.manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, dtype=torch.float64, requires_grad=True)

    angle, at = torch.randn(5, 2, dtype=torch.float64), torch.tensor([3, 0])
    assert torch.autograd.gradcheck(lambda x, w: rms_norm(x, w, 1e-5), (random(2, 5, 8), random(8)))
    assert torch.autograd.gradcheck(lambda x: rotate(x, angle.cos(), angle.sin(), 4), (random(2, 5, 8),))
    assert torch.autograd.gradcheck(gated, (random(2, 5, 8), random(2, 5, 8)))
    assert torch.autograd.gradcheck(lambda x: spread(F.silu(take(x, at)), at, 5), (random(2, 5, 8),))
