"""Resolved settings of one cell, as the runner sends them, with every default filled in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar

from .errors import PlainError

T = TypeVar("T")


class SettingsError(PlainError, ValueError):
    """This machine or this worker cannot carry out the settings. The message says what to change."""


@dataclass(frozen=True)
class Since:
    """Marks a parameter that was added after the first release: the day, and the value that acts as before it.

    Runs with this value keep the id that they had without the parameter, also when the default changes later.
    """

    day: str
    before: Any


@dataclass(frozen=True)
class ModelSettings:
    name: str
    revision: str | None = None
    #: How frozen weights are held: auto, bf16 or fp32; and how those of linear maps are: none, int8 or nf4.
    dtype: str = "auto"
    quantization: str = "none"


@dataclass(frozen=True)
class TaskSettings:
    """Which task, and for the user's own rows the names and order of its labels, and the scores to compute."""

    name: str
    labels: list[str] | None = None
    metrics: list[str] | None = None


@dataclass(frozen=True)
class DataSettings:
    """Where a task's rows come from: `path`, `hub`, or without both the task's own source."""

    path: str | None = None
    hub: str | None = None
    #: Configuration of the hub's data set.
    config: str | None = None
    #: Split on the hub, or the name of the folder's file without ending; None: the usual ones.
    train_split: str | None = None
    dev_split: str | None = None
    #: Number (or share, below 1) of rows that are split off the only set of rows there is, to evaluate on.
    dev_rows: float | int | None = None
    train_rows: int | None = None
    eval_rows: int | None = None
    split_seed: int = 0
    #: text, text_pair: a name or a list of names that `separator` joins; label, prompt, input, response, messages: a
    #: name.
    columns: Mapping[str, Any] | None = None
    #: How prompts are written: alpaca, chat, none, or a text with placeholders; None: by the columns.
    template: str | None = None
    #: Which tokens of a text count: response or all.
    train_on: str = "response"


@dataclass(frozen=True)
class TrainSettings:
    num_train_epochs: int
    batch_size: int
    eval_batch_size: int
    gradient_accumulation_steps: int
    learning_rate: float
    warmup_ratio: float
    weight_decay: float
    adam_beta1: float
    adam_beta2: float
    adam_epsilon: float
    max_grad_norm: float
    max_length: int
    precision: str
    logging_steps: int
    head_learning_rate: float | None = None
    max_steps: int | None = None
    score: str | None = None
    #: Lanes that go through the model together; "auto": as many as fit. Changes no number (semantics.md 11).
    max_lanes: int | str = "auto"
    #: Which runs the runner puts into one bundle. Changes no number.
    bundle: str = "auto"
    #: Share (below 1) or number of training rows that choose the best epoch and are not trained on.
    holdout: float | int | None = None
    #: Used by the runner's tables only; the worker reports the score of every epoch.
    report_epoch: int | None = None
    #: Steps in a row with a loss or gradient norm that is not finite after which a run ends as Diverged; None: never.
    stop_after_nonfinite: int | None = 1
    #: How much the rows of each class count in the training loss: none, balanced, or weights by label.
    class_weights: str | Mapping[str, float] = "none"
    #: Minutes between checkpoints. Changes no number.
    checkpoint_minutes: float = 5.0
    #: Compute each layer again in the backward instead of keeping what is inside. Changes no number.
    gradient_checkpointing: bool = False
    #: Train even if some scheduled events of the method fall after the end.
    allow_unreached_events: bool = False
    #: Evaluations in a row without a better score after which a run stops; None: it trains its whole schedule.
    early_stopping_patience: int | None = None
    #: A stored run, or the folder of its adapter, whose weights the training starts from.
    start_from: str | None = None
    #: Optimizer steps of the warm-up; None: `warmup_ratio` of all steps.
    warmup_steps: int | None = None
    #: Optimizer steps between evaluations; None: one at the end of each epoch.
    eval_steps: int | None = None
    #: Real tokens of a micro-batch, into which the rows of a step are cut anew; None: `batch_size` rows.
    tokens_per_batch: int | None = None

    def warmup(self, total: int) -> int:
        """Optimizer steps over which the learning rate rises, of `total`: the ratio rounded up to whole steps."""
        return math.ceil(self.warmup_ratio * total) if self.warmup_steps is None else self.warmup_steps

    @property
    def head_lr(self) -> float:
        """Peak learning rate of the head: half of the body's unless given (the published GLUE script)."""
        return self.learning_rate / 2 if self.head_learning_rate is None else self.head_learning_rate


@dataclass(frozen=True)
class AdapterSettings:
    """What the saved folder says of itself to others. Changes no number."""

    #: Of the adapter, by its name on the hub: apache-2.0.
    license: str | None = None


@dataclass(frozen=True)
class Settings:
    model: ModelSettings
    task: TaskSettings
    data: DataSettings
    method: Mapping[str, Any]
    train: TrainSettings
    seed: int
    adapter: AdapterSettings = AdapterSettings()

    @property
    def method_parameters(self) -> dict[str, Any]:
        return {key: value for key, value in self.method.items() if key != "name"}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Settings:
        """Settings from plain values, also of earlier versions. Raises SettingsError that names a missing or unknown
        key."""
        parts = renewed(value)
        if "task" in parts:
            parts["task"] = from_mapping(TaskSettings, parts["task"], "task")
        for key, part in _PARTS.items():
            parts[key] = from_mapping(part, parts.get(key, {}), key)
        settings = from_mapping(Settings, parts, "settings")
        if "name" not in settings.method:
            raise SettingsError("settings.method.name is missing")
        return settings


_PARTS: Mapping[str, type] = {
    "model": ModelSettings,
    "data": DataSettings,
    "train": TrainSettings,
    "adapter": AdapterSettings,
}


def renewed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What an earlier version stored, as today's settings that mean the same. Raises SettingsError if none do.

    Worker 0.1 had only the task's name. Method qlora had layers of its own, whose weights were those that lora over NF4
    has (on CPUs but for the rounding of a few scales); without double quantisation they were others.
    """
    value = dict(settings)
    if isinstance(value.get("task"), str):
        value["task"] = {"name": value["task"]}
    method = value.get("method")
    if not isinstance(method, Mapping) or method.get("name") != "qlora":
        return value
    method = dict(method) | {"name": "lora"}
    if not method.pop("double_quantisation", True):
        raise SettingsError(
            "method qlora with double_quantisation: false: NF4 always quantises the scales of its blocks now, which "
            "makes other weights than those of this run; train it again, without double_quantisation"
        )
    return value | {"method": method, "model": {**value.get("model", {}), "quantization": "nf4"}}


def from_mapping(cls: type[T], value: Mapping[str, Any], where: str) -> T:
    """Build a dataclass from a mapping. Raises SettingsError that names an unknown or missing key."""
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise SettingsError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")
    required = [n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING]
    missing = [name for name in required if name not in value]
    if missing:
        raise SettingsError(f"{where}: missing key {missing[0]!r}")
    return cls(**value)
