"""LoR2C as a PEFT method: peft's generic checks of tuners, and checks of the structure."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import torch
from peft import PeftModel, PeftType, get_peft_model
from safetensors.torch import load_file
from torch import nn
from tuned import KINDS, STRUCTURES, config, fill, inputs, logits

from lor2c_peft import Lor2cConfig
from lor2c_peft.layer import InjectedLinear, SpanLayer


def reference(base: nn.Module, peft_model: nn.Module, cfg: Lor2cConfig) -> torch.Tensor:
    """The formula of semantics.md written out with hooks on an untouched model."""
    state = {n.removeprefix("base_model.model."): p for n, p in peft_model.named_parameters()}
    state |= {n.removeprefix("base_model."): p for n, p in peft_model.named_parameters() if "shared" in n}
    layers = base.base_model.encoder.layer if hasattr(base.base_model, "encoder") else base.base_model.layers
    prefix = next(n for n, m in base.named_modules() if m is layers)
    entered: dict[int, torch.Tensor] = {}
    for i, layer in enumerate(layers):
        layer.register_forward_pre_hook(lambda m, a, i=i: entered.__setitem__(i, a[0]))
    for first, last in cfg.resolved_spans(len(layers)):
        b = state[f"{prefix}.{last}.lor2c_B.default"]
        a = state["lor2c_shared_A.default"] if cfg.share else state[f"{prefix}.{last}.lor2c_A.default"]

        def add(m: nn.Module, x: object, out: torch.Tensor, a=a, b=b, first=first) -> torch.Tensor:
            return out + (cfg.alpha / cfg.r) * (entered[first] @ a.T @ b.T)

        layers[last].register_forward_hook(add)
    for i in cfg.injected:
        for path in ("attention.self.query", "attention.self.value", "self_attn.q_proj", "self_attn.v_proj"):
            key = f"{prefix}.{i}.base_layer.{path}.lor2c_A.default"
            if key in state:
                a, b = state[key], state[key.replace("lor2c_A", "lor2c_B")]

                def lora(m: nn.Module, x: tuple, out: torch.Tensor, a=a, b=b) -> torch.Tensor:
                    return out + (cfg.injected_alpha / cfg.injected_r) * (x[0] @ a.T @ b.T)

                layers[i].get_submodule(path).register_forward_hook(lora)
    for name, parameter in base.named_parameters():
        for head in cfg.modules_to_save or []:
            owner, _, rest = name.partition(f"{head}.")
            if rest:
                parameter.data = state[f"{owner}{head}.modules_to_save.default.{rest}"].data
    return logits(base)


def test_the_type_is_a_member_of_pefts_enum() -> None:
    """Code of peft and transformers asks a config's type for `.value`."""
    assert Lor2cConfig().peft_type is PeftType("LOR2C") is PeftType["LOR2C"] is PeftType.LOR2C
    assert PeftType.LOR2C.value == PeftType.LOR2C == "LOR2C"
    assert PeftType.LOR2C in list(PeftType)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("kind", KINDS)
def test_formula_save_load_and_write_back(kind: str, structure: str, tmp_path: Path) -> None:
    base = tiny.model(kind)
    before = logits(base)
    cfg = config(kind, structure)
    model = get_peft_model(copy.deepcopy(base), cfg)
    assert torch.equal(logits(model), before)  # B is zero
    fill(model)
    after = logits(model)
    assert not torch.allclose(after, before, atol=1e-3)
    assert torch.allclose(reference(copy.deepcopy(base), model, cfg), after, atol=1e-6)
    model.save_pretrained(str(tmp_path / "one"))
    again = PeftModel.from_pretrained(copy.deepcopy(base), str(tmp_path / "one"))
    assert torch.equal(logits(again), after)
    again.save_pretrained(str(tmp_path / "two"))
    one, two = (tmp_path / n / "adapter_model.safetensors" for n in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert all("base_layer.weight" not in key for key in load_file(one))
    read = [json.loads((tmp_path / n / "adapter_config.json").read_text()) for n in ("one", "two")]
    assert read[0] | {"inference_mode": True} == read[1] | {"inference_mode": True}
    assert read[0]["peft_type"] == "LOR2C"


@pytest.mark.parametrize("structure", STRUCTURES)
def test_without_init_weights_a_new_adapter_changes_the_output(structure: str) -> None:
    base = tiny.model("bert")
    before = logits(base)
    model = get_peft_model(base, config("bert", structure, init_weights=False))
    assert not torch.allclose(logits(model), before, atol=1e-3)
    assert all(p.abs().sum() > 0 for n, p in model.named_parameters() if "lor2c_B" in n)


def test_projections_that_are_one_module_are_injected_by_themselves() -> None:
    """ModernBERT's query, key and value are thirds of Wqkv's rows: A and B of two of them follow each other."""
    base = tiny.model("modernbert")
    before = logits(base)
    cfg = Lor2cConfig(task_type="SEQ_CLS", spans=[[0, 1]], injected=[2], injected_r=2, injected_alpha=4.0)
    model = get_peft_model(copy.deepcopy(base), cfg)
    assert torch.equal(logits(model), before)
    fill(model)
    linear = next(m for m in model.modules() if isinstance(m, InjectedLinear))
    a, b = linear.lor2c_A["default"], linear.lor2c_B["default"]
    assert (a.shape, b.shape) == ((4, 16), (32, 2))
    x = torch.randn(3, 16)
    added = (linear(x) - linear.base_layer(x)).chunk(3, dim=-1)
    assert torch.allclose(added[0], 2.0 * (x @ a[:2].T @ b[:16].T), atol=1e-6)
    assert not added[1].any()
    assert torch.allclose(added[2], 2.0 * (x @ a[2:].T @ b[16:].T), atol=1e-6)
    assert not torch.allclose(logits(model), before, atol=1e-3)
    assert torch.equal(logits(model.unload()), before)


def test_a_fresh_process_loads_after_the_import(tmp_path: Path) -> None:
    torch.manual_seed(0)
    base = tiny.model("roberta")
    base.save_pretrained(tmp_path / "base")
    model = get_peft_model(copy.deepcopy(base), config("roberta", "merged-injected"))
    fill(model)
    model.save_pretrained(str(tmp_path / "adapter"))
    code = (
        "import sys, torch, lor2c_peft\n"
        "from peft import PeftModel\n"
        "from transformers import AutoModelForSequenceClassification\n"
        "base = AutoModelForSequenceClassification.from_pretrained(sys.argv[1] + '/base')\n"
        "model = PeftModel.from_pretrained(base, sys.argv[1] + '/adapter').eval()\n"
        "ids = torch.tensor([[1, 4, 6, 8, 2], [1, 5, 7, 2, 0]])\n"
        "torch.save(model(input_ids=ids, attention_mask=(ids != 0).long()).logits.detach(), sys.argv[1] + '/out')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=Path(__file__).parents[1], timeout=120)
    assert torch.allclose(torch.load(tmp_path / "out"), logits(model), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_disable_and_two_adapters(kind: str) -> None:
    base = tiny.model(kind)
    before = logits(base)
    model = get_peft_model(copy.deepcopy(base), config(kind, "merged", modules_to_save=None))
    fill(model, 1)
    first = logits(model)
    model.add_adapter("other", config(kind, "share-merged-injected", modules_to_save=None))
    fill(model, 2)
    model.set_adapter("other")
    other = logits(model)
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert trained
    assert all(".other" in n for n in trained)
    model.set_adapter("default")
    assert {n for n, p in model.named_parameters() if p.requires_grad}.isdisjoint(trained)
    assert not torch.allclose(first, other, atol=1e-3)
    with model.disable_adapter():
        assert torch.equal(logits(model), before)
    now = logits(model)
    model.delete_adapter("other")
    assert torch.equal(logits(model), now)
    assert not any(".other" in n for n, _ in model.named_parameters())
    assert torch.equal(logits(model.unload()), before)
    assert not any(isinstance(m, (SpanLayer, InjectedLinear)) for m in model.modules())


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_states_contain_the_sum(kind: str) -> None:
    model = get_peft_model(tiny.model(kind), config(kind, "merged"))
    model(**inputs(), output_hidden_states=True)  # transformers installs its recording hooks here
    fill(model)
    out = model.eval()(**inputs(), output_hidden_states=True)
    base = model.get_base_model().base_model
    layers = base.encoder.layer if hasattr(base, "encoder") else base.layers
    a, b = layers[1].lor2c_A["default"], layers[1].lor2c_B["default"]
    plain = layers[1].base_layer.forward
    assert len(out.hidden_states) == 4
    with model.disable_adapter():
        without = model(**inputs(), output_hidden_states=True).hidden_states
    expected = without[2] + 2.0 * (without[0] @ a.T @ b.T)
    assert callable(plain)
    assert torch.allclose(out.hidden_states[2], expected, atol=1e-5)


def test_bf16_cast_and_fp32_adapters() -> None:
    model = get_peft_model(tiny.model("llama").to(torch.bfloat16), config("llama", "share-merged-injected"))
    assert {p.dtype for n, p in model.named_parameters() if "lor2c_" in n} == {torch.float32}
    fill(model)
    assert logits(model).dtype == torch.bfloat16
    model.to(torch.bfloat16)
    assert torch.isfinite(logits(model)).all()


def test_generate_with_cache_equals_without() -> None:
    from transformers import LlamaForCausalLM

    torch.manual_seed(0)
    base = LlamaForCausalLM(tiny.model("llama").config)
    cfg = Lor2cConfig(task_type="CAUSAL_LM", r=4, spans=[[0, 1]], injected=[2], injected_r=2)
    model = get_peft_model(base, cfg)
    fill(model)
    ids = torch.tensor([[1, 4, 6, 8]])
    made = [model.eval().generate(input_ids=ids, max_new_tokens=8, do_sample=False, use_cache=c) for c in (True, False)]
    assert torch.equal(made[0], made[1])


def test_only_the_adapter_and_the_head_train() -> None:
    model = get_peft_model(tiny.model("roberta"), config("roberta", "merged-injected"))
    frozen = {n: p.detach().clone() for n, p in model.named_parameters() if not p.requires_grad}
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    model.train()
    for _ in range(10):
        optimizer.zero_grad()
        model(**inputs(), labels=torch.tensor([0, 1])).loss.backward()
        optimizer.step()
    for name, parameter in model.named_parameters():
        if name in frozen:
            assert torch.equal(parameter, frozen[name]), name
    assert any(p.abs().sum() > 0 for n, p in model.named_parameters() if "lor2c_B" in n)
