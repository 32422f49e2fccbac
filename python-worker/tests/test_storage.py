"""model.dtype and model.quantization: how frozen weights are held, and what trains over them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from test_methods import CPU, EPOCHS, KINDS, build, loss_of
from test_methods import run as train_it
from test_train import rows
from torch import nn
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaForCausalLM
from worker import Worker, only, run, settings

from lor2c_worker import messages
from lor2c_worker.backbones.adapted_decoder import AdaptedDecoder
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.data.targets import Targets
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.frozen import LINEARS, FrozenLinear, HalfOutput
from lor2c_worker.inspection import Inspection
from lor2c_worker.methods import METHODS, parse_params
from lor2c_worker.models import LoadedModel, Storage, load_model, storage_of
from lor2c_worker.prompting.subject import Subject
from lor2c_worker.settings import ModelSettings, Settings, SettingsError

HELD = [Storage("bf16"), Storage("bf16", "bf16"), Storage("int8"), Storage("nf4"), Storage("nf4", "bf16")]
BF16 = torch.bfloat16


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {kind: tiny.save(root / kind, kind) for kind in (*KINDS, "mpnet")}


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(32), tiny.tokenizer(), "classify", 32)


def load(folder: Path, storage: Storage | None = None, seed: int = 3) -> LoadedModel:
    return load_model(ModelSettings(str(folder)), 2, "classify", seed, CPU, storage or Storage())


def rounded(folder: Path, storage: Storage) -> LoadedModel:
    """The fp32 model with what the held weights stand for."""
    model, held = load(folder), load(folder, storage)
    state = dict(model.module.named_parameters())
    for name, child in held.module.named_modules():
        if isinstance(child, FrozenLinear | nn.Embedding):
            state[f"{name}.weight"].copy_(child.weight)
    return model


@pytest.mark.parametrize(
    ("kind", "storage"),
    [*product(KINDS, HELD), ("mpnet", HELD[2]), ("mpnet", HELD[4])],
    ids=lambda value: value if isinstance(value, str) else f"{value.linear}-{value.embeddings}",
)
def test_the_held_model_computes_what_its_weights_stand_for(
    folders: dict[str, Path], data: Encoded, kind: str, storage: Storage
) -> None:
    model, plain = load(folders[kind], storage), load(folders[kind])
    assert model.total() == plain.total()
    assert model.fresh == plain.fresh
    for name, value in model.head_parameters().items():  # drawn alike, and never rounded
        assert torch.equal(value, plain.head_parameters()[name])
    linear = [child for child in model.module.modules() if isinstance(child, nn.Linear)]
    kinds = {type(child) for child in linear}
    assert kinds == {LINEARS[storage.linear], nn.Linear}
    assert sum(isinstance(child, FrozenLinear) for child in linear) == 3 * (7 if kind == "llama" else 6)
    batch = data.batch(range(16), CPU)
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    with torch.no_grad():
        expected = rounded(folders[kind], storage).module(**inputs).logits
        assert torch.allclose(model.module(**inputs).logits, expected, atol=1e-5)
        # lor2c's own forward, and a module that peft wraps
        for name in ("lor2c", "adalora"):
            learner = build(load(folders[kind], storage), name, {})
            assert torch.allclose(logits_of(learner, data, 16, CPU)[0, :16], expected, atol=1e-5)


HALF, NF4 = Storage("bf16", "bf16"), Storage("nf4")
TRAINED: list[tuple[Storage, str, str, dict[str, Any]]] = [
    (HALF, "llama", "imlor2c", {"rank": 4, "merges": 1, "injections": 1}),
    (NF4, "roberta", "lora", {"rank": 4}),
    (NF4, "llama", "peft", {"type": "LORA", "config": {"r": 4, "use_dora": True}}),
    (NF4, "bert", "dylora", {"rank": 2}),
    (NF4, "llama", "adapter", {}),
]


@pytest.mark.parametrize(
    ("storage", "kind", "name", "values"), TRAINED, ids=lambda value: str(value) if type(value) is str else ""
)
def test_methods_train_over_it_save_and_reload(
    folders: dict[str, Path],
    data: Encoded,
    tmp_path: Path,
    storage: Storage,
    kind: str,
    name: str,
    values: dict[str, Any],
) -> None:
    model, method = load(folders[kind], storage), METHODS[name]
    learner = build(model, name, values)
    frozen = {n: b.clone() for n, b in model.module.named_buffers()}
    assert all(slot.tensor.dtype == torch.float32 for slot in learner.slots())
    before = loss_of(learner, data)
    train_it(learner, data, epochs=EPOCHS if name == "imlor2c" else 2)  # all of its events, or a few steps
    assert loss_of(learner, data) < before
    assert all(torch.equal(buffer, frozen[n]) for n, buffer in model.module.named_buffers() if n in frozen)
    method.save(learner, 0, model, tmp_path)
    again = method.load(load(folders[kind], storage), parse_params(method, values), tmp_path)
    assert torch.equal(logits_of(again, data, 16, CPU), logits_of(learner, data, 16, CPU))


def test_auto_changes_no_bit_of_a_mixed_run(folders: dict[str, Path], data: Encoded) -> None:
    for kind, name in (("bert", "lor2c"), ("llama", "lor2c"), ("roberta", "lora"), ("llama", "adalora")):
        found = []
        for storage in (Storage(), Storage("bf16")):
            learner = build(load(folders[kind], storage), name, {})
            batch = data.batch(range(16), CPU)
            with torch.autocast("cpu", dtype=BF16):
                logits = learner.forward(batch, None)
            logits.float().square().sum().backward()
            grads = [slot.tensor.grad for slot in learner.slots() if slot.tensor.grad is not None]
            found.append([logits, *grads])
        assert len(found[0]) > 3
        assert all(torch.equal(one, other) for one, other in zip(*found, strict=True)), (kind, name)


def test_what_the_settings_come_to() -> None:
    model = ModelSettings("some")
    assert storage_of(model, "fp32", "lora", "multiplies") == Storage("fp32", "fp32")
    assert storage_of(model, "mixed", "lora", "multiplies") == Storage("bf16", "fp32")
    assert storage_of(model, "mixed", "peft", "reads") == Storage("fp32", "fp32")
    assert storage_of(replace(model, dtype="fp32"), "mixed", "lora", "multiplies") == Storage("fp32", "fp32")
    assert storage_of(replace(model, dtype="bf16"), "fp32", "peft", "reads") == Storage("bf16", "bf16")
    nf4 = replace(model, quantization="nf4")
    assert storage_of(nf4, "mixed", "lora", "multiplies") == Storage("nf4", "fp32")
    assert storage_of(replace(nf4, dtype="bf16"), "fp32", "lora", "multiplies") == Storage("nf4", "bf16")
    assert storage_of(model, "mixed", "full", "changes") == Storage("fp32", "fp32")


@pytest.mark.parametrize("name", ["full", "pissa"])
def test_methods_that_change_the_weights_say_what_to_do(place: Path, name: str) -> None:
    value = settings(place, method={"name": name})
    value["model"]["quantization"] = "int8"
    with pytest.raises(SettingsError, match=f"model.quantization int8: method {name} changes .* Leave it out"):
        Inspection().inspect(Settings.from_json(value))
    value["model"].update(quantization="none", dtype="bf16")
    with pytest.raises(SettingsError, match=f"model.dtype bf16: method {name} changes .* Set it to auto or fp32"):
        Inspection().inspect(Settings.from_json(value))


def test_a_run_over_nf4_is_checked_and_noted(worker: Worker, place: Path, tmp_path: Path) -> None:
    value = settings(place, method={"name": "lor2c", "rank": 4}, num_train_epochs=8, learning_rate=4e-3)
    value["model"]["quantization"] = "nf4"
    events = run(worker, tmp_path, value)
    assert not only(events, messages.Failed), only(events, messages.Failed)
    (finished,) = only(events, messages.Finished)
    (started,) = only(events, messages.Started)
    assert finished.best_score > finished.majority_score
    assert any("the backbone is quantised (nf4)" in note for note in started.notes)
    plain = settings(place, method={"name": "lor2c", "rank": 4}, num_train_epochs=8, learning_rate=4e-3)
    assert (
        started.total_parameters == only(run(worker, tmp_path / "plain", plain), messages.Started)[0].total_parameters
    )


#: Prints the peak of each load above what was there before, in bytes.
MEASURE = """
import gc, sys
from pathlib import Path
import torch
from lor2c_worker.models import Storage, load_model
from lor2c_worker.settings import ModelSettings

def memory(what):
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what)]
    return int(line.split()[1]) * 1024

def load(linear):
    return load_model(ModelSettings(sys.argv[1]), 2, "classify", 3, torch.device("cpu"), Storage(linear))

load("nf4")  # libraries and tables are there afterwards
for linear in ("nf4", "bf16", "fp32"):
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before, model = memory("VmRSS"), load(linear)
    for held in (*model.module.parameters(), *model.module.buffers()):
        held.sum()  # what is only mapped from a file counts once it is read
    print(memory("VmHWM") - before)
    del model
"""


def test_loading_needs_no_copy_in_fp32(tmp_path: Path) -> None:
    """The peak while 57 MB of fp32 weights become 7 MB of NF4, or 28 MB of bfloat16: what is held and a few tensors."""
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("this system does not tell a process's peak memory over a part of its time")
    with pytest.MonkeyPatch.context() as patch:
        for key, value in {"hidden_size": 512, "num_hidden_layers": 4, "intermediate_size": 1536}.items():
            patch.setitem(tiny.SHAPE, key, value)
        folder = tiny.save(tmp_path, "llama")
    whole = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    assert whole > 50e6
    # What is freed goes back to the system at once.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", MEASURE, str(folder)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    nf4, bf16, fp32 = (int(line) / whole for line in printed.split())
    assert nf4 < 0.35
    assert bf16 < 0.75
    assert fp32 > 0.9


@pytest.mark.parametrize(("tied", "says"), [(False, False), (True, True), (False, True)])
@pytest.mark.parametrize("storage", HELD, ids=lambda storage: f"{storage.linear}-{storage.embeddings}")
def test_language_models_keep_their_output_embedding(
    tmp_path: Path, data: Encoded, storage: Storage, tied: bool, says: bool
) -> None:
    """Also one of its own where config.json says that there is none."""
    shape = tiny.SHAPE | {"vocab_size": 25, "max_position_embeddings": 64, "pad_token_id": 0, "initializer_range": 0.2}
    LlamaForCausalLM(LlamaConfig(**shape, tie_word_embeddings=tied)).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": says}))

    def language_model(storage: Storage) -> LoadedModel:
        return load_model(ModelSettings(str(tmp_path)), 0, "language_model", 3, CPU, storage)

    model, plain = language_model(storage), language_model(Storage())
    assert model.total() == plain.total()
    lm_head: Any = model.module.lm_head
    assert not isinstance(lm_head, FrozenLinear)
    assert (lm_head.weight is model.module.model.embed_tokens.weight) == tied
    assert lm_head.weight.dtype == (BF16 if storage.embeddings == "bf16" else torch.float32)
    assert sum(isinstance(child, FrozenLinear) for child in model.module.modules()) == 3 * 7
    state = dict(plain.module.named_parameters())
    for name, child in model.module.named_modules():
        if isinstance(child, FrozenLinear | nn.Embedding | HalfOutput) and f"{name}.weight" in state:
            state[f"{name}.weight"].copy_(child.weight)
    batch = data.batch(range(16), CPU)
    targets = Targets.every(batch.input_ids, batch.attention_mask)
    batch = replace(batch, targets=targets, labels=targets.ids)
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    with torch.no_grad():
        expected = plain.module(**inputs).logits.flatten(0, 1)[targets.places]
        found = model.module(**inputs).logits.flatten(0, 1)[targets.places]
        assert torch.allclose(found, expected, atol=1e-5)
    learner = build(model, "lor2c", {})
    losses = learner.forward(batch, None)
    assert torch.allclose(losses[0], F.cross_entropy(expected, targets.ids, reduction="none"), atol=1e-5)
    losses.sum().backward()
    assert any(bool(slot.tensor.grad.any()) for slot in learner.slots() if slot.tensor.grad is not None)


def test_prompts_go_to_the_model_as_it_is_held(tmp_path: Path) -> None:
    shape = tiny.SHAPE | {"vocab_size": 25, "max_position_embeddings": 64, "pad_token_id": 0}
    LlamaForCausalLM(LlamaConfig(**shape)).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    value = settings(tmp_path, method={"name": "none"})
    value["model"] = {"name": str(tmp_path), "quantization": "nf4"}
    speaker = Subject.of(None, value).load()
    assert isinstance(speaker.decoder, AdaptedDecoder)
    held = [child for child in speaker.decoder._backbone._base.modules() if isinstance(child, FrozenLinear)]
    assert len(held) == 3 * 7
