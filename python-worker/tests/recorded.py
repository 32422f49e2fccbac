"""Reads trajectories of the published code (recorded behaviour) and replays them on the engine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import RobertaConfig, RobertaForSequenceClassification

from lor2c_worker.adapters.bank import BankParams, Numbers
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.backbones.backbone import Backbone
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.backbones.unpadded import UnpaddedEncoder
from lor2c_worker.data.batch import Batch
from lor2c_worker.learner import Change, EpochRecord
from lor2c_worker.methods.lor2c import build_learner
from lor2c_worker.objective import Classify, means
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.optim.linear_schedule import LinearSchedule
from lor2c_worker.rules import resolve_rules
from lor2c_worker.schedule import Layout, Schedule

#: The folder of trajectories: LOR2C_RECORDED (relative to where pytest runs), else beside the checkout.
GIVEN = os.environ.get("LOR2C_RECORDED")
FOLDER = Path(GIVEN) if GIVEN else Path(__file__).parents[3] / "shared" / "recorded"

BACKBONES: dict[str, Callable[[nn.Module], Backbone]] = {
    "module": lambda module: HfBackbone(module),
    "unpadded": UnpaddedEncoder,
}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def arrays(path: Path) -> dict[str, torch.Tensor]:
    with np.load(path) as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored.files}


@dataclass(frozen=True)
class Scenario:
    """One recorded run. `path` is its .json; the .npz beside it holds its arrays."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def json(self) -> dict[str, Any]:
        return _read(self.path)

    @cached_property
    def arrays(self) -> dict[str, torch.Tensor]:
        return arrays(self.path.with_suffix(".npz"))

    @property
    def settings(self) -> dict[str, Any]:
        return self.json["scenario"]

    @property
    def epochs(self) -> int:
        return int(self.settings["epochs"])

    @property
    def share(self) -> bool:
        return "share" in self.settings["method"]

    @property
    def plain_lora(self) -> bool:
        return self.settings["method"] == "lora"

    @property
    def stack(self) -> tuple[object, ...]:
        """Scenarios with equal values can train as lanes of one stack: they have equal steps and kinds of tensors."""
        return (self.epochs, self.share, self.plain_lora)

    def schedule(self) -> Schedule:
        """The published selection rules: `intended` by the name's prefix, else `official` (README of the folder)."""
        k = int(self.settings["sfs_k"])
        preset = "intended" if self.name.startswith("intended_") else "official"
        score = {"score": "top_share", "score_k": k} if k > 0 else {"score": "mean_singular_value"}
        rules = resolve_rules({"preset": preset, **score})
        merges, injections = int(self.settings["M"]), int(self.settings["I"])
        return Schedule(self.epochs, merges, injections, rules, share=self.share)


def common() -> dict[str, Any]:
    return _read(FOLDER / "glue" / "common.json")


def glue_scenarios() -> list[Scenario]:
    return [Scenario(p) for p in sorted((FOLDER / "glue").glob("*.json")) if p.name != "common.json"]


def module_name(start: int, end: int) -> str:
    """`floor4+floor5` for the module that spans layers 3 to 4."""
    return "+".join(f"floor{layer + 1}" for layer in range(start, end + 1))


def glue_module(dtype: torch.dtype) -> nn.Module:
    """The recorded classifier with its initial weights."""
    module = RobertaForSequenceClassification(RobertaConfig(**common()["model_config"]))
    weights = arrays(FOLDER / "glue" / "init.npz")
    own = module.state_dict()
    module.load_state_dict({name: weights[name] for name in own})
    return module.to(dtype).eval()


def glue_learner(scenarios: Sequence[Scenario], dtype: torch.dtype, backbone: str) -> BankLearner:
    """One lane per scenario, with the recorded initial values. All scenarios have the same `stack`."""
    h, module = common()["hyper_parameters"], glue_module(dtype)
    layers = module.config.num_hidden_layers
    one = scenarios[0]
    params = BankParams(
        rank=h["lor2c_r"],
        injected_rank=h["lora_r"],
        share=one.share,
        layout=Layout((), tuple(range(layers))) if one.plain_lora else Layout.initial(layers),
        may_inject=True,  # so that injected LoRA that must not train can be compared too
    )
    schedules = {s.name: s.schedule() for s in scenarios}
    groups = [[s.name] for s in scenarios]
    numbers = Numbers(0, h["lor2c_alpha"], h["lor2c_dropout"], h["lora_alpha"], h["lora_dropout"])
    own = BACKBONES[backbone](module)
    learner = build_learner(module, params, schedules, groups, [numbers] * len(groups), backbone=own)
    load_initial(learner, arrays(FOLDER / "glue" / "init.npz"), "roberta.encoder.layer.{}.attention.self.{}")
    return learner


def load_initial(
    learner: BankLearner, weights: dict[str, torch.Tensor], projection: str, names: dict[str, str] | None = None
) -> None:
    """Put the recorded adapters into every lane.

    `projection`: path of a projection, to fill with layer and name; `names`: their names if they differ from ours.
    """
    for name, tensor in learner.bank.modules().items():
        kind, *place, part = name.split(".")
        if kind == "injected":
            layer, own = place
            source = f"{projection.format(layer, (names or {}).get(own, own))}.lora_{part}"
        else:
            source = f"lor2c.shared.{part}" if place == ["shared"] else f"lor2c.floor{int(place[0]) + 1}.{part}"
        with torch.no_grad():
            tensor.copy_(weights[source])


def batch_of(data: dict[str, torch.Tensor], split: str, rows: slice) -> Batch:
    mask = data[f"{split}_attention_mask"][rows]
    width = int(mask.sum(1).max())  # cut columns of padding only: here nothing pads to a fixed length
    return Batch(
        rows=torch.arange(len(data[f"{split}_labels"]))[rows],
        input_ids=data[f"{split}_input_ids"][rows][:, :width],
        attention_mask=mask[:, :width],
        token_type_ids=None,
        labels=data[f"{split}_labels"][rows],
        tokens=int(mask.sum()),
    )


@dataclass
class EpochSeen:
    """One epoch end of a lane: its state before the decisions, the decisions, and its state after them."""

    before: dict[str, tuple[torch.Tensor, torch.Tensor]]
    spans_before: dict[str, list[int]]
    scores: dict[str, float]
    changes: list[Change]
    spans_after: dict[str, list[int]]
    frozen_after: list[str]
    parameters: tuple[int, int]
    logits: torch.Tensor
    eval_loss: float


@dataclass
class Replay:
    """Values of one lane to compare with the recording."""

    losses: list[float]
    norms: list[float]
    rates: list[tuple[float, float]]
    epochs: list[EpochSeen]
    final: dict[str, tuple[torch.Tensor, torch.Tensor]]
    injected: dict[tuple[int, str, str], torch.Tensor]
    head: dict[str, torch.Tensor]


def replay(learner: BankLearner, optimizer: LaneAdamW, epochs: int) -> list[Replay]:
    """Train all lanes over the recorded batches. Scenario i is always lane i, since each lane has one cell."""
    h, data = common()["hyper_parameters"], arrays(FOLDER / "glue" / "data.npz")
    per_epoch = h["n_train"] // h["batch"]
    rate = LinearSchedule(epochs * per_epoch, h["warmup_ratio"])
    out = [Replay([], [], [], [], {}, {}, {}) for _ in learner.lanes]
    step = 0
    for epoch in range(1, epochs + 1):
        for i in range(per_epoch):
            batch = batch_of(data, "train", slice(i * h["batch"], (i + 1) * h["batch"]))
            optimizer.zero_grad()
            losses = means(Classify(), learner.forward(batch, step), batch.labels)
            losses.sum().backward()
            rates = h["lr"] * rate.factor(step), h["lr"] / 2 * rate.factor(step)
            norms = optimizer.step(*rates)
            step += 1
            learner.end_step(step, step / per_epoch, optimizer)
            for lane, seen in enumerate(out):
                seen.losses.append(losses[lane].item())
                seen.norms.append(norms[lane].item())
                seen.rates.append(rates)
        before = [(_modules(learner, lane), _spans(learner, lane)) for lane in range(len(out))]
        records = learner.end_epoch(epoch, step, optimizer)
        batch = batch_of(data, "eval", slice(None))
        with torch.no_grad():
            logits = learner.forward(batch, None)
        eval_losses = means(Classify(), logits, batch.labels).tolist()
        for lane, seen in enumerate(out):
            record = _record_of(records, lane)
            seen.epochs.append(
                EpochSeen(
                    before=before[lane][0],
                    spans_before=before[lane][1],
                    scores=_table(record),
                    changes=record.changes,
                    spans_after=_spans(learner, lane),
                    frozen_after=_frozen(learner, lane),
                    parameters=learner.trainable_parameters(lane),
                    logits=logits[lane].clone(),
                    eval_loss=eval_losses[lane],
                )
            )
    for lane, seen in enumerate(out):
        seen.final = _modules(learner, lane)
        seen.head = {slot.name: slot.tensor[lane].detach() for slot in learner.head.slots()}
        for place, tensor in learner.bank.modules().items():
            if place.startswith("injected."):
                _, layer, name, part = place.split(".")
                seen.injected[int(layer), name, part] = tensor[lane].detach()
    return out


def _record_of(records: list[EpochRecord], lane: int) -> EpochRecord:
    [record] = [r for r in records if r.lane == lane]
    return record


def _table(record: EpochRecord) -> dict[str, float]:
    assert record.table is not None
    return {module_name(m.span_start, m.span_end): m.score for m in record.table.modules if m.score is not None}


def _spans(learner: BankLearner, lane: int) -> dict[str, list[int]]:
    spans = learner.bank.structures[lane].layout.spans
    return {module_name(s.start, s.end): [s.start, s.end] for s in spans}


def _frozen(learner: BankLearner, lane: int) -> list[str]:
    structure = learner.bank.structures[lane]
    return [module_name(s.start, s.end) for s in structure.layout.spans if s.start in structure.frozen]


def _modules(learner: BankLearner, lane: int) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    own = learner.bank.tensors(lane)

    def pair(start: int) -> tuple[torch.Tensor, torch.Tensor]:
        a = own["lor2c.shared.A"] if learner.bank.params.share else own[f"lor2c.{start}.A"]
        return a.detach().clone(), own[f"lor2c.{start}.B"].detach().clone()

    return {module_name(s.start, s.end): pair(s.start) for s in learner.bank.structures[lane].layout.spans}
