"""Several adapters on one model, their dtypes, devices and gradients, replicas, and errors inside of a span."""

from __future__ import annotations

import copy
import gc
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny
import torch
from peft import PeftModel, get_peft_model
from torch import nn
from tuned import STRUCTURES, config, fill, inputs, logits

from lor2c_peft.layer import SpanLayer

LABELS = torch.tensor([0, 1])


def trained(model: nn.Module) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def dtypes(model: nn.Module) -> set[torch.dtype]:
    return {parameter.dtype for name, parameter in model.named_parameters() if "lor2c_" in name}


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_adapters_have_fp32_or_the_dtype_of_the_model(dtype: torch.dtype, structure: str, tmp_path: Path) -> None:
    base = tiny.model("bert").to(dtype)
    for autocast, expected in ((True, torch.float32), (False, dtype)):
        model = get_peft_model(copy.deepcopy(base), config("bert", structure), autocast_adapter_dtype=autocast)
        fill(model)
        answer = logits(model)
        assert dtypes(model) == {expected}
        assert answer.dtype == dtype
        model.save_pretrained(str(tmp_path))
        for low_memory in (False, True):
            again = PeftModel.from_pretrained(
                copy.deepcopy(base), str(tmp_path), autocast_adapter_dtype=autocast, low_cpu_mem_usage=low_memory
            )
            assert dtypes(again) == {expected}
            assert trained(again) == set()
            assert torch.equal(logits(again), answer)


def test_mixed_precision_computes_the_branch_in_fp32() -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", "one-span")).eval()
    fill(model)
    layer = model.get_base_model().bert.encoder.layer[2]
    x, y = torch.randn(2, 3, 16), torch.randn(2, 3, 16)
    a, b = layer.lor2c_A["default"], layer.lor2c_B["default"]
    plain = layer._apply_to("default", y, x, a, b)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(layer._apply_to("default", y, x, a, b), plain)


def test_a_branch_goes_to_the_device_where_its_span_ends() -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", "one-span"))
    layer = model.get_base_model().bert.encoder.layer[2]
    x, y = torch.randn(2, 3, 16), torch.empty(2, 3, 16, device="meta")
    assert layer._apply_to("default", y, x, layer.lor2c_A["default"], layer.lor2c_B["default"]).is_meta


def test_one_config_makes_two_adapters() -> None:
    """Of a shared A too, whose name is the adapter's."""
    cfg = config("bert", "share-merged-injected")
    model = get_peft_model(tiny.model("bert"), cfg)
    fill(model)
    before, first = logits(model), trained(model)
    model.add_adapter("two", cfg)
    assert torch.equal(logits(model), before)
    assert trained(model) == first
    model.set_adapter("two")
    assert trained(model) == {name.replace("default", "two") for name in first}
    fill(model, 2)
    assert not torch.allclose(logits(model), before, atol=1e-3)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("other", ["injected", "share", "one-span"])
def test_deleting_the_active_adapter_activates_the_next_one(structure: str, other: str) -> None:
    """Whether or not the two have a layer in common."""
    model = get_peft_model(tiny.model("bert"), config("bert", structure))
    fill(model)
    answer, weights = logits(model), trained(model)
    model.add_adapter("two", config("bert", other))
    model.set_adapter("two")
    model.delete_adapter("two")
    assert model.active_adapters == ["default"]
    assert model.get_model_status().active_adapters == ["default"]
    assert trained(model) == weights
    assert torch.equal(logits(model), answer)
    model.delete_adapter("default")
    assert model.active_adapters == []
    assert not any("lor2c_" in name for name, _ in model.named_parameters())


@pytest.mark.parametrize("structure", STRUCTURES)
def test_what_trains(structure: str) -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", structure))
    all_of_it = trained(model)
    assert {n for n, _ in model.named_parameters() if "lor2c_" in n} < all_of_it
    adapter = {n for n in all_of_it if "lor2c_" in n}
    model.set_requires_grad("default", False)
    assert trained(model) == set()
    model.set_requires_grad(["default"])
    assert trained(model) == all_of_it
    with model.disable_adapter():
        assert not trained(model) & adapter
    assert trained(model) == all_of_it
    model.set_adapter("default", inference_mode=True)
    assert trained(model) == set()
    model.add_adapter("two", config("bert", structure))  # neither thaws the first nor trains itself
    assert trained(model) == set()
    model.set_adapter("default")
    model.delete_adapter("two")
    assert trained(model) == all_of_it
    assert model.get_nb_trainable_parameters()[0] == sum(p.numel() for p in model.parameters() if p.requires_grad)


def test_status_and_copies() -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", "share-merged-injected"))
    fill(model)
    status = model.get_model_status()
    assert (status.peft_types, status.enabled, status.requires_grad) == ({"default": "LOR2C"}, True, {"default": True})
    assert {each.module_type for each in model.get_layer_status()} >= {"lor2c.SpanLayer", "lor2c.InjectedLinear"}
    before = logits(model)
    twin = copy.deepcopy(model)
    fill(twin, 3)
    assert torch.equal(logits(model), before)
    assert not torch.allclose(logits(twin), before, atol=1e-3)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_whole_model_is_saved_and_read_by_torch(structure: str, tmp_path: Path) -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", structure))
    fill(model)
    torch.save(model, tmp_path / "model.pt")
    again = torch.load(tmp_path / "model.pt", weights_only=False)
    assert torch.equal(logits(again), logits(model))


def replicate(network: nn.Module, number: int) -> list[nn.Module]:
    """`torch.nn.parallel.replicate`, which wants GPUs: the same steps with copies of parameters that have gradients."""
    modules = list(network.modules())
    index = {module: i for i, module in enumerate(modules)}
    replicas = []
    for _ in range(number):
        copies = [module._replicate_for_data_parallel() for module in modules]
        for module, replica in zip(modules, copies, strict=True):
            replica._former_parameters = {}
            for key, child in module._modules.items():
                setattr(replica, key, None if child is None else copies[index[child]])
            for key, parameter in module._parameters.items():
                setattr(replica, key, None if parameter is None else parameter * 1)
            for key, buffer in module._buffers.items():
                setattr(replica, key, None if buffer is None else buffer.clone())
        replicas.append(copies[0])
    return replicas


def in_threads(tasks: list[Callable[[], torch.Tensor]]) -> list[torch.Tensor]:
    """The results of tasks that start together."""
    together, done = threading.Barrier(len(tasks)), dict[int, torch.Tensor]()

    def run(i: int) -> None:
        together.wait()
        done[i] = tasks[i]()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [done[i] for i in range(len(tasks))]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_replicas_of_data_parallel_use_their_own_matrices_and_inputs(structure: str) -> None:
    """Trainer wraps a model so when there are several GPUs."""
    model = get_peft_model(tiny.model("bert"), config("bert", structure)).eval()
    fill(model)
    model(**inputs(), labels=LABELS).loss.backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    replicas = replicate(model, 2)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lor2c_B" in name:
                parameter.zero_()  # so that a look at the original shows

    def half(i: int) -> torch.Tensor:
        return replicas[i](**{k: v[i : i + 1] for k, v in inputs().items()}, labels=LABELS[i : i + 1]).loss

    losses = in_threads([lambda: half(0), lambda: half(1)])
    (sum(losses) / 2).backward()  # type: ignore[union-attr]
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        assert torch.allclose(gradient, expected[name], atol=1e-6), name


def test_threads_that_share_a_model_do_not_mix_their_inputs() -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", "one-span")).eval()
    fill(model)
    rows = [{k: v[i : i + 1] for k, v in inputs().items()} for i in (0, 1)]
    expected = [model(**row).logits for row in rows]
    meet = threading.Barrier(2)  # both are inside of the span at the same time

    def wait(*_: object) -> None:
        meet.wait(10)

    model.get_base_model().bert.encoder.layer[1].register_forward_pre_hook(wait)
    found = in_threads([lambda: model(**rows[0]).logits, lambda: model(**rows[1]).logits])
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_an_error_inside_of_a_span_keeps_nothing() -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", "one-span")).eval()
    fill(model)
    before = logits(model)
    layers = model.get_base_model().bert.encoder.layer
    kept: list[weakref.ref[torch.Tensor]] = []

    def fail(module: nn.Module, args: tuple[torch.Tensor]) -> None:
        kept.append(weakref.ref(args[0]))
        raise MemoryError

    watch = layers[0].base_layer.register_forward_pre_hook(lambda m, args: kept.append(weakref.ref(args[0])))
    broken = layers[1].register_forward_pre_hook(fail)
    with pytest.raises(MemoryError):
        model(**inputs())
    gc.collect()
    assert len(kept) == 2
    assert [ref() for ref in kept] == [None, None]
    watch.remove()
    broken.remove()
    assert torch.equal(logits(model), before)


def test_a_layer_that_was_skipped_is_told() -> None:
    model = get_peft_model(tiny.model("bert"), config("bert", "one-span"))
    layers = model.get_base_model().bert.encoder.layer
    assert isinstance(layers[0], SpanLayer)
    layers[0].lor2c_begins.clear()
    with pytest.raises(RuntimeError, match="layer 2 ran without layer 0"):
        model(**inputs())


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("structure", ["one-span", "merged-injected", "share"])
def test_gradient_checkpointing_gives_the_same_gradients(structure: str, reentrant: bool) -> None:
    found = []
    for checkpointing in (False, True):
        model = get_peft_model(tiny.model("llama"), config("llama", structure)).train()
        fill(model)
        if checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": reentrant})
            model.enable_input_require_grads()
        model(**inputs(), labels=LABELS).loss.backward()
        found.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    assert found[0].keys() == found[1].keys()
    assert any("lor2c_B" in n for n in found[0])
    for name, gradient in found[0].items():
        assert torch.allclose(gradient, found[1][name], atol=1e-6), name


def test_a_second_model_of_peft_around_the_same_layers() -> None:
    """Its adapter's shared A is found by layers that the first one wrapped."""
    first = get_peft_model(tiny.model("bert"), config("bert", "share", modules_to_save=None, task_type=None))
    with pytest.warns(UserWarning, match="second time"):
        second = get_peft_model(first.get_base_model(), config("bert", "share", task_type=None), adapter_name="two")
    fill(second)
    assert second.active_adapters == ["two"]
    assert torch.isfinite(logits(second)).all()
