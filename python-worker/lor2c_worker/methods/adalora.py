"""AdaLoRA (Zhang et al. 2023, arXiv 2303.10512) through peft: W x + (alpha / r) B diag(E) A drop(x).

Training ranks triplets (a column of B, an entry of E, a row of A) by importance over all projections. It sets the
entries of E of the least important ones to zero, until target_rank triplets per projection are left on average.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..adapters.peft_learner import PeftLearner, load_adapter, save_adapter, wrap
from ..learner import EpochRecord, Learner, ModuleRank, RankTable
from ..models import LoadedModel
from ..optim.adamw import LaneAdamW
from ..settings import SettingsError
from .entry import setting
from .merge import MergedByPeft
from .method import Cell, Method
from .plan import Horizon, Part, count
from .projections import Targets, check_targets, heads_of, linear_modules, target_modules, targets_setting, task_type

if TYPE_CHECKING:
    from peft import AdaLoraConfig
    from peft.tuners.adalora import AdaLoraModel

#: peft's prefix of a module's path.
PREFIX = "base_model.model."


@dataclass(frozen=True)
class AdaLoraParams:
    """Raises ValueError when the budget would not shrink."""

    init_rank: int = setting(12, "Rank of every projection at the start", minimum=2, source="AdaLoRA 4: 1.5 x target")
    target_rank: int = setting(8, "Mean rank of the projections at the end; below init_rank", minimum=1)
    tinit: int | None = setting(
        None, "Steps before the budget begins to shrink; null: 15 % of the run", unit="steps", minimum=0
    )
    tfinal: int | None = setting(
        None, "Steps at the end with the final budget; null: 30 % of the run", unit="steps", minimum=0
    )
    delta_t: int | None = setting(
        None, "Steps between two allocations; null: a 500th of the run, at least 1", unit="steps", minimum=1
    )
    beta1: float = setting(0.85, "Smoothing of the importance", minimum=0, maximum=1, source="AdaLoRA Eq. 9, 4")
    beta2: float = setting(0.85, "Smoothing of its uncertainty", minimum=0, maximum=1, source="AdaLoRA Eq. 10, 4")
    orth_reg_weight: float = setting(
        0.5, "Weight of the penalty that keeps A and B orthogonal", minimum=0, source="AdaLoRA Eq. 4; peft's default"
    )
    alpha: float = setting(16.0, "Scale: the update is multiplied by alpha / init_rank", exclusive_minimum=0)
    dropout: float = setting(0.05, "Dropout on the input of A", unit="probability", minimum=0, maximum=1)
    target_modules: Targets = targets_setting("Projections that get an update")

    def __post_init__(self) -> None:
        if self.target_rank >= self.init_rank:
            raise ValueError(f"target_rank {self.target_rank} must be below init_rank {self.init_rank}")
        check_targets(self.target_modules)

    def times(self, steps: int) -> tuple[int, int, int]:
        """(tinit, tfinal, delta_t) of a run of `steps` steps. Raises SettingsError when no step is left between."""
        tinit = steps * 15 // 100 if self.tinit is None else self.tinit
        tfinal = steps * 30 // 100 if self.tfinal is None else self.tfinal
        if tinit + tfinal >= steps:
            raise SettingsError(
                f"method adalora: tinit {tinit} + tfinal {tfinal} leave no step to shrink the budget in a run of "
                f"{steps} steps: use at least {tinit + tfinal + 1} steps, or smaller values of both"
            )
        return tinit, tfinal, max(1, steps // 500) if self.delta_t is None else self.delta_t


class AdaLoraLearner(PeftLearner):
    """Allocates ranks at each step, and adds the orthogonality penalty; peft leaves both to the training loop."""

    module: Any

    @property
    def config(self) -> AdaLoraConfig:
        return self.module.peft_config["default"]

    def penalty(self) -> torch.Tensor | None:
        """orth_reg_weight times the mean over all A and B of the Frobenius norm |P P^T - I|; [1]."""
        if self.config.orth_reg_weight == 0:
            return None
        terms = []
        for slot in self.slots():
            if ".lora_A." in slot.name or ".lora_B." in slot.name:
                p = slot.tensor
                product = p @ p.T if ".lora_A." in slot.name else p.T @ p
                terms.append(torch.linalg.matrix_norm(product - torch.eye(len(product), device=p.device)))
        return self.config.orth_reg_weight * torch.stack(terms).mean()[None]

    def end_step(self, step: int, epoch: float, optimizer: LaneAdamW) -> list[EpochRecord]:
        """Allocate ranks after the update. Importance is |value x gradient|, so it needs the step's gradients."""
        tuner: AdaLoraModel = self.module.base_model
        tuner.update_and_allocate(step)
        return []

    def settled(self, lane: int, step: int, epoch: float) -> set[str]:
        """After the last allocation, `tfinal` steps before the end."""
        steps = self.config.total_step
        assert steps is not None
        return super().settled(lane, step, epoch) if step >= steps - self.config.tfinal else set()

    def end_epoch(self, epoch: int, step: int, optimizer: LaneAdamW) -> list[EpochRecord]:
        modules = [ModuleRank(path, rank) for path, rank in self.ranks().items()]
        return [EpochRecord(0, list(self.lanes[0].cells), ranks=RankTable(epoch, modules))]

    def state(self) -> dict[str, Any]:
        """With the running importances and uncertainties, and the triplets that the last allocation kept."""
        allocator = self.module.base_model.rankallocator
        importance = {"importance": allocator.exp_avg_ipt, "uncertainty": allocator.exp_avg_unc}
        return super().state() | {"allocator": importance, "rank_pattern": self.config.rank_pattern}

    def restore(self, state: dict[str, Any], cells: Iterable[str]) -> list[int]:
        rows = super().restore(state, cells)
        allocator, kept = self.module.base_model.rankallocator, state["allocator"]
        device = self.slots()[0].tensor.device
        allocator.exp_avg_ipt = {name: tensor.to(device) for name, tensor in kept["importance"].items()}
        allocator.exp_avg_unc = {name: tensor.to(device) for name, tensor in kept["uncertainty"].items()}
        # peft starts all three anew for a name that `ipt` lacks; its values come from the next step's gradients.
        allocator.ipt = {name: torch.zeros_like(tensor) for name, tensor in allocator.exp_avg_ipt.items()}
        self.config.rank_pattern = state["rank_pattern"]
        return rows

    def ranks(self) -> dict[str, int]:
        """Number of triplets in use, by the projection's path in the model."""
        pattern: dict[str, list[bool]] = self.config.rank_pattern or {}
        kept = {key.split(".lora_E")[0]: sum(row) for key, row in pattern.items()}  # the keys lack a part of the path
        found = {}
        for slot in self.slots():
            path, mark, _ = slot.name.partition(".lora_E.")
            if mark:
                found[path.removeprefix(PREFIX)] = next(
                    (rank for key, rank in kept.items() if path.endswith(f".{key}")), slot.tensor.numel()
                )
        return found


class AdaLora(MergedByPeft, Method):
    name = "adalora"
    summary = "LoRA whose rank is spread over the projections by importance, through peft"
    source = "Zhang et al. 2023, arXiv 2303.10512"
    Params = AdaLoraParams
    libraries = ("peft",)

    def notes(self, params: AdaLoraParams) -> list[str]:
        return ["the reported training loss leaves the orthogonality penalty out"] if params.orth_reg_weight else []

    def unreached(self, model: LoadedModel, params: AdaLoraParams, horizon: Horizon) -> list[str]:
        """None: the last allocation always falls in the run. Raises SettingsError when no step is left for it."""
        params.times(horizon.steps)
        return []

    def config(self, model: LoadedModel, params: AdaLoraParams, steps: int) -> AdaLoraConfig:
        from peft import AdaLoraConfig, TaskType

        tinit, tfinal, delta_t = params.times(steps)
        return AdaLoraConfig(
            task_type=TaskType(task_type(model)),
            init_r=params.init_rank,
            target_r=params.target_rank,
            tinit=tinit,
            tfinal=tfinal,
            deltaT=delta_t,
            beta1=params.beta1,
            beta2=params.beta2,
            orth_reg_weight=params.orth_reg_weight,
            total_step=steps,
            lora_alpha=params.alpha,  # type: ignore[arg-type]
            lora_dropout=params.dropout,
            target_modules=target_modules(model, params.target_modules),
            modules_to_save=heads_of(model),
        )

    def parts(self, model: LoadedModel, params: AdaLoraParams) -> list[Part]:
        """r (d_in + d_out + 1) for every projection (semantics.md section 8).

        The number stays the same to the end: pruned triplets are zero in tensors of the same size.
        """
        r = params.init_rank
        return [
            Part(place, f"r (d_in + d_out + 1) = {r} * ({d_in} + {d_out} + 1)", r * (d_in + d_out + 1))
            for place, d_in, d_out in linear_modules(model, target_modules(model, params.target_modules))
        ]

    def kept_parameters(self, model: LoadedModel, params: AdaLoraParams) -> int:
        """Importance and uncertainty of every parameter."""
        return 2 * count(self, model, params)

    def scored_modules(self, model: LoadedModel, params: AdaLoraParams) -> int:
        return len(linear_modules(model, target_modules(model, params.target_modules)))

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> AdaLoraLearner:
        config = self.config(model, cells[0].params, horizon.steps)
        return wrap(AdaLoraLearner, model, config, [c.id for c in cells], cells[0].seed)

    def check(self, learner: Learner, cell: Cell) -> list[str]:
        assert isinstance(learner, AdaLoraLearner)
        ranks, params = learner.ranks(), cell.params
        if learner.config.rank_pattern is None:
            return ["no rank was ever allocated: all projections kept their initial rank"]
        kept, target = sum(ranks.values()), params.target_rank * len(ranks)
        if kept > target:
            return [f"{kept} of {params.init_rank * len(ranks)} triplets are in use, the target is {target}"]
        if kept == 0:
            return ["every triplet was pruned: importance was zero everywhere when ranks were allocated"]
        return []

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        """Write tensors of full size, zeros included. With a rank pattern peft would write only the rows that the last
        allocation kept; between two allocations others act too."""
        assert isinstance(learner, AdaLoraLearner)
        pattern, learner.config.rank_pattern = learner.config.rank_pattern, None
        try:
            save_adapter(learner, folder)
        finally:
            learner.config.rank_pattern = pattern

    def load(self, model: LoadedModel, params: AdaLoraParams, folder: Path) -> PeftLearner:
        return load_adapter(model, folder)


METHOD = AdaLora()
