"""Reads trajectories of the published code (recorded behaviour) and replays them on the engine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from loops import CPU, SETTINGS, Given, Kept, Noting, Seen, in_order, training_of
from torch import nn
from transformers import RobertaConfig, RobertaForSequenceClassification

from lor2c_worker.adapters.bank import BankParams, Numbers
from lor2c_worker.adapters.bank_learner import BankLearner
from lor2c_worker.backbones.backbone import Backbone
from lor2c_worker.backbones.hf_backbone import HfBackbone
from lor2c_worker.backbones.unpadded import UnpaddedEncoder
from lor2c_worker.evaluation.choose import Judge
from lor2c_worker.evaluation.evaluate import RowEvaluation
from lor2c_worker.learner import Change, EpochRecord, Learner
from lor2c_worker.methods.lanes import build_learner
from lor2c_worker.objective import Classify
from lor2c_worker.rules import resolve_rules
from lor2c_worker.run.loop import train
from lor2c_worker.run.loop_state import LoopState
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


def glue_rows(split: str) -> Given:
    data = arrays(FOLDER / "glue" / "data.npz")
    return Given(*(data[f"{split}_{name}"] for name in ("input_ids", "attention_mask", "labels")))


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


def replay(learner: BankLearner, epochs: int) -> list[Replay]:
    """Train all lanes with the worker's loop over the recorded batches. Scenario i is always lane i, since each lane
    has one cell."""
    h, rows, seen = common()["hyper_parameters"], glue_rows("train"), Seen()
    settings = replace(
        SETTINGS,
        num_train_epochs=epochs,
        batch_size=h["batch"],
        learning_rate=h["lr"],
        warmup_ratio=h["warmup_ratio"],
        weight_decay=h["weight_decay_arg"],  # the script's own argument, which the rules must replace
    )
    optimizer = Noting(learner.slots(), len(learner.lanes), weight_decay=settings.weight_decay)
    judged = Kept(RowEvaluation(glue_rows("eval"), settings.eval_batch_size, CPU, Classify(), (), "loss"))
    before: list[list[_Before]] = []
    after: list[list[_After]] = []

    def progress(learner: Learner, state: LoopState, phase: str, losses: torch.Tensor | None) -> None:
        """Called after each step, before its decisions, and before each evaluation, after the decisions."""
        assert isinstance(learner, BankLearner)
        lanes = range(len(learner.lanes))
        if phase == "evaluate":
            spans = [(_spans(learner, lane), _frozen(learner, lane)) for lane in lanes]
            after.append([(*own, learner.trainable_parameters(lane)) for lane, own in enumerate(spans)])
        elif training.moments.after(state.step).decide:
            before.append([(_modules(learner, lane), _spans(learner, lane)) for lane in lanes])

    training = training_of(
        learner,
        rows,
        seen,
        settings,
        optimizer=optimizer,
        judge=Judge(judged, "loss"),
        order=in_order(len(rows), h["batch"]),
        report=replace(seen.report(), progress=progress),
    )
    assert train(training).step == epochs * h["n_train"] // h["batch"]
    return [_replayed(learner, lane, seen, optimizer, before, after, judged) for lane in range(len(learner.lanes))]


#: Modules and spans of a lane before the decisions of an epoch's end; spans, frozen modules and parameters after them.
_Before = tuple[dict[str, tuple[torch.Tensor, torch.Tensor]], dict[str, list[int]]]
_After = tuple[dict[str, list[int]], list[str], tuple[int, int]]


def _replayed(
    learner: BankLearner,
    lane: int,
    seen: Seen,
    optimizer: Noting,
    before: list[list[_Before]],
    after: list[list[_After]],
    judged: Kept,
) -> Replay:
    [cell] = learner.lanes[lane].cells
    records = [record for _, record in seen.records if record.lane == lane and record.table is not None]
    if learner.bank.residual is None:  # plain LoRA decides nothing and has no scores
        assert not [record for _, record in seen.records if record.table is not None or record.changes]
        records = [EpochRecord(lane, [cell]) for _ in after]
    injected = {}
    for place, tensor in learner.bank.modules().items():
        if place.startswith("injected."):
            _, layer, name, part = place.split(".")
            injected[int(layer), name, part] = tensor[lane].detach()
    return Replay(
        losses=seen.values("train", "loss", cell),
        norms=seen.values("train", "grad_norm", cell),
        rates=[(float(body), float(head)) for body, head in optimizer.rates],
        epochs=[
            EpochSeen(
                *was[lane],
                scores=_table(record),
                changes=record.changes,
                spans_after=now[lane][0],
                frozen_after=now[lane][1],
                parameters=now[lane][2],
                logits=found[lane].proof[:-1],  # so few rows are in the proof whole
                eval_loss=found[lane].values["loss"],
            )
            for was, record, now, found in zip(before, records, after, judged.found, strict=True)
        ],
        final=_modules(learner, lane),
        injected=injected,
        head={slot.name: slot.tensor[lane].detach() for slot in learner.head.slots()},
    )


def _table(record: EpochRecord) -> dict[str, float]:
    modules = [] if record.table is None else record.table.modules
    return {module_name(m.span_start, m.span_end): m.score for m in modules if m.score is not None}


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
