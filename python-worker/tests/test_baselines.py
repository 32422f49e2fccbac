"""What AdaLoRA, PiSSA and peft's methods promise beyond the common suite, and their messages when they do nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from peft import LoraConfig
from test_methods import CPU, fresh, run
from test_train import rows

from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.methods import METHODS, Cell, Horizon, count, parse_params
from lor2c_worker.methods.adalora import AdaLoraLearner, AdaLoraParams
from lor2c_worker.methods.pissa import Pissa, factors
from lor2c_worker.models import empty_model
from lor2c_worker.settings import ModelSettings, SettingsError

EPOCHS = 8
STEPS = EPOCHS * 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("baselines") / "model", "roberta")


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(32), tiny.tokenizer(), "classify", 32)


def build(folder: Path, name: str, values: dict[str, Any], steps: int = STEPS) -> tuple[Any, Cell]:
    cell = Cell("c", parse_params(METHODS[name], values), 3)
    return METHODS[name].build(fresh(folder), [cell], horizon=Horizon(EPOCHS, steps, 4)), cell


def test_adaloras_penalty_is_what_peft_adds_to_its_own_loss(folder: Path, data: Encoded) -> None:
    learner, _ = build(folder, "adalora", {"init_rank": 4, "target_rank": 2, "orth_reg_weight": 0.3})
    batch = data.batch(range(8), CPU)
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    out = learner.module(**inputs, labels=batch.labels)
    task = torch.nn.functional.cross_entropy(learner.module(**inputs).logits, batch.labels)
    penalty = learner.penalty()
    assert float(penalty) == pytest.approx(float(out.loss - task), abs=1e-5)
    assert float(penalty) > 0.1
    penalty.sum().backward()
    grads = {s.name: s.tensor.grad for s in learner.slots() if ".lora_" in s.name}
    assert all((grad is None) == (".lora_E." in name) for name, grad in grads.items())
    without, _ = build(folder, "adalora", {"init_rank": 4, "target_rank": 2, "orth_reg_weight": 0.0})
    assert without.penalty() is None


def test_the_loop_adds_the_penalty(folder: Path, data: Encoded) -> None:
    def distance(weight: float) -> float:
        learner, _ = build(folder, "adalora", {"init_rank": 4, "target_rank": 2, "orth_reg_weight": weight})
        run(learner, data, epochs=EPOCHS)
        factors_of_a = [s.tensor for s in learner.slots() if ".lora_A." in s.name]
        return float(torch.stack([torch.linalg.matrix_norm(a @ a.T - torch.eye(4)) for a in factors_of_a]).mean())

    assert distance(1.0) < 0.9 * distance(0.0)


def test_adalora_ends_with_the_target_budget_and_says_where_it_went(folder: Path, data: Encoded) -> None:
    learner, cell = build(folder, "adalora", {"init_rank": 4, "target_rank": 2})
    assert isinstance(learner, AdaLoraLearner)
    _, records = run(learner, data, epochs=EPOCHS)
    ranks = learner.ranks()
    assert set(ranks) == {f"roberta.encoder.layer.{i}.attention.self.{p}" for i in range(3) for p in ("query", "value")}
    assert sum(ranks.values()) == 2 * len(ranks)
    live = {s.name: int((s.tensor != 0).sum()) for s in learner.slots() if ".lora_E." in s.name}
    assert list(live.values()) == list(ranks.values())
    tables = [record.ranks for record in records if record.ranks is not None]
    assert [table.epoch for table in tables] == list(range(1, EPOCHS + 1))
    assert {m.rank for m in tables[0].modules} == {4}  # the budget shrinks after 15 % of the steps
    assert {m.module: m.rank for m in tables[-1].modules} == ranks
    sums = [sum(m.rank for m in table.modules) for table in tables]
    assert sums == sorted(sums, reverse=True)
    assert METHODS["adalora"].check(learner, cell) == []


def test_adalora_that_never_allocates_is_found_out(folder: Path, data: Encoded) -> None:
    learner, cell = build(folder, "adalora", {"init_rank": 4, "target_rank": 2}, steps=1000)
    run(learner, data, epochs=EPOCHS)
    assert METHODS["adalora"].check(learner, cell) == [
        "no rank was ever allocated: all projections kept their initial rank"
    ]


def test_adalora_that_is_cut_off_before_its_target_is_found_out(folder: Path, data: Encoded) -> None:
    learner, cell = build(folder, "adalora", {"init_rank": 8, "target_rank": 1, "tinit": 4}, steps=2 * STEPS)
    run(learner, data, epochs=EPOCHS)
    (reason,) = METHODS["adalora"].check(learner, cell)
    assert reason.endswith("of 48 triplets are in use, the target is 6")


def test_times_of_adalora_follow_the_run_unless_given() -> None:
    assert AdaLoraParams().times(1000) == (150, 300, 2)
    assert AdaLoraParams().times(20) == (3, 6, 1)
    assert AdaLoraParams().times(1) == (0, 0, 1)
    assert AdaLoraParams(tinit=5, tfinal=7, delta_t=3).times(1000) == (5, 7, 3)
    with pytest.raises(SettingsError, match=r"tinit 5 \+ tfinal 7 leave no step"):
        AdaLoraParams(tinit=5, tfinal=7).times(12)
    with pytest.raises(SettingsError, match="target_rank 8 must be below init_rank 8"):
        parse_params(METHODS["adalora"], {"init_rank": 8})


def test_pissa_starts_at_the_weights_from_their_top_triplets(folder: Path) -> None:
    before = {n: p.detach().clone() for n, p in fresh(folder).module.named_parameters()}
    learner, _ = build(folder, "pissa", {"rank": 4, "alpha": 8.0})
    found = factors(learner.module)
    assert len(found) == 6
    for name, layer, a, b in found:
        weight = before[name.removeprefix("base_model.model.") + ".weight"]
        residual = layer.get_base_layer().weight
        assert torch.allclose(residual + 2.0 * b.weight @ a.weight, weight, atol=1e-5)
        values = torch.linalg.svdvals(weight)
        assert torch.allclose(torch.linalg.svdvals(2.0 * b.weight @ a.weight)[:4], values[:4], atol=1e-5)
        assert torch.allclose(torch.linalg.svdvals(residual)[:12], values[4:], atol=1e-5)


def test_pissa_that_starts_as_plain_lora_is_found_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Pissa.config

    def plain(self: Pissa, *args: Any, initialise: bool) -> LoraConfig:
        config = made(self, *args, initialise=initialise)
        config.init_lora_weights = True
        return config

    monkeypatch.setattr(Pissa, "config", plain)
    learner, cell = build(folder, "pissa", {"rank": 4})
    reasons = METHODS["pissa"].check(learner, cell)
    assert len(reasons) == 6
    assert all("default initialisation" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"type": "VERRA"}, "unknown type 'VERRA'; did you mean VERA"),
        ({"type": "nonsense"}, "known are BEFT, .*LORA.*VERA"),
        ({"type": "VERA", "config": {"d_inital": 0.1}}, "VERA has no key 'd_inital'; did you mean d_initial"),
        ({"type": "LORA", "config": {"task_type": "SEQ_CLS"}}, "task_type of the config follows from the run"),
        ({"type": "LOHA", "config": {"rank_dropout": 0.1}}, "rank_dropout draws from a global generator"),
        ({"type": "LORA", "config": {"init_lora_weights": "olora"}}, "changes the base weights or needs data"),
        ({"type": "LORA", "config": {"init_lora_weights": "pissa_niter_4"}}, "changes the base weights or needs data"),
        ({"type": "LORA", "config": {"init_lora_weights": 3}}, "is 3, expected 'gaussian'.*or true or false"),
        ({"type": "LORA", "config": {"r": "abc"}}, "r of LORA is 'abc', expected a whole number"),
        ({"type": "LORA", "config": {"r": 4.5}}, "r of LORA is 4.5, expected a whole number"),
        ({"type": "LORA", "config": {"lora_alpha": "x"}}, "lora_alpha of LORA is 'x', expected a number"),
        ({"type": "VERA", "config": {"vera_dropout": [0.1]}}, r"vera_dropout of VERA is \[0.1\], expected a number"),
        ({"type": "LORA", "config": {"target_modules": 3}}, "is 3, expected a list or a text or null"),
        ({"type": "LORA", "config": {"target_modules": ["query", 3]}}, r"'query', 3\], expected a text instead of 3"),
        ({"type": "LORA", "config": {"bias": 1}}, "bias of LORA is 1, expected 'none', 'all' or 'lora_only'"),
        ({"type": "LORA", "config": {"bias": "some"}}, "bias of LORA is 'some', expected 'none', 'all' or 'lora_only'"),
        ({"type": "LORA", "config": {"use_rslora": "yes"}}, "use_rslora of LORA is 'yes', expected true or false"),
        ({"type": "LORA", "config": {"use_rslora": 1}}, "use_rslora of LORA is 1, expected true or false"),
        ({"type": "LORA", "config": {"alpha_pattern": [4]}}, r"is \[4\], expected a mapping or null"),
        ({"type": "OSF", "config": {"rank_pattern": {"q": "x"}}}, "'q': 'x'}, expected a number instead of 'x'"),
        (
            {"type": "LORA", "config": {"layer_replication": [[0, 1], [2]]}},
            "expected all of its parts",
        ),
        ({"type": "PREFIX_TUNING"}, "PREFIX_TUNING needs num_virtual_tokens, a whole number from 1"),
        ({"type": "PROMPT_TUNING", "config": {"num_virtual_tokens": 0}}, "needs num_virtual_tokens"),
        ({"type": "P_TUNING", "config": {"encoder_dropout": 0.1}}, "encoder_dropout draws from a global generator"),
        ({"type": "PREFIX_TUNING", "config": {"num_layers": 2}}, "num_layers of the config follows from the run"),
        ({"type": "MULTITASK_PROMPT_TUNING"}, "does not fit: its virtual tokens need more than the text of a row"),
        ({"type": "PVERA"}, "does not fit: it draws noise from a global generator"),
        ({"type": "ADALORA"}, "does not fit: it needs calls between the steps"),
        ({"type": "LOR2C"}, "does not fit: it has a method of its own here"),
    ],
)
def test_what_peft_does_not_have_is_refused_with_a_hint(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_params(METHODS["peft"], values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"type": "LORA", "config": {"target_modules": ["nowhere"]}}, "cannot be put on this model: .*target_modules"),
        ({"type": "LORA", "config": {"r": -1}}, "LORA cannot be put on this model: .*positive"),
    ],
)
def test_what_does_not_fit_the_model_is_found_before_it_is_loaded(
    folder: Path, values: dict[str, Any], message: str
) -> None:
    empty = empty_model(ModelSettings(str(folder)), 2, "classify")
    with pytest.raises(SettingsError, match=message):
        count(METHODS["peft"], empty, parse_params(METHODS["peft"], values))


def test_a_type_that_reads_the_weights_is_counted_all_the_same(folder: Path) -> None:
    values = {"type": "BOFT", "config": {"boft_block_size": 4}}
    learner, cell = build(folder, "peft", values)
    empty = empty_model(ModelSettings(str(folder)), 2, "classify")
    assert count(METHODS["peft"], empty, cell.params) == learner.trainable_parameters(0)[0]


def test_pefts_draws_come_from_the_runs_seed_and_disturb_nobody(folder: Path) -> None:
    torch.manual_seed(11)
    expected = torch.rand(3)
    cell, model = Cell("c", parse_params(METHODS["peft"], {"type": "LOHA"}), 3), fresh(folder)
    torch.manual_seed(11)
    first = METHODS["peft"].build(model, [cell], horizon=Horizon(1, 1, 1))
    assert torch.equal(torch.rand(3), expected)
    again, _ = build(folder, "peft", {"type": "LOHA"})
    for one, other in zip(first.slots(), again.slots(), strict=True):
        assert torch.equal(one.tensor, other.tensor)
