"""A step's gradients are those of its rows, however these are cut into micro-batches: every method, every objective.

In float64, so that nothing but rounding may differ.
"""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from typing import Any

import pytest
import tiny
import torch
from loops import CPU, Given
from test_methods import TRIED, build
from transformers import LlamaForCausalLM

from lor2c_worker.adapters.bank import Structure
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.adapters.peft_learner import PeftLearner
from lor2c_worker.data.targets import IGNORED
from lor2c_worker.keyed.seeding import generator
from lor2c_worker.learner import Learner
from lor2c_worker.methods import METHODS
from lor2c_worker.models import LoadedModel
from lor2c_worker.objective import Classify, LanguageModel, Objective, Regress
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.run.gradients import step_gradients
from lor2c_worker.schedule import Layout, Span

ROWS, SEED, STEP = 32, 3, 5
#: Sizes of the micro-batches of one step: alike, and with smaller last ones.
CUTS = [(16, 16), (8, 8, 8, 8), (13, 13, 6)]
OBJECTIVES: dict[str, Objective] = {"classify": Classify(), "regress": Regress(), "causal": LanguageModel()}
KINDS = {"classify": "roberta", "regress": "bert", "causal": "llama"}
HEADS = {"roberta": ("classifier",), "bert": ("classifier", "pooler"), "llama": ()}
CASES = [pytest.param(kind, name, values, id=f"{kind}-{name}-{values}") for kind in KINDS for name, values in TRIED]
#: Structures in which modules have merged and given way to injected LoRA, for methods that do so.
STRUCTURES = {
    "merges": Structure(Layout((Span(0, 1), Span(2, 2)))),
    "injections": Structure(Layout((Span(0, 0), Span(2, 2)), (1,))),
    "both": Structure(Layout((Span(0, 1),), (2,))),
}


def rows_of(kind: str) -> Given:
    """Rows of many lengths, and labels of which other shares count in each: a mean of means would differ."""
    g = generator(3, "gradients", kind)
    lengths = torch.randint(3, 14, (ROWS,), generator=g)
    mask = (torch.arange(int(lengths.max())) < lengths[:, None]).long()
    ids = torch.randint(4, 24, mask.shape, generator=g) * mask
    if kind == "classify":
        return Given(ids, mask, torch.randint(0, 2, (ROWS,), generator=g))
    if kind == "regress":
        return Given(ids, mask, torch.rand(ROWS, generator=g, dtype=torch.float64) * 5)
    prompt = torch.arange(ids.shape[1]) < torch.randint(1, 8, (ROWS, 1), generator=g)
    return Given(ids, mask, ids.masked_fill((mask == 0) | prompt, IGNORED))


def model_of(kind: str) -> LoadedModel:
    encoder = KINDS[kind]
    if kind == "causal":
        torch.manual_seed(0)
        module: Any = LlamaForCausalLM(tiny.model("llama").config)
    else:
        plain: Any = tiny.model(encoder)
        config = type(plain.config).from_dict(plain.config.to_dict() | {"num_labels": 2 if kind == "classify" else 1})
        torch.manual_seed(0)
        module = type(plain)(config)
    return LoadedModel(module.eval(), tiny.tokenizer(), HEADS[encoder])


def learner_of(kind: str, name: str, values: dict[str, Any]) -> Learner:
    """A learner away from its start, where some gradients are zero, with merged and injected modules if it has any."""
    model = model_of(kind)
    if METHODS[name].lanes:
        model.module.double()
    learner = build(model, name, values, SEED)
    if isinstance(learner, PeftLearner):
        learner.module.double()  # not before: peft makes some tensors in float32
    events = [noun for noun in ("merges", "injections") if values.get(noun)]
    if events:
        assert isinstance(learner, BankLearner)
        learner.bank.set_structure(0, STRUCTURES["both" if len(events) == 2 else events[0]])
    with torch.no_grad():
        for slot in learner.slots():
            slot.tensor.data = slot.tensor.data.double()
            slot.tensor += 0.1 * torch.randn(slot.tensor.shape, generator=generator(1, slot.name)).double()
    return learner


def gradients(learner: Learner, kind: str, rows: Given, cut: tuple[int, ...]) -> dict[str, torch.Tensor]:
    ends = list(itertools.accumulate(cut))
    parts = [rows.batch(range(end - size, end), CPU) for size, end in zip(cut, ends, strict=True)]
    optimizer = LaneAdamW(learner.slots(), 1)
    loss = step_gradients(learner, optimizer, {SEED: parts}, STEP, OBJECTIVES[kind], nullcontext)
    grads = {slot.name: slot.tensor.grad.clone() for slot in learner.slots() if slot.tensor.grad is not None}
    return grads | {"the loss": loss}


@pytest.mark.parametrize(("kind", "name", "values"), CASES)
def test_how_a_step_is_cut_changes_no_gradient(kind: str, name: str, values: dict[str, Any]) -> None:
    learner, rows = learner_of(kind, name, values), rows_of(kind)
    whole = gradients(learner, kind, rows, (ROWS,))
    assert len(whole) > 1
    assert all(value.dtype == torch.float64 for value in whole.values())
    largest = max(float(value.abs().max()) for value in whole.values())
    for cut in CUTS:
        found = gradients(learner, kind, rows, cut)
        assert found.keys() == whole.keys()
        for place, want in whole.items():
            apart, size = float((found[place] - want).abs().max()), float(want.abs().max())
            # Beside the whole, since the gradient of a key's bias is nothing but rounding.
            assert apart <= 1e-6 * size + 1e-12 * largest, (cut, place)
