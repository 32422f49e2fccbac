"""Where layers are found: by architecture, by structure, or by the name that was passed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from peft import get_peft_model
from torch import nn
from transformers import (
    AlbertConfig,
    AlbertModel,
    CLIPVisionConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)
from tuned import fill

from lor2c_peft import Lor2cConfig


def gpt2() -> PreTrainedModel:
    return GPT2LMHeadModel(GPT2Config(vocab_size=24, n_embd=16, n_layer=3, n_head=2))


def opt() -> PreTrainedModel:
    sizes = {"hidden_size": 16, "word_embed_proj_dim": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
    return OPTForCausalLM(OPTConfig(vocab_size=24, ffn_dim=32, **sizes))


def t5() -> PreTrainedModel:
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 3, "num_heads": 2}
    return T5ForConditionalGeneration(T5Config(vocab_size=24, decoder_start_token_id=0, **sizes))


def albert() -> PreTrainedModel:
    sizes = {"hidden_size": 16, "embedding_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2}
    return AlbertModel(AlbertConfig(vocab_size=24, intermediate_size=32, **sizes))


def llava() -> PreTrainedModel:
    shape = {"num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    text = LlamaConfig(vocab_size=24, hidden_size=16, **shape)
    vision = CLIPVisionConfig(hidden_size=24, image_size=16, patch_size=8, **shape)
    return LlavaForConditionalGeneration(LlavaConfig(text_config=text, vision_config=vision, image_token_index=23))


def answers(model: nn.Module) -> torch.Tensor:
    ids = torch.tensor([[1, 4, 6, 8, 2]])
    more = {"decoder_input_ids": ids} if model.config.is_encoder_decoder else {}
    with torch.no_grad():
        return model.eval()(input_ids=ids, **more).logits


@pytest.mark.parametrize(
    ("make", "values", "layer"),
    [
        (gpt2, {}, "transformer.h.0"),
        (opt, {}, "model.decoder.layers.0"),
        (t5, {"layers_pattern": "encoder.block"}, "encoder.block.0"),
        (t5, {"layers_pattern": "decoder.block"}, "decoder.block.0"),
        (llava, {"layers_pattern": "language_model.layers"}, "model.language_model.layers.0"),
    ],
)
def test_spans_need_only_layers(make: Any, values: dict[str, Any], layer: str) -> None:
    base = make()
    before = answers(base)
    model = get_peft_model(base, Lor2cConfig(r=4, spans=[[0, 1], [2, 2]], **values))
    assert model.base_model.targeted_module_names[0] == layer
    assert torch.equal(answers(model), before)
    fill(model)
    assert not torch.allclose(answers(model), before, atol=1e-3)
    assert torch.equal(answers(model.unload()), before)


def test_injection_says_that_it_needs_query_and_value() -> None:
    with pytest.raises(ValueError, match=r"query and value, which are not known for the GPT2Block .*`injected` empty"):
        get_peft_model(gpt2(), Lor2cConfig(injected=[1]))


@pytest.mark.parametrize(
    ("make", "values", "message"),
    [
        (t5, {}, r"several lists of 3 layers: pass .* as layers_pattern \('encoder.block', 'decoder.block'\)"),
        (t5, {"layers_pattern": "block"}, "'block' names 2 of the lists"),
        (t5, {"layers_pattern": "h"}, "'h' names none of the lists .*: 'encoder.block'"),
        (llava, {}, r"several lists of 3 layers: .*'model.language_model.layers'"),
        (albert, {}, "no list of 3 layers of one kind"),
        (lambda: nn.Sequential(nn.Linear(4, 4)), {}, "Sequential has no config with a hidden_size"),
    ],
)
def test_what_is_not_found_is_named(make: Any, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        get_peft_model(make(), Lor2cConfig(**values))


def test_layers_that_change_the_shape_are_refused() -> None:
    model = get_peft_model(gpt2(), Lor2cConfig(r=4))
    block = model.get_base_model().transformer.h[1]
    block.base_layer.register_forward_hook(lambda m, args, out: out[:, :2], prepend=True)
    with pytest.raises(RuntimeError, match=r"input of layer 1 has the shape \[1, 5, 16\], the output .* \[1, 2, 16\]"):
        answers(model)


def test_layers_of_another_width_than_the_texts_are_refused() -> None:
    model = get_peft_model(llava(), Lor2cConfig(r=4, layers_pattern="vision_tower.encoder.layers"))
    with pytest.raises(
        RuntimeError, match=r"layer 0 is 24 wide, .* says 16: layers_pattern must name layers of its text"
    ):
        model(input_ids=torch.tensor([[1, 23, 23, 23, 23, 2]]), pixel_values=torch.zeros(1, 3, 16, 16))
