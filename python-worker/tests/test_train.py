"""Compares the loop with one of plain torch and peft parts, and its schedule with that of transformers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny
import torch
from loops import CPU, SETTINGS, Seen, training_of
from transformers import get_linear_schedule_with_warmup

from lor2c_worker.data.encode import Encoded, encode, train_batches
from lor2c_worker.data.task import Split
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.evaluation.scoring import score_logits
from lor2c_worker.methods import METHODS, Cell, Horizon
from lor2c_worker.methods.lora_inside import LoraInside, LoraParams
from lor2c_worker.models import load_model
from lor2c_worker.objective import Classify, Regress, means
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.optim.linear_schedule import LinearSchedule
from lor2c_worker.run.loop import train
from lor2c_worker.settings import ModelSettings


@pytest.mark.parametrize(("total", "ratio"), [(10, 0.06), (100, 0.1), (7, 0.0), (50, 0.5)])
def test_schedule_equals_transformers(total: int, ratio: float) -> None:
    ours = LinearSchedule(total, replace(SETTINGS, warmup_ratio=ratio).warmup(total))
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = get_linear_schedule_with_warmup(optimizer, ours.warmup, total)
    for step in range(total):
        assert ours.factor(step) == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize(("steps", "total"), [(0, 10), (1, 10), (6, 24), (24, 24), (100, 24)])
def test_warmup_steps_win_over_the_ratio_and_equal_transformers(steps: int, total: int) -> None:
    """Also where the run is shorter than its warm-up."""
    settings = replace(SETTINGS, warmup_ratio=0.5, warmup_steps=steps)
    ours = LinearSchedule(total, settings.warmup(total))
    assert ours.warmup == steps
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = get_linear_schedule_with_warmup(optimizer, steps, total)
    for step in range(total):
        assert ours.factor(step) == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        theirs.step()


def rows(count: int) -> Split:
    lines = [line.split("\t") for line in tiny.rows(count).splitlines()[1:]]
    return Split(tuple(t for t, _ in lines), tuple(int(y) for _, y in lines))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("tiny") / "model")


def losses_of_our_loop(folder: Path, data: Encoded, dropout: float = 0.0) -> tuple[list[float], list[float]]:
    model = load_model(ModelSettings(str(folder)), 2, "classify", 5, CPU)
    if dropout == 0.0:
        for module in model.module.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        model.config.hidden_dropout_prob = 0.0  # the bank's head takes it from there
    params = LoraParams(rank=4, alpha=8.0, dropout=dropout)
    learner = METHODS["lora"].build(model, [Cell("c", params, 5)], horizon=Horizon(3, 24, 8))
    optimizer = LaneAdamW(learner.slots(), 1, weight_decay=0.1, max_grad_norm=1.0)
    seen = Seen()
    train(training_of(learner, data, seen, optimizer=optimizer))
    return seen.values("train", "loss", "c"), seen.values("train", "grad_norm", "c")


def losses_of_a_plain_loop(folder: Path, data: Encoded) -> tuple[list[float], list[float]]:
    """peft's LoRA, torch's AdamW, clip_grad_norm_ and transformers' schedule, written out."""
    model = load_model(ModelSettings(str(folder)), 2, "classify", 5, CPU)
    cell = Cell("c", LoraParams(rank=4, alpha=8.0, dropout=0.0), 5)
    learner = LoraInside().build(model, [cell], horizon=Horizon(3, 24, 8))
    module = learner.module  # type: ignore[attr-defined]
    head = [p for n, p in module.named_parameters() if p.requires_grad and "modules_to_save" in n]
    body = [p for n, p in module.named_parameters() if p.requires_grad and "modules_to_save" not in n]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": 1e-2}, {"params": head, "lr": 5e-3}], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1
    )
    schedule = get_linear_schedule_with_warmup(optimizer, SETTINGS.warmup(24), 24)
    losses, norms = [], []
    for epoch in range(1, 4):
        for chosen in train_batches(data, 8, 5, epoch):
            batch = data.batch(chosen, CPU)
            optimizer.zero_grad()
            out = module(input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=batch.labels)
            out.loss.backward()
            norms.append(float(torch.nn.utils.clip_grad_norm_(body + head, 1.0)))
            losses.append(float(out.loss.detach()))
            optimizer.step()
            schedule.step()
    return losses, norms


def test_loop_equals_plain_torch(folder: Path) -> None:
    tokenizer = tiny.tokenizer()
    data = encode(rows(64), tokenizer, "classify", 32)
    assert (len(data), len(data.lengths())) == (64, 64)
    ours, our_norms = losses_of_our_loop(folder, data)
    plain, plain_norms = losses_of_a_plain_loop(folder, data)
    assert len(ours) == len(plain) == 24
    assert ours == pytest.approx(plain, abs=2e-6)
    assert our_norms == pytest.approx(plain_norms, rel=1e-4)
    assert sum(ours[-4:]) < sum(ours[:4])


def test_losses_are_bit_equal_when_repeated_and_dropout_matters(folder: Path) -> None:
    data = encode(rows(32), tiny.tokenizer(), "classify", 32)
    with_dropout = losses_of_our_loop(folder, data, dropout=0.3)
    torch.rand(100)  # other code uses the global generator
    assert losses_of_our_loop(folder, data, dropout=0.3) == with_dropout
    assert losses_of_our_loop(folder, data)[0] != with_dropout[0]


def test_train_batches_are_a_permutation_of_every_epoch() -> None:
    data = encode(rows(20), tiny.tokenizer(), "classify", 32)
    first = [r for batch in train_batches(data, 8, 1, 1) for r in batch]
    assert sorted(first) == list(range(20))
    assert first != [r for batch in train_batches(data, 8, 1, 2) for r in batch]
    assert first == [r for batch in train_batches(data, 8, 1, 1) for r in batch]


def test_a_batch_knows_the_lengths_of_its_rows() -> None:
    """The encoder uses them without asking the device."""
    batch = encode(rows(20), tiny.tokenizer(), "classify", 32).batch([3, 11, 0, 8], CPU)
    assert batch.lengths == batch.row_lengths() == batch.attention_mask.sum(dim=1).tolist()
    assert len(set(batch.lengths)) > 1
    assert batch.tokens == sum(batch.lengths)


def test_scores_of_non_finite_logits_are_nan_and_do_not_raise() -> None:
    logits = torch.tensor([[float("nan"), 0.0], [1.0, 0.0]])
    values = score_logits(logits, torch.tensor([0, 1]), Classify(), ("accuracy", "matthews"))
    assert all(v != v for v in values.values())


def test_scores_are_those_of_the_libraries() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.0, 1.0], [3.0, 0.0]])
    values = score_logits(logits, torch.tensor([0, 1, 0, 0]), Classify(), ("accuracy", "f1", "matthews"))
    assert values["accuracy"] == 0.75
    assert values["f1"] == pytest.approx(2 / 3)
    assert values["matthews"] == pytest.approx(0.5773502691896258)
    line = torch.tensor([[1.0], [2.0], [3.0], [5.0]])
    values = score_logits(line, torch.tensor([1.0, 2.0, 4.0, 4.5]), Regress(), ("pearson", "spearman"))
    assert values["spearman"] == pytest.approx(1.0)
    assert 0.9 < values["pearson"] < 1.0
    constant = score_logits(torch.ones(4, 1), torch.tensor([1.0, 2.0, 4.0, 4.5]), Regress(), ("pearson",))
    assert constant["pearson"] == 0.0


def test_evaluation_is_of_every_row_in_order(folder: Path) -> None:
    data = encode(rows(21), tiny.tokenizer(), "classify", 32)
    model = load_model(ModelSettings(str(folder)), 2, "classify", 5, CPU)
    learner = METHODS["lora"].build(model, [Cell("c", LoraParams(), 5)], horizon=Horizon(1, 24, 24))
    small, large = logits_of(learner, data, 4, CPU), logits_of(learner, data, 64, CPU)
    assert small.shape == (1, 21, 2)
    assert torch.allclose(small, large, atol=1e-5)
    assert float(means(Classify(), small, data.labels)[0]) > 0
