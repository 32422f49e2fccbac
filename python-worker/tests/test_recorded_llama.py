"""The published code's trajectory on a small Llama: a decoder, with gradient accumulation and merged spans."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from loops import CPU, SETTINGS, Given, Seen, training_of
from recorded import FOLDER, GIVEN, arrays, load_initial
from transformers import LlamaConfig, LlamaForCausalLM

from lor2c_worker.adapters.bank import BankParams, Numbers, Structure
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.adapters.injection import QUERY_AND_VALUE
from lor2c_worker.backbones.heads import LanguageModelHead
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.data.batch import Batch
from lor2c_worker.evaluation.choose import Judge
from lor2c_worker.evaluation.language import LanguageEvaluation
from lor2c_worker.methods.lanes import build_learner
from lor2c_worker.objective import LanguageModel, means
from lor2c_worker.rules import resolve_rules
from lor2c_worker.run.loop import train
from lor2c_worker.run.moments import Moments
from lor2c_worker.schedule import Layout, Schedule, Span

LLAMA = FOLDER / "llama"
pytestmark = pytest.mark.skipif(
    GIVEN is None and not FOLDER.is_dir(),
    reason="the recorded trajectories are not beside this checkout (LOR2C_RECORDED names their folder)",
)

#: Steps in which the recorded learning rate rises: more than there are.
WARMUP = 100
TRAJECTORIES = sorted(path.stem for path in LLAMA.glob("*.json"))
#: Structures of the probes, by their name in the recording: live spans beside those of one layer, injected layers.
PROBES = {
    "all_live": ([], []),
    "merged_2_3": ([Span(1, 2)], []),
    "merged_2_3_4": ([Span(1, 3)], []),
    "merged_2_3_4_injected_6": ([Span(1, 3)], [5]),
}


@cache
def recording(name: str) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    return json.loads((LLAMA / f"{name}.json").read_text()), arrays(LLAMA / f"{name}.npz")


def learner_of(name: str, lanes: int, dtype: torch.dtype) -> BankLearner:
    want, _ = recording(name)
    h, weights = want["hyper_parameters"], arrays(LLAMA / "init.npz")
    module = LlamaForCausalLM(LlamaConfig(**want["model_config"]))
    module.load_state_dict({key: weights[key] for key in module.state_dict()})
    module.to(dtype).eval()
    layers = module.config.num_hidden_layers
    params = BankParams(
        rank=h["lor2c_r"],
        injected_rank=h["lora_r"],
        share=False,
        layout=Layout.initial(layers),
        may_inject=True,
    )
    rules = resolve_rules({"preset": "intended", "weight_decay": 0.0})
    cells = [f"cell {i}" for i in range(lanes)]
    schedules = {cell: Schedule(h["epochs"], 0, 0, rules, causal=True) for cell in cells}
    numbers = [Numbers(0, h["lor2c_alpha"], 0.0, h["lora_alpha"], h["lora_dropout"])] * lanes
    learner = build_learner(module, params, schedules, [[c] for c in cells], numbers, backbone=HfBackbone(module))
    load_initial(learner, weights, "model.layers.{}.self_attn.{}", {"query": "q_proj", "value": "v_proj"})
    return learner


class MicroLosses(LanguageModel):
    """Keeps the mean loss of each micro-batch that is trained on, [K]."""

    def __init__(self) -> None:
        self.losses: list[torch.Tensor] = []

    def sums(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        sums = super().sums(outputs, labels)
        if sums.requires_grad:
            self.losses.append((sums / self.weight(labels)).detach())
        return sums


def rows_of(name: str) -> Given:
    """The rows of all micro-batches, one after the other."""
    want, stored = recording(name)
    parts = ("input_ids", "attention_mask", "labels")
    return Given(*(torch.cat([stored[f"micro{i:03d}.{p}"] for i in range(want["n_micro_steps"])]) for p in parts))


def trained(name: str, lanes: int, dtype: torch.dtype) -> tuple[BankLearner, Seen, MicroLosses]:
    """Train lanes with the worker's loop, each on the recorded micro-batches."""
    want, h = recording(name)[0], recording(name)[0]["hyper_parameters"]
    learner, seen, objective, rows = learner_of(name, lanes, dtype), Seen(), MicroLosses(), rows_of(name)
    settings = replace(
        SETTINGS,
        num_train_epochs=h["epochs"],
        batch_size=h["micro"],
        gradient_accumulation_steps=h["batch"] // h["micro"],
        learning_rate=h["lr"],
        warmup_steps=WARMUP,
        weight_decay=0.0,
    )
    micro = [range(first, first + h["micro"]) for first in range(0, len(rows), h["micro"])]
    per_epoch = len(micro) // h["epochs"]
    evaluated = Given(rows.input_ids[:4], rows.attention_mask[:4], rows.labels[:4])
    training = training_of(
        learner,
        rows,
        seen,
        settings,
        objective=objective,
        order=lambda seed, epoch: micro[(epoch - 1) * per_epoch : epoch * per_epoch],
        moments=Moments.of(h["n"], settings),
        judge=Judge(LanguageEvaluation(evaluated, h["micro"], CPU, ("loss",), "loss"), "loss"),
    )
    assert train(training).step == want["optimizer_steps"]
    return learner, seen, objective


def logits_of(learner: BankLearner, batch: Batch) -> torch.Tensor:
    """Of all tokens, [K, B, T, V]; a learner computes losses of targets only."""
    backbone, lanes = learner.backbone, len(learner.lanes)
    layout = backbone.layout(batch)
    hidden = backbone.forward(batch, layout, lanes, learner.bank.begin(None), None)
    assert isinstance(learner.head, LanguageModelHead)
    whole = learner.head._project(hidden).unflatten(1, (len(batch.rows), -1))
    return whole[:, :, : batch.input_ids.shape[1]]


def test_there_is_a_trajectory() -> None:
    assert TRAJECTORIES, f"{LLAMA} has no trajectory: nothing would be compared"


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("name", TRAJECTORIES)
def test_trajectory(name: str, lanes: int) -> None:
    want, stored = recording(name)
    learner, seen, micro = trained(name, lanes, torch.float32)
    parts = want["n_micro_steps"] // want["optimizer_steps"]
    want_losses = want["micro_loss_divided_by_accumulation"]
    for lane in range(lanes):
        cell = f"cell {lane}"
        assert [float(losses[lane]) / parts for losses in micro.losses] == pytest.approx(want_losses, abs=1e-5)
        whole = [sum(want_losses[i : i + parts]) for i in range(0, len(want_losses), parts)]
        assert seen.values("train", "loss", cell) == pytest.approx(whole, abs=2e-5)
        rates = want["lr_seen_at_micro_step"][::parts]
        assert seen.values("train", "learning_rate", cell) == pytest.approx(rates, abs=1e-12)
        after_step = want["grad_norm_after_micro_step"][parts - 1 :: parts]
        assert seen.values("train", "grad_norm", cell) == pytest.approx(after_step, abs=5e-4)
        assert len(seen.values("eval", "loss", cell)) == want["hyper_parameters"]["epochs"]
        final = {key.removeprefix("final."): value for key, value in stored.items() if key.startswith("final.")}
        state = {name: tensor[lane] for name, tensor in learner.bank.modules().items()}
        compared = 0
        for key, value in final.items():
            assert torch.allclose(state[own_name(key)], value, rtol=0, atol=3e-5), key
            compared += 1
        assert compared == len(final) > 0


def own_name(key: str) -> str:
    """The bank's name of a recorded array."""
    words = key.split(".")
    if words[0] == "lor2c":
        return f"lor2c.{int(words[1].removeprefix('floor')) - 1}.{words[2]}"
    projection = {"q_proj": "query", "v_proj": "value"}[words[4]]
    return f"injected.{words[2]}.{projection}.{words[5].removeprefix('lora_')}"


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_probes(name: str) -> None:
    """All recorded structures at once, each in its own lane, with the end weights."""
    want, stored = recording(name)
    learner = learner_of(name, len(PROBES), torch.float32)
    with torch.no_grad():
        for key, value in stored.items():
            if key.startswith("final."):
                learner.bank.modules()[own_name(key.removeprefix("final."))].copy_(value)
        for projection, word in zip(QUERY_AND_VALUE.projections, ("q_proj", "v_proj"), strict=True):
            learner.bank.modules()[f"injected.5.{projection}.B"].copy_(stored[f"probe.layer5.{word}.lora_B"])
    for lane, (merged, injected) in enumerate(PROBES.values()):
        covered = {layer for s in merged for layer in range(s.start, s.end + 1)} | set(injected)
        single = [Span(i, i) for i in range(learner.backbone.layers) if i not in covered]
        learner.bank.set_structure(lane, Structure(Layout(tuple(sorted([*merged, *single])), tuple(injected))))
    batch = rows_of(name).batch(range(4), CPU)
    with torch.no_grad():
        losses = means(LanguageModel(), learner.forward(batch, None), batch.labels)
        logits = logits_of(learner, batch)
    assert set(PROBES) == set(want["probe_loss"])
    for lane, probe in enumerate(PROBES):
        assert torch.allclose(logits[lane], stored[f"probe.logits_{probe}"], rtol=0, atol=3e-5), probe
        assert losses[lane].item() == pytest.approx(want["probe_loss"][probe], abs=1e-5)
