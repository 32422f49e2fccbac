"""Every method on a causal language model: it starts as the model, trains its own tensors only, and is read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU
from test_methods import PROMPTS, TRIED
from torch.nn import functional as F

from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.adapters.peft_learner import PeftLearner
from lor2c_worker.data.batch import Batch
from lor2c_worker.data.targets import Targets
from lor2c_worker.learner import Learner, ManyForms
from lor2c_worker.methods import METHODS, Cell, Horizon, count, parse_params
from lor2c_worker.models import LoadedModel, empty_model, load_model
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.settings import ModelSettings

STEPS = 18
LENGTHS = [9, 4, 12, 7]
#: Every method, and of `peft` every type; settings that differ in numbers only are tried on classifiers.
ONCE = [
    pytest.param(name, values, id=f"{name}-{values.get('type', '')}")
    for name, values in {(name, values.get("type")): (name, values) for name, values in TRIED}.values()
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_causal(tmp_path_factory.mktemp("model"), tie_word_embeddings=True)


def fresh(folder: Path) -> LoadedModel:
    return load_model(ModelSettings(str(folder)), 1, "language_model", 3, CPU)


def batch_of(seed: int = 0) -> Batch:
    """Rows whose tokens count as labels from the third on."""
    drawn = torch.Generator().manual_seed(seed)
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    ids = torch.randint(4, 24, mask.shape, generator=drawn) * mask
    places = [(row, column) for row, n in enumerate(LENGTHS) for column in range(1, n - 1)]
    targets = Targets(
        torch.tensor([row * ids.shape[1] + column for row, column in places]),
        torch.tensor([int(ids[row, column + 1]) for row, column in places]),
    )
    labels = torch.zeros(len(LENGTHS))
    return Batch(torch.arange(len(LENGTHS)), ids, mask, None, labels, sum(LENGTHS), LENGTHS, targets)


def build(model: LoadedModel, name: str, values: dict[str, Any]) -> Learner:
    params = parse_params(METHODS[name], values)
    return METHODS[name].build(model, [Cell("c", params, 3)], horizon=Horizon(6, STEPS, 3))


def losses(learner: Learner, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        return learner.forward(batch, None)[0]


def train(learner: Learner, batch: Batch) -> list[float]:
    optimizer = LaneAdamW(learner.slots(), 1, weight_decay=0.01)
    found = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = learner.forward(batch, step).mean()
        penalty = learner.penalty()
        (loss if penalty is None else loss + penalty.sum()).backward()
        learner.after_backward(step)
        optimizer.step(5e-3, 5e-3)
        learner.end_step(step + 1, (step + 1) / 3, optimizer)
        if (step + 1) % 3 == 0:
            learner.end_epoch((step + 1) // 3, step + 1, optimizer)
        found.append(float(loss.detach()))
    return found


@pytest.mark.parametrize(("name", "values"), ONCE)
def test_method(folder: Path, tmp_path: Path, name: str, values: dict[str, Any]) -> None:
    method, batch, base = METHODS[name], batch_of(), fresh(folder)
    with torch.no_grad():
        logits = base.module(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    assert batch.targets is not None
    want = F.cross_entropy(logits.flatten(0, 1)[batch.targets.places], batch.targets.ids, reduction="none")

    model = fresh(folder)
    before = {key: value.clone() for key, value in model.module.state_dict().items()}
    learner = build(model, name, values)
    alike = torch.allclose(losses(learner, batch), want, atol=1e-5)
    assert alike == (values.get("type") not in PROMPTS)
    body, head = learner.trainable_parameters(0)
    empty = empty_model(ModelSettings(str(folder)), 1, "language_model")
    assert (body, head) == (count(method, empty, parse_params(method, values)), 0)

    trained = train(learner, batch)
    assert trained[-1] < trained[0]
    if isinstance(learner, BankLearner):
        assert all(torch.equal(value, before[key]) for key, value in model.module.state_dict().items())
    target = tmp_path / "adapter"
    target.mkdir()
    method.save(learner, 0, model, target)
    again = method.load(fresh(folder), parse_params(method, values), target)
    if isinstance(learner, ManyForms) and isinstance(again, ManyForms):
        again.use(learner.in_use())
    assert torch.allclose(losses(again, batch), losses(learner, batch), atol=1e-6)

    row = Batch(torch.arange(1), batch.input_ids[:1], batch.attention_mask[:1], None, torch.zeros(1), 9, [9])
    speaker = again.decoder()
    logits_next = speaker.next_logits(row, speaker.new_cache(1))
    one = Targets(torch.tensor([8]), torch.tensor([5]))
    loss = losses(again, Batch(row.rows, row.input_ids, row.attention_mask, None, row.labels, 9, [9], one))
    assert F.cross_entropy(logits_next, one.ids).item() == pytest.approx(loss.item(), abs=1e-5)


@pytest.mark.parametrize(("name", "values"), ONCE)
def test_wrapped_layers_compute_the_same_unpadded(folder: Path, name: str, values: dict[str, Any]) -> None:
    """With dropout, in training; a method whose blocks are wrapped, or that adds tokens, runs padded."""
    if name in ("adapter",) or values.get("type") in PROMPTS:
        pytest.skip("runs padded")
    learner = build(fresh(folder), name, values)
    if isinstance(learner, BankLearner):
        pytest.skip("trains on the bank")
    assert isinstance(learner, PeftLearner)
    assert learner._unpadded is not None
    batch, found = batch_of(), []
    for slot in learner.slots():
        slot.tensor.data.add_(0.01)
    for _ in range(2):
        out = learner.forward(batch, 1)
        out.sum().backward()
        grads = [slot.tensor.grad.clone() for slot in learner.slots() if slot.tensor.grad is not None]
        found.append([out.detach(), *grads])
        for slot in learner.slots():
            slot.tensor.grad = None
        learner._unpadded = None
    assert len(found[0]) == len(found[1]) > 1
    for got, want in zip(*found, strict=True):
        assert torch.allclose(got, want, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("type_", ["VERA", "LOHA"])
def test_layers_that_give_fp32_in_mixed_precision(folder: Path, type_: str) -> None:
    """They wrap query and value alone, and attention needs all in one format."""
    [values] = [one.values[1] for one in ONCE if one.values[1].get("type") == type_]
    learner, batch = build(fresh(folder), "peft", dict(values)), batch_of()
    want = losses(learner, batch)
    with torch.autocast("cpu", torch.bfloat16):
        found = learner.forward(batch, 1)
    found.sum().backward()
    assert found.dtype == torch.float32
    assert torch.allclose(found[0].detach(), want, rtol=0.05)
    assert all(bool(slot.tensor.grad.isfinite().all()) for slot in learner.slots() if slot.tensor.grad is not None)


def test_full_training_of_a_tied_embedding(folder: Path) -> None:
    """It trains as one tensor, from both of its uses, and where padding is a token of the text, that token's too."""
    model = fresh(folder)
    learner = build(model, "full", {})
    names = [slot.name for slot in learner.slots()]
    assert "model.embed_tokens.weight" in names
    assert "lm_head.weight" not in names
    batch = batch_of()
    batch.input_ids[0, 2] = 0  # the padding token, as a token of the text that comes before one that counts
    learner.forward(batch, 0).sum().backward()
    plain = fresh(folder).module.requires_grad_(True)
    plain.get_input_embeddings().padding_idx = None  # type: ignore[operator]
    logits = plain(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits.flatten(0, 1)
    assert batch.targets is not None
    F.cross_entropy(logits[batch.targets.places], batch.targets.ids, reduction="sum").backward()
    want, got = (whole.get_input_embeddings().weight.grad for whole in (plain, model.module))
    assert torch.allclose(got, want, rtol=1e-4, atol=1e-5)
