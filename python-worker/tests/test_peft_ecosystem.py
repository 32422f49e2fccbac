"""An adapter in the loaders, pipelines and Trainer of peft and transformers; what is refused there, in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
import transformers.integrations.peft
from accelerate import cpu_offload
from peft import (
    AutoPeftModelForCausalLM,
    AutoPeftModelForSequenceClassification,
    PeftModel,
    get_peft_model,
    get_peft_model_state_dict,
    inject_adapter_in_model,
    set_peft_model_state_dict,
)
from peft.utils.hotswap import hotswap_adapter
from safetensors.torch import load_file
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import apply_activation_checkpointing
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    Trainer,
    TrainingArguments,
    pipeline,
)
from tuned import STRUCTURES, config, fill, inputs, logits

from lor2c_peft import Lor2cConfig

PLAIN = [name for name, values in STRUCTURES.items() if not values.get("share")]
SHARED = [name for name in STRUCTURES if name not in PLAIN]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    tiny.model("bert").save_pretrained(folder)
    return folder


def saved(base: Path, structure: str) -> tuple[Path, torch.Tensor]:
    """An adapter's folder, and the answers of its model."""
    model = get_peft_model(AutoModelForSequenceClassification.from_pretrained(base), config("bert", structure))
    fill(model)
    folder = base.parent / structure
    model.save_pretrained(str(folder))
    return folder, logits(model)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_an_auto_class_of_peft_finds_the_base(base: Path, structure: str) -> None:
    folder, answer = saved(base, structure)
    assert torch.equal(logits(AutoPeftModelForSequenceClassification.from_pretrained(folder)), answer)


@pytest.mark.parametrize("structure", PLAIN)
def test_transformers_loads_the_folder_itself(base: Path, structure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # transformers 5.24 wants a peft for these calls that does not exist yet, of whatever method.
    monkeypatch.setattr(transformers.integrations.peft, "MIN_PEFT_VERSION", "0.18.0")
    folder, answer = saved(base, structure)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    assert torch.equal(logits(model), answer)
    model = tiny.model("bert")
    model.load_adapter(str(folder))
    assert torch.equal(logits(model), answer)
    model.add_adapter(config("bert", "merged-injected"), "two")  # a second tuner around the same layers
    fill(model, 2)
    assert model.active_adapters() == ["two"]
    assert not torch.allclose(logits(model), answer, atol=1e-3)
    model.delete_adapter("two")
    assert model.active_adapters() == ["default"]
    model.load_adapter(str(folder), "three")
    model.set_adapter("three")
    assert torch.equal(logits(model), answer)


def test_a_pipeline_takes_the_folder(base: Path) -> None:
    folder, _ = saved(base, "merged-injected")
    model = AutoPeftModelForSequenceClassification.from_pretrained(folder)
    both = [pipeline("text-classification", model=m, tokenizer=tiny.tokenizer()) for m in (str(folder), model)]
    assert both[0]("good film") == both[1]("good film")


@pytest.mark.parametrize("structure", SHARED)
def test_a_shared_a_has_no_place_in_transformers_and_says_so(base: Path, structure: str) -> None:
    folder, _ = saved(base, structure)
    model = tiny.model("bert")
    before = logits(model)
    for call in (
        lambda: AutoModelForSequenceClassification.from_pretrained(folder),
        lambda: model.load_adapter(str(folder)),
        lambda: inject_adapter_in_model(config("bert", structure), model),
    ):
        with pytest.raises(ValueError, match=r"a shared A is shared state, .*`PeftModel.from_pretrained`"):
            call()
    assert torch.equal(logits(model), before)


def test_a_state_dict_is_compared_with_the_structure() -> None:
    plain: dict[str, Any] = {"modules_to_save": None, "task_type": None}
    model = get_peft_model(tiny.model("bert"), config("bert", "merged-injected", **plain))
    fill(model)
    state = get_peft_model_state_dict(model)
    injected = inject_adapter_in_model(config("bert", "merged-injected", **plain), tiny.model("bert"), state_dict=state)
    assert not set_peft_model_state_dict(injected, state).unexpected_keys
    assert torch.equal(logits(injected), logits(model))
    with pytest.raises(ValueError, match=r"different structures, e\.g\. at bert\.encoder\.layer\.0"):
        inject_adapter_in_model(config("bert", "plain"), tiny.model("bert"), state_dict=state)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_layers_that_accelerate_offloads_take_their_matrices_along(structure: str) -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", structure))
    fill(model)
    answer = logits(model)
    cpu_offload(model, execution_device=torch.device("cpu"))
    assert {parameter.device.type for name, parameter in model.named_parameters() if "lor2c_B" in name} == {"meta"}
    assert torch.equal(logits(model), answer)


def test_a_base_model_that_is_offloaded_is_refused() -> None:
    base = tiny.model("bert")
    cpu_offload(base, execution_device=torch.device("cpu"))
    before = logits(base)
    with pytest.raises(ValueError, match=r"accelerate has offloaded .*: attach the adapter before"):
        get_peft_model(base, config("bert", "plain"))
    assert torch.equal(logits(base), before)


def test_tensors_of_another_structure_do_not_load_under_a_name_that_is_there(base: Path) -> None:
    folder, _ = saved(base, "plain")
    model = get_peft_model(tiny.model("bert"), config("bert", "merged-injected"))
    with pytest.raises(ValueError, match=r"a module at bert\.\S+, where the adapter has none: .* another structure"):
        model.load_adapter(str(folder), "default")
    own = get_peft_model(tiny.model("bert"), config("bert", "plain"))
    with pytest.raises(ValueError, match=r"names no adapter: peft's load_adapter"):
        own.load_state_dict(load_file(folder / "adapter_model.safetensors"), strict=False)
    own.load_adapter(str(folder), "default")
    assert torch.equal(logits(own), logits(AutoPeftModelForSequenceClassification.from_pretrained(folder)))


def test_a_wrapper_that_repeats_single_layers_is_named() -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", "merged"))
    layers = tuple({type(layer) for layer in tiny.model("bert").bert.encoder.layer})
    apply_activation_checkpointing(model, check_fn=lambda module: isinstance(module, layers))
    with pytest.raises(RuntimeError, match=r"LayerDrop.*checkpoint_wrapper.*gradient_checkpointing_enable"):
        model.train()(**inputs()).logits.sum().backward()


def test_trainer_trains_saves_resumes_and_loads_the_best(base: Path) -> None:
    structure = "share-merged-injected"
    rows = [{"input_ids": [1, 4 + i % 8, 6, 8, 2], "attention_mask": [1] * 5, "labels": i % 2} for i in range(16)]

    def trainer() -> Trainer:
        model = get_peft_model(AutoModelForSequenceClassification.from_pretrained(base), config("bert", structure))
        arguments = TrainingArguments(
            output_dir=str(base.parent / "out"),
            num_train_epochs=3,
            per_device_train_batch_size=4,
            learning_rate=0.05,
            eval_strategy="epoch",
            save_strategy="epoch",
            load_best_model_at_end=True,
            metric_for_best_model="loss",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
            seed=1,
        )
        return Trainer(model, arguments, train_dataset=rows, eval_dataset=rows)

    torch.manual_seed(0)
    whole = trainer()
    whole.train()
    assert whole.evaluate()["eval_loss"] == pytest.approx(whole.state.best_metric, abs=1e-6)
    best = PeftModel.from_pretrained(
        AutoModelForSequenceClassification.from_pretrained(base), whole.state.best_model_checkpoint
    )
    assert torch.equal(logits(best), logits(whole.model))
    torch.manual_seed(0)
    resumed = trainer()
    resumed.train(resume_from_checkpoint=str(base.parent / "out" / "checkpoint-8"))
    for name, value in whole.model.state_dict().items():
        assert torch.allclose(resumed.model.state_dict()[name], value, atol=1e-6), name


def test_a_language_model_generates_alike_wherever_it_is_loaded(tmp_path: Path) -> None:
    tiny.causal().save_pretrained(tmp_path / "base")
    cfg = Lor2cConfig(task_type="CAUSAL_LM", r=4, spans=[[0, 1]], injected=[2], injected_r=2)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(tmp_path / "base"), cfg).eval()
    fill(model)
    model.save_pretrained(str(tmp_path / "adapter"))
    ids = torch.tensor([[1, 4, 6, 8]])
    expected = model.generate(input_ids=ids, max_new_tokens=8, do_sample=False)
    for again in (AutoPeftModelForCausalLM, AutoModelForCausalLM):
        found = again.from_pretrained(tmp_path / "adapter").eval()
        assert torch.equal(found.generate(input_ids=ids, max_new_tokens=8, do_sample=False), expected)


def test_what_lor2c_cannot_do_is_refused_with_the_reason(tmp_path: Path) -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", "plain"))
    for call in (model.merge_and_unload, model.merge_adapter, model.unmerge_adapter):
        with pytest.raises(ValueError, match="cannot be merged into the weights"):
            call()
    with pytest.raises(ValueError, match="cannot be combined into one"):
        model.add_weighted_adapter(["default"], [1.0], "sum")
    with pytest.raises(ValueError, match="takes no adapter_names"):
        model(**inputs(), adapter_names=["default", "default"])
    with pytest.raises(ValueError, match="LOR2C' is not compatible with the `PeftMixedModel`"):
        get_peft_model(tiny.model("bert"), config("bert", "plain"), mixed=True)
    model.save_pretrained(str(tmp_path))
    with pytest.raises(ValueError, match="LOR2C was passed"):
        hotswap_adapter(model, str(tmp_path), "default")
    assert not model.supports_lora_conversion()
