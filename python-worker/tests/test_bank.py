"""Lanes compared with a literal implementation, with peft, and with each lane alone."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import replace
from functools import cache, partial
from typing import Any

import pytest
import tiny
import torch
from loops import CPU, SETTINGS, Given, Seen, in_order, training_of
from marks import needs_bf16
from peft import LoraConfig, TaskType, get_peft_model
from reference import Reference, inputs_of, lr_list

from lor2c_worker.adapters.bank import BankParams, Numbers
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.backbones.unpadded import UnpaddedEncoder
from lor2c_worker.data.batch import Batch
from lor2c_worker.device import autocast
from lor2c_worker.keyed.seeding import generator
from lor2c_worker.learner import EpochRecord
from lor2c_worker.methods.lanes import build_learner
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.rules import PRESETS, Rules
from lor2c_worker.run.loop import train as run_loop
from lor2c_worker.run.moments import Interval, Moments
from lor2c_worker.schedule import Layout, Schedule

LAYERS, BATCHES, ROWS = 7, 2, 6


def classifier(kind: str = "roberta", dtype: torch.dtype = torch.float64, dropout: float = 0.0) -> Any:
    """A model of its own, with weights that are the same each time."""
    return copy.deepcopy(_drawn_classifier(kind, dropout)).to(dtype).eval()


@cache
def _drawn_classifier(kind: str, dropout: float) -> Any:
    module = tiny.model(kind)
    if kind != "llama":
        shape = {"num_hidden_layers": LAYERS, "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
        config = type(module.config).from_dict(module.config.to_dict() | shape)
        torch.manual_seed(1)
        module = type(module)(config)
    return module


def rows_of(count: int = BATCHES) -> Given:
    """`count` batches of `ROWS` rows each."""
    g = generator(3, "rows", count)
    lengths = torch.randint(2, 12, (count * ROWS,), generator=g)
    mask = (torch.arange(int(lengths.max())) < lengths[:, None]).long()
    ids = torch.randint(4, 24, mask.shape, generator=g) * mask
    return Given(ids, mask, torch.randint(0, 2, (len(lengths),), generator=g))


def batches(rows: Given) -> list[Batch]:
    return [rows.batch(chosen, CPU) for chosen in in_order(len(rows), ROWS)(0, 1)]


def params_of(
    share: bool = False, dropout: float = 0.0, layout: Layout | None = None, layers: int = LAYERS
) -> tuple[BankParams, Numbers]:
    params = BankParams(
        rank=4,
        injected_rank=2,
        share=share,
        layout=Layout.initial(layers) if layout is None else layout,
        may_inject=True,
    )
    return params, Numbers(5, 8.0, dropout, 6.0, dropout / 2)


def learner_of(
    module: Any,
    schedules: dict[str, Schedule],
    groups: list[list[str]] | None = None,
    params: tuple[BankParams, Numbers] | None = None,
    *,
    padded: bool = False,
) -> BankLearner:
    backbone = HfBackbone(module) if padded else UnpaddedEncoder(module)
    groups = [[cell] for cell in schedules] if groups is None else groups
    shapes, numbers = params or params_of()
    return build_learner(module, shapes, schedules, groups, [numbers] * len(groups), backbone=backbone)


def train(
    learner: BankLearner, epochs: int, rows: Given, peak: float = 0.02, precision: str = "fp32", **others: Any
) -> tuple[dict[str, list[float]], dict[str, list[float]], list[tuple[int, EpochRecord]]]:
    """Train with the worker's loop, which evaluates at the end only. Returns losses and norms of each cell per step,
    and all records with their epoch."""
    settings = replace(
        SETTINGS, num_train_epochs=epochs, batch_size=ROWS, learning_rate=peak, warmup_ratio=0.0, weight_decay=0.0
    )
    seen = Seen()
    training = training_of(
        learner,
        rows,
        seen,
        settings,
        order=in_order(len(rows), ROWS),
        moments=replace(Moments.of(len(rows), settings), evaluate=Interval(epochs)),
        autocast=partial(autocast, CPU, precision),
        **others,
    )
    done = run_loop(training)
    losses, norms = (
        {cell: seen.values("train", name, cell) for cell in done.results} for name in ("loss", "grad_norm")
    )
    records = [(step // training.moments.per_epoch, record) for step, record in seen.records if not record.warnings]
    return losses, norms, records


def events_of(records: list[tuple[int, EpochRecord]], cell: str) -> list[tuple[int, str, int, int, int, int]]:
    return [
        (epoch, c.kind, c.span_start, c.span_end, c.source, int(c.scores_from_epoch))
        for epoch, record in records
        if cell in record.cells
        for c in record.changes
    ]


def initial_of(learner: BankLearner) -> dict[str, torch.Tensor]:
    return {name: tensor[0].detach().clone() for name, tensor in learner.bank.modules().items()}


def rules(preset: str, **fields: object) -> Rules:
    return dataclasses.replace(PRESETS[preset], weight_decay=0.01, **fields)


#: (epochs, merges, injections): spans of every length, exhausted budgets, tries without a candidate, old scores.
BUDGETS = [(8, 1, 0), (8, 6, 0), (8, 0, 7), (12, 2, 2), (24, 1, 3), (24, 3, 1), (8, 6, 6), (16, 2, 1), (20, 1, 1)]
CHOICES = {
    "official": rules("official"),
    "official, top 2": rules("official", score="top_share", score_k=2),
    "intended": rules("intended"),
    "intended, top 1": rules("intended", score="top_share", score_k=1),
    "paper": rules("paper"),
    "paper, fresh moments": rules("paper", merged_moments="fresh", scores_from="snapshot", inject_pick="highest"),
    "paper, frozen": rules("paper", merged_trains=False, score_k=2),
}


@pytest.mark.parametrize("share", [False, True], ids=["own A", "shared A"])
@pytest.mark.parametrize("choice", CHOICES)
def test_equals_the_literal_implementation(choice: str, share: bool) -> None:
    """Losses, norms and decisions of every budget. Budgets of equal length are lanes of one stack."""
    rows, compared = rows_of(1), 0
    for epochs in sorted({e for e, _, _ in BUDGETS}):
        budgets = [(m, i) for e, m, i in BUDGETS if e == epochs]
        schedules = {f"{m} {i}": Schedule(epochs, m, i, CHOICES[choice], share=share) for m, i in budgets}
        learner = learner_of(classifier(), schedules, params=params_of(share))
        initial = initial_of(learner)
        losses, norms, records = train(learner, epochs, rows)
        for (merges, injections), cell in zip(budgets, schedules, strict=True):
            literal = Reference(
                classifier(),
                CHOICES[choice],
                epochs,
                merges,
                injections,
                initial,
                share=share,
                scale=2.0,
                injected_scale=3.0,
            )
            want = literal.train([inputs_of(b) for b in batches(rows)], lr_list(0.02, epochs))
            assert events_of(records, cell) == want.events
            assert losses[cell] == pytest.approx(want.losses, abs=1e-9)
            assert norms[cell] == pytest.approx(want.norms, abs=1e-8)
            compared += 1
    assert compared == len(BUDGETS)


@pytest.mark.parametrize("padded", [True, False], ids=["module", "unpadded"])
@pytest.mark.parametrize("kind", ["roberta", "bert", "llama"])
def test_lora_on_the_bank_equals_peft(kind: str, padded: bool) -> None:
    """Every layer injected from the start, 50 steps, dropout off (module.eval)."""
    if kind == "llama" and not padded:
        pytest.skip("the unpadded encoder is for BERT and RoBERTa")
    module = classifier(kind, torch.float32)
    layers = module.config.num_hidden_layers
    names = ["q_proj", "v_proj"] if kind == "llama" else ["query", "value"]
    heads = {"roberta": ["classifier"], "bert": ["classifier", "pooler"], "llama": ["score"]}[kind]
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=2, lora_alpha=6, lora_dropout=0.0, target_modules=names, modules_to_save=heads
    )
    wrapped = get_peft_model(copy.deepcopy(module), config).eval()
    layout = Layout((), tuple(range(layers)))
    schedules = {"lora": Schedule(1, 0, 0, rules("intended"))}
    learner = learner_of(module, schedules, params=params_of(layout=layout, layers=layers), padded=padded)
    peft_names = dict(zip(("query", "value"), names, strict=True))
    parameters = {n: p for n, p in wrapped.named_parameters() if p.requires_grad}
    for place, tensor in learner.bank.tensors(0).items():
        _, layer, name, part = place.split(".")
        [key] = [n for n in parameters if f".{layer}." in n and f".{peft_names[name]}.lora_{part}." in n]
        with torch.no_grad():
            parameters[key].copy_(tensor)
    groups = [
        {"params": [p for n, p in parameters.items() if "lora_" in n], "head": False},
        {"params": [p for n, p in parameters.items() if "lora_" not in n], "head": True},
    ]
    adam, rows, epochs, want = torch.optim.AdamW(groups, weight_decay=0.01), rows_of(5), 10, []
    each = batches(rows) * epochs
    for batch, lr in zip(each, lr_list(2e-3, len(each)), strict=True):
        for group in adam.param_groups:
            group["lr"] = lr / 2 if group["head"] else lr
        adam.zero_grad()
        loss = wrapped(**inputs_of(batch)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        adam.step()
        want.append(loss.item())
    optimizer = LaneAdamW(learner.slots(), 1, weight_decay=0.01)
    losses, _, _ = train(learner, epochs, rows, 2e-3, optimizer=optimizer)
    assert losses["lora"] == pytest.approx(want, abs=1e-6)


def grid(epochs: int, share: bool = False) -> dict[str, Schedule]:
    rule = rules("intended")
    schedules = {f"{m} {i}": Schedule(epochs, m, i, rule, share=share) for m in range(3) for i in range(3)}
    return schedules | {"paper": Schedule(epochs, 2, 1, rules("paper"), share=share)}


#: Each pair of a number format, an encoder and a kind of A.
@pytest.mark.parametrize(
    ("number_format", "padded", "share"),
    [
        pytest.param("fp32", True, False, id="fp32-module-own A"),
        pytest.param("fp32", False, True, id="fp32-unpadded-shared A"),
        pytest.param("fp64", True, True, id="fp64-module-shared A"),
        pytest.param("fp64", False, False, id="fp64-unpadded-own A"),
        pytest.param("mixed", True, False, id="mixed-module-own A", marks=needs_bf16),
        pytest.param("mixed", False, True, id="mixed-unpadded-shared A", marks=needs_bf16),
    ],
)
def test_a_cell_alone_equals_the_cell_in_a_tree_of_lanes(number_format: str, padded: bool, share: bool) -> None:
    """Equal bits for a grid that begins in one lane and forks where decisions differ, with dropout everywhere."""
    dtype = torch.float64 if number_format == "fp64" else torch.float32
    precision = "mixed" if number_format == "mixed" else "fp32"
    epochs, rows = 4, rows_of()
    schedules = grid(epochs, share)
    whole = learner_of(
        classifier(dtype=dtype, dropout=0.2), schedules, [list(schedules)], params_of(share, 0.2), padded=padded
    )
    losses, norms, records = train(whole, epochs, rows, precision=precision)
    assert 4 < len(whole.lanes) <= len(schedules)
    for cell, schedule in schedules.items():
        alone = learner_of(
            classifier(dtype=dtype, dropout=0.2), {cell: schedule}, params=params_of(share, 0.2), padded=padded
        )
        own_losses, own_norms, own_records = train(alone, epochs, rows, precision=precision)
        assert losses[cell] == own_losses[cell]
        assert norms[cell] == own_norms[cell]
        assert events_of(records, cell) == events_of(own_records, cell)
        lane = next(i for i, lane in enumerate(whole.lanes) if cell in lane.cells)
        state, own = whole.tensors(lane), alone.tensors(0)
        assert state.keys() == own.keys()
        assert all(torch.equal(state[name], own[name]) for name in own)
        assert whole.trainable_parameters(lane) == alone.trainable_parameters(0)
    assert {cell for lane in whole.lanes for cell in lane.cells} == set(schedules)


def test_records_name_every_cell_once_and_say_what_it_would_alone() -> None:
    schedules = grid(8)
    learner = learner_of(classifier(), schedules, [list(schedules)])
    _, _, records = train(learner, 8, rows_of())
    for epoch in range(1, 9):
        cells = [cell for e, record in records if e == epoch for cell in record.cells]
        assert sorted(cells) == sorted(schedules)
    paper = [r for _, r in records if "paper" in r.cells]
    assert all(r.table is not None and r.table.score_name == "sfs" for r in paper)


@pytest.mark.parametrize("share", [False, True], ids=["own A", "shared A"])
def test_trainable_parameters_follow_the_formula(share: bool) -> None:
    """semantics.md section 8, with square projections: r = 4, r' = 2, d = 16, L = 7."""
    epochs, r, d = 8, 4, 16
    schedule = Schedule(epochs, 2, 6, rules("intended"), share=share)
    learner = learner_of(classifier(), {"cell": schedule}, params=params_of(share))
    count = r * d * (LAYERS + 1) if share else 2 * r * d * LAYERS
    assert learner.trainable_parameters(0)[0] == count
    _, _, records = train(learner, epochs, rows_of())
    kinds = []
    for _, record in records:
        assert record.table is not None
        assert record.table.trainable_parameters == count
        for change in record.changes:
            kinds.append(change.kind)
            if change.kind == "merge":
                count -= r * d if share else 2 * r * d
            else:
                count += (r * d if share else 0) + 0  # - 2 r d + 4 r' d, or - r d + 4 r' d
            assert change.trainable_parameters == count
    assert kinds.count("merge") == 2
    assert kinds.count("inject") >= 3
    layout = learner.bank.structures[0].layout
    assert sum(len(s) for s in layout.spans) + len(layout.injected) == LAYERS


def test_shared_a_goes_with_the_last_module() -> None:
    learner = learner_of(
        classifier(), {"cell": Schedule(8, 0, LAYERS, rules("intended"), share=True)}, params=params_of(True)
    )
    train(learner, 8, rows_of())
    assert learner.bank.structures[0].layout == Layout((), tuple(range(LAYERS)))
    assert learner.trainable_parameters(0)[0] == LAYERS * 4 * 2 * 16  # 4 r' d each; the shared A with r d is gone
    assert "lor2c.shared.A" not in learner.tensors(0)


def test_initial_values_have_no_history_and_their_bounds() -> None:
    schedules = {"cell": Schedule(4, 1, 1, rules("paper"))}
    one = initial_of(learner_of(classifier(), schedules))
    torch.manual_seed(99)
    two = initial_of(learner_of(classifier(), schedules, params=params_of()))
    for name, value in one.items():
        assert torch.equal(value, two[name])
        if name.endswith(".B"):
            assert not value.any()
        else:
            assert value.abs().max() <= 16**-0.5
            assert value.abs().max() > 0.8 * 16**-0.5
    assert len({tuple(v.flatten().tolist()) for n, v in one.items() if n.endswith(".A")}) == LAYERS * 3


def test_grouped_query_attention_has_its_real_shapes() -> None:
    module = classifier("llama")
    learner = learner_of(module, {"cell": Schedule(4, 0, 2, rules("paper"))}, params=params_of(layers=3), padded=True)
    a, b = (slot.tensor for slot in learner.bank.injected["value"])
    assert (a.shape, b.shape) == ((1, 3, 2, 16), (1, 3, 8, 2))
    before = learner.trainable_parameters(0)[0]
    train(learner, 4, rows_of())
    injected = len(learner.bank.structures[0].layout.injected)
    assert injected == 2
    per_injection = -2 * 4 * 16 + 2 * (16 + 16) + 2 * (16 + 8)
    assert learner.trainable_parameters(0)[0] == before + 2 * per_injection
