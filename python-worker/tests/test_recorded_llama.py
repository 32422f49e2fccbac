"""The published code's trajectory on a small Llama: a decoder, with gradient accumulation and merged spans."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
import torch
from loops import Causal
from recorded import FOLDER, GIVEN, arrays, load_initial
from transformers import LlamaConfig, LlamaForCausalLM

from lor2c_worker.adapters.bank import BankParams, Numbers, Structure
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.backbones.backbone import PROJECTIONS
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.data.batch import Batch
from lor2c_worker.methods.lor2c import build_learner
from lor2c_worker.objective import means
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.rules import resolve_rules
from lor2c_worker.schedule import Layout, Schedule, Span

LLAMA = FOLDER / "llama"
pytestmark = pytest.mark.skipif(
    GIVEN is None and not FOLDER.is_dir(),
    reason="the recorded trajectories are not beside this checkout (LOR2C_RECORDED names their folder)",
)

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


def micro_batch(stored: dict[str, torch.Tensor], number: int) -> Batch:
    ids = stored[f"micro{number:03d}.input_ids"]
    mask = stored[f"micro{number:03d}.attention_mask"]
    labels = stored[f"micro{number:03d}.labels"]
    return Batch(torch.arange(len(ids)), ids, mask, None, labels, int(mask.sum()))


def train(name: str, lanes: int, dtype: torch.dtype) -> tuple[BankLearner, list[list[float]], list[list[float]]]:
    """Losses and gradient norms per micro-step and lane."""
    want, stored = recording(name)
    learner = learner_of(name, lanes, dtype)
    optimizer = LaneAdamW(learner.slots(), lanes)
    losses, norms = [], []
    for u in range(want["optimizer_steps"]):
        per_step = want["n_micro_steps"] // want["optimizer_steps"]
        optimizer.zero_grad()
        for part in range(per_step):
            batch = micro_batch(stored, u * per_step + part)
            loss = means(Causal(), learner.forward(batch, u), batch.labels) / per_step
            loss.sum().backward()
            losses.append(loss.tolist())
        lr = want["lr_seen_at_micro_step"][u * per_step]
        assert lr == pytest.approx(3e-5 * u, abs=1e-12)
        norms.append(optimizer.step(lr, lr).tolist())
        learner.end_step(u + 1, (u + 1) / want["optimizer_steps"] * want["hyper_parameters"]["epochs"], optimizer)
    return learner, losses, norms


def test_there_is_a_trajectory() -> None:
    assert TRAJECTORIES, f"{LLAMA} has no trajectory: nothing would be compared"


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("name", TRAJECTORIES)
def test_trajectory(name: str, lanes: int) -> None:
    want, stored = recording(name)
    learner, losses, norms = train(name, lanes, torch.float32)
    for lane in range(lanes):
        assert [row[lane] for row in losses] == pytest.approx(want["micro_loss_divided_by_accumulation"], abs=1e-5)
        after_step = want["grad_norm_after_micro_step"][1::2]
        assert [row[lane] for row in norms] == pytest.approx(after_step, abs=5e-4)
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
        for projection, word in zip(PROJECTIONS, ("q_proj", "v_proj"), strict=True):
            learner.bank.modules()[f"injected.5.{projection}.B"].copy_(stored[f"probe.layer5.{word}.lora_B"])
    for lane, (merged, injected) in enumerate(PROBES.values()):
        covered = {layer for s in merged for layer in range(s.start, s.end + 1)} | set(injected)
        single = [Span(i, i) for i in range(learner.backbone.layers) if i not in covered]
        learner.bank.set_structure(lane, Structure(Layout(tuple(sorted([*merged, *single])), tuple(injected))))
    batch = micro_batch(stored, 0)
    with torch.no_grad():
        logits = learner.forward(batch, None)
    losses = means(Causal(), logits, batch.labels)
    assert set(PROBES) == set(want["probe_loss"])
    for lane, probe in enumerate(PROBES):
        assert torch.allclose(logits[lane], stored[f"probe.logits_{probe}"], rtol=0, atol=3e-5), probe
        assert losses[lane].item() == pytest.approx(want["probe_loss"][probe], abs=1e-5)
