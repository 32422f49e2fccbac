# GENERATED from cli/protocol/messages.ts by `npm run generate`. Edit that file, not this one.
"""The messages between runner and worker. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

PROTOCOL_VERSION = 7


@dataclass(frozen=True)
class Inspect:
    """Resolve cells on this machine, without training: fingerprints, parameter counts, row counts."""

    type: ClassVar[Literal["inspect"]] = "inspect"
    request: str
    settings: list[dict[str, Any]]


@dataclass(frozen=True)
class Count:
    """Count parameters from only the model's shapes, without weights or rows."""

    type: ClassVar[Literal["count"]] = "count"
    request: str
    settings: list[dict[str, Any]]


@dataclass(frozen=True)
class Examine:
    """Look at the rows that cells with these settings would train on and be scored on; trains nothing."""

    type: ClassVar[Literal["examine"]] = "examine"
    request: str
    settings: list[dict[str, Any]]


@dataclass(frozen=True)
class Survey:
    """Look at a table of unknown columns: what `lor2c init --data` makes a spec from."""

    type: ClassVar[Literal["survey"]] = "survey"
    request: str
    path: str
    model: str


@dataclass(frozen=True)
class TrainCell:
    cell: str
    settings: dict[str, Any]
    fingerprint: dict[str, str]
    folder: str
    resume: bool


@dataclass(frozen=True)
class Train:
    """Train one bundle: cells that share everything except their structural schedule."""

    type: ClassVar[Literal["train"]] = "train"
    request: str
    cells: list[TrainCell]
    checkpoint: str
    write_checkpoints: bool
    log: str | None


@dataclass(frozen=True)
class PredictText:
    text: str
    text_pair: str | None


@dataclass(frozen=True)
class Predict:
    """Reload a saved adapter and label texts (second segment null for single-sentence tasks)."""

    type: ClassVar[Literal["predict"]] = "predict"
    request: str
    folder: str
    texts: list[PredictText]


@dataclass(frozen=True)
class PredictFile:
    """Reload a saved adapter and label the rows of a file, one after the other."""

    type: ClassVar[Literal["predict_file"]] = "predict_file"
    request: str
    folder: str
    input: str
    ending: str
    columns: dict[str, Any] | None
    output: str
    format: Literal["tsv", "csv", "jsonl", "parquet", "glue"]
    keep: list[str]
    keep_all: bool
    probabilities: bool
    batch_size: int | None


@dataclass(frozen=True)
class ExportAdapter:
    """Write a saved adapter as a folder for others: with everything that says what it is, or as a plain model."""

    type: ClassVar[Literal["export_adapter"]] = "export_adapter"
    request: str
    folder: str
    target: str
    fingerprint: str | None
    license: str | None
    merged: bool
    repository: str | None


@dataclass(frozen=True)
class AskHub:
    """Ask which hub it is, and whether there is a token for it; asks no hub."""

    type: ClassVar[Literal["ask_hub"]] = "ask_hub"
    request: str


@dataclass(frozen=True)
class PushFolder:
    """Upload a folder to the hub, in one commit."""

    type: ClassVar[Literal["push_folder"]] = "push_folder"
    request: str
    folder: str
    repository: str
    private: bool
    token: str | None
    message: str


@dataclass(frozen=True)
class PlanEvaluationEvaluation:
    protocol: Literal["instructeval", "lm-eval"]
    rows: int | None
    seed: int
    data: str | None
    batch_tokens: int
    allow_code_execution: bool
    mmlu_none: Literal["None", "nan"]


@dataclass(frozen=True)
class PlanEvaluation:
    """Say what `evaluate` would score, row counts and hashes included; generates nothing and needs no weights."""

    type: ClassVar[Literal["plan_evaluation"]] = "plan_evaluation"
    request: str
    folder: str | None
    settings: dict[str, Any] | None
    evaluation: PlanEvaluationEvaluation
    benchmarks: list[str] = field(metadata={"min_items": 1})


@dataclass(frozen=True)
class EvaluateEvaluation:
    protocol: Literal["instructeval", "lm-eval"]
    rows: int | None
    seed: int
    data: str | None
    batch_tokens: int
    allow_code_execution: bool
    mmlu_none: Literal["None", "nan"]


@dataclass(frozen=True)
class EvaluateBenchmark:
    benchmark: str
    data_hash: str
    settings_hash: str
    folder: str


@dataclass(frozen=True)
class Evaluate:
    """Score benchmarks one after the other. `stop` ends it between two batches; what is scored by then stays."""

    type: ClassVar[Literal["evaluate"]] = "evaluate"
    request: str
    folder: str | None
    settings: dict[str, Any] | None
    evaluation: EvaluateEvaluation
    model_hash: str
    adapter_hash: str | None
    benchmarks: list[EvaluateBenchmark] = field(metadata={"min_items": 1})


@dataclass(frozen=True)
class Generate:
    """Continue a text."""

    type: ClassVar[Literal["generate"]] = "generate"
    request: str
    folder: str | None
    settings: dict[str, Any] | None
    prompt: str
    template: str
    max_new_tokens: int
    temperature: float
    top_p: float | None
    seed: int


@dataclass(frozen=True)
class Stop:
    """Stop after the current step. Cells in training, and those that have not begun, end with `stopped`."""

    type: ClassVar[Literal["stop"]] = "stop"
    cells: list[str] | None


@dataclass(frozen=True)
class ReadyDevice:
    name: str
    description: str
    memory: int
    bf16: bool


@dataclass(frozen=True)
class Ready:
    """Handshake: the first line of every worker."""

    type: ClassVar[Literal["ready"]] = "ready"
    seq: int
    protocol: int
    worker_version: str
    python: str
    pid: int
    device: ReadyDevice
    gpus: list[str]
    packages: dict[str, str]
    variables: dict[str, str]
    computing: dict[str, str]


@dataclass(frozen=True)
class InspectedEvent:
    epoch: float
    key: str
    probable: bool


@dataclass(frozen=True)
class InspectedShape:
    layers: int
    hidden_size: int
    intermediate_size: int
    attention_heads: int
    embedding_parameters: int
    train_row_tokens: float
    eval_row_tokens: float
    longest_row_tokens: int
    saved_parameters: int
    checkpoint_parameters: int
    kept_parameters: int
    scored_modules: int


@dataclass(frozen=True)
class Inspected:
    """The result for one cell of an `inspect` command, or why it cannot run."""

    type: ClassVar[Literal["inspected"]] = "inspected"
    seq: int
    request: str
    index: int
    problems: list[str]
    warnings: list[str]
    notes: list[str]
    fingerprint: dict[str, str] | None
    trainable_parameters: int | None
    head_parameters: int | None
    total_parameters: int | None
    train_rows: int | None
    eval_rows: int | None
    label_names: list[str]
    total_steps: int | None
    events: list[InspectedEvent]
    shape: InspectedShape | None


@dataclass(frozen=True)
class SourcesFile:
    path: str
    stamp: str


@dataclass(frozen=True)
class Sources:
    """What the answers to an `inspect` command depend on besides the command, the worker's code and its variables."""

    type: ClassVar[Literal["sources"]] = "sources"
    seq: int
    request: str
    files: list[SourcesFile] | None


@dataclass(frozen=True)
class CountedPart:
    place: str
    formula: str
    count: int


@dataclass(frozen=True)
class CountedChange:
    place: str
    formula: str
    count: int


@dataclass(frozen=True)
class Counted:
    """Trainable parameters of one cell of a `count` command, part by part."""

    type: ClassVar[Literal["counted"]] = "counted"
    seq: int
    request: str
    index: int
    problems: list[str]
    shapes: str
    parts: list[CountedPart]
    changes: list[CountedChange]
    head_parameters: int
    total_parameters: int


@dataclass(frozen=True)
class ExaminedReportFile:
    path: str
    format: str
    encoding: str | None
    bytes: int


@dataclass(frozen=True)
class ExaminedReportColumn:
    column: str
    used_as: Literal["text", "text_pair", "label", "prompt", "input", "response", "messages"] | None


@dataclass(frozen=True)
class ExaminedReportSplitLabel:
    label: str
    rows: int


@dataclass(frozen=True)
class ExaminedReportSplitLabelsPerRow:
    labels: int
    rows: int


@dataclass(frozen=True)
class ExaminedReportSplitValues:
    min: float
    quarter: float
    median: float
    three_quarters: float
    max: float
    mean: float
    distinct: int


@dataclass(frozen=True)
class ExaminedReportSplitTokens:
    rows: int
    min: int
    median: int
    p90: int
    p99: int
    max: int
    cut: int
    words: int
    unknown: int


@dataclass(frozen=True)
class ExaminedReportSplitBlank:
    rows: int
    first: list[int]


@dataclass(frozen=True)
class ExaminedReportSplitRepeatedFirstOccurrence:
    split: str
    row: int
    labels: list[str]


@dataclass(frozen=True)
class ExaminedReportSplitRepeatedFirst:
    text: str
    text_pair: str | None
    occurrences: list[ExaminedReportSplitRepeatedFirstOccurrence]


@dataclass(frozen=True)
class ExaminedReportSplitRepeated:
    rows: int
    first: list[ExaminedReportSplitRepeatedFirst]


@dataclass(frozen=True)
class ExaminedReportSplitContradictingFirstOccurrence:
    split: str
    row: int
    labels: list[str]


@dataclass(frozen=True)
class ExaminedReportSplitContradictingFirst:
    text: str
    text_pair: str | None
    occurrences: list[ExaminedReportSplitContradictingFirstOccurrence]


@dataclass(frozen=True)
class ExaminedReportSplitContradicting:
    rows: int
    first: list[ExaminedReportSplitContradictingFirst]


@dataclass(frozen=True)
class ExaminedReportSplitFirst:
    row: int
    text: str
    text_pair: str | None
    labels: list[str]
    tokens: list[str]


@dataclass(frozen=True)
class ExaminedReportSplit:
    split: Literal["train", "holdout", "eval"]
    rows: int
    labels: list[ExaminedReportSplitLabel]
    labels_per_row: list[ExaminedReportSplitLabelsPerRow]
    values: ExaminedReportSplitValues | None
    tokens: ExaminedReportSplitTokens | None
    blank: ExaminedReportSplitBlank
    repeated: ExaminedReportSplitRepeated
    contradicting: ExaminedReportSplitContradicting
    first: list[ExaminedReportSplitFirst]


@dataclass(frozen=True)
class ExaminedReportSharedSameLabelFirstOccurrence:
    split: str
    row: int
    labels: list[str]


@dataclass(frozen=True)
class ExaminedReportSharedSameLabelFirst:
    text: str
    text_pair: str | None
    occurrences: list[ExaminedReportSharedSameLabelFirstOccurrence]


@dataclass(frozen=True)
class ExaminedReportSharedSameLabel:
    rows: int
    first: list[ExaminedReportSharedSameLabelFirst]


@dataclass(frozen=True)
class ExaminedReportSharedOtherLabelFirstOccurrence:
    split: str
    row: int
    labels: list[str]


@dataclass(frozen=True)
class ExaminedReportSharedOtherLabelFirst:
    text: str
    text_pair: str | None
    occurrences: list[ExaminedReportSharedOtherLabelFirstOccurrence]


@dataclass(frozen=True)
class ExaminedReportSharedOtherLabel:
    rows: int
    first: list[ExaminedReportSharedOtherLabelFirst]


@dataclass(frozen=True)
class ExaminedReportShared:
    known_from: str
    found_in: str
    same_label: ExaminedReportSharedSameLabel
    other_label: ExaminedReportSharedOtherLabel


@dataclass(frozen=True)
class ExaminedReport:
    files: list[ExaminedReportFile]
    kind: Literal["classify", "regress", "multi_label", "language_model"]
    scores: list[str]
    score: str
    fingerprint: str
    columns: list[ExaminedReportColumn]
    max_length: int
    splits: list[ExaminedReportSplit]
    shared: list[ExaminedReportShared]
    notes: list[str]


@dataclass(frozen=True)
class Examined:
    """The rows of one entry of an `examine` command, or why they cannot be trained on."""

    type: ClassVar[Literal["examined"]] = "examined"
    seq: int
    request: str
    index: int
    problems: list[str]
    warnings: list[str]
    report: ExaminedReport | None


@dataclass(frozen=True)
class SurveyedSplit:
    split: Literal["train", "dev"] | None
    files: list[str]


@dataclass(frozen=True)
class SurveyedColumnValue:
    value: str
    rows: int


@dataclass(frozen=True)
class SurveyedColumnTokens:
    median: int
    p99: int
    max: int


@dataclass(frozen=True)
class SurveyedColumn:
    column: str
    filled: int
    kind: Literal["text", "whole", "number", "boolean", "list", "mixed"]
    distinct: int
    values: list[SurveyedColumnValue]
    words: float
    tokens: SurveyedColumnTokens | None


@dataclass(frozen=True)
class Surveyed:
    """The columns of a table, as its first rows show them."""

    type: ClassVar[Literal["surveyed"]] = "surveyed"
    seq: int
    request: str
    splits: list[SurveyedSplit]
    rows: int
    more: bool
    columns: list[SurveyedColumn]


@dataclass(frozen=True)
class Started:
    """The training of these cells starts."""

    type: ClassVar[Literal["started"]] = "started"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    trainable_parameters: int
    head_parameters: int
    total_parameters: int
    train_rows: int
    eval_rows: int
    total_steps: int
    num_epochs: int
    majority_score: float | None
    score_name: str
    initial_weights: str
    notes: list[str]
    resumed_step: int | None


@dataclass(frozen=True)
class Progress:
    """For a progress bar. Never stored. At most a few per second."""

    type: ClassVar[Literal["progress"]] = "progress"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    phase: Literal["train", "evaluate", "save"]
    step: int
    total_steps: int
    epoch: int
    loss: float | None
    lanes: int
    lane_epochs_left: float
    tokens_per_second: float | None


@dataclass(frozen=True)
class Metrics:
    """Measured values at a step. `epoch` is fractional: 1.5 is the middle of the second epoch."""

    type: ClassVar[Literal["metrics"]] = "metrics"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    split: Literal["train", "eval", "holdout"]
    step: int
    epoch: float
    values: dict[str, float | None]
    diverged: list[str]


@dataclass(frozen=True)
class Change:
    """The structure changed: two modules merged, or one was replaced by an injected LoRA. Layers are 0-based."""

    type: ClassVar[Literal["change"]] = "change"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    kind: Literal["merge", "inject"]
    step: int
    epoch: float
    span_start: int
    span_end: int
    source: int
    score: float | None
    margin: float | None
    scores_from_epoch: float
    trainable_parameters: int
    detail: str


@dataclass(frozen=True)
class ModuleScoresModule:
    span_start: int
    span_end: int
    kind: Literal["lor2c", "lora"]
    score: float | None


@dataclass(frozen=True)
class ModuleScores:
    """Score of every live module at the end of an epoch."""

    type: ClassVar[Literal["module_scores"]] = "module_scores"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    step: int
    epoch: float
    score_name: str
    modules: list[ModuleScoresModule]
    trainable_parameters: int


@dataclass(frozen=True)
class Tree:
    """The cost of training cells together, sent before their outcomes. Counts include work before a checkpoint."""

    type: ClassVar[Literal["tree"]] = "tree"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    lane_epochs: float
    cell_epochs: float
    lanes: int
    lane_width: int
    forks: int
    longest_fork_seconds: float
    train_seconds: float
    evaluate_seconds: float
    cpu_seconds: float
    peak_memory: int
    energy: float | None


@dataclass(frozen=True)
class Usage:
    """What cells have used so far, about every half minute and before each outcome of cells that have started. Memory and utilisation are those of the whole training that they are part of; CPU time and energy are its means per second, times the seconds of the cell. All of it includes what was used before a checkpoint."""

    type: ClassVar[Literal["usage"]] = "usage"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    seconds: float
    memory_mean: int | None
    memory_p99: int | None
    peak_memory: int
    utilization_mean: float | None
    utilization_max: float | None
    cpu_seconds: float
    energy: float | None


@dataclass(frozen=True)
class DeviceUsage:
    """What the device of this worker reports now: about every two seconds while it carries out `train` or `evaluate`, loading included. For people who watch; never kept as history. A thread of its own sends it, so it does not mean that the work goes on. Null: not measured there."""

    type: ClassVar[Literal["device_usage"]] = "device_usage"
    seq: int
    host: str
    pid: int
    device: str
    description: str
    uuid: str | None
    memory_used: int | None
    memory_total: int | None
    utilization: float | None
    temperature: float | None
    power: float | None
    cpu_share: float


@dataclass(frozen=True)
class RanksModule:
    module: str
    rank: int


@dataclass(frozen=True)
class Ranks:
    """Ranks of a method that moves them between its modules, at the end of an epoch."""

    type: ClassVar[Literal["ranks"]] = "ranks"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    step: int
    epoch: float
    modules: list[RanksModule]


@dataclass(frozen=True)
class Artifact:
    """A file or folder of the run."""

    type: ClassVar[Literal["artifact"]] = "artifact"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    kind: str
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Log:
    """A line for the run's log."""

    type: ClassVar[Literal["log"]] = "log"
    seq: int
    cells: list[str]
    level: Literal["debug", "info", "warn", "error"]
    message: str


@dataclass(frozen=True)
class Finished:
    """Outcome: trained, saved, reloaded from disk and re-scored equal."""

    type: ClassVar[Literal["finished"]] = "finished"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    score_name: str
    best_score: float | None
    best_epoch: float
    last_score: float | None
    chosen_on: Literal["eval", "holdout"]
    chosen_score: float | None
    eval_best_score: float | None
    eval_best_epoch: float
    collapsed: bool
    collapsed_to: str | None
    collapsed_share: float | None
    majority_score: float | None
    train_seconds: float
    total_seconds: float
    train_tokens: int
    batch_order: str | None
    trainable_parameters: int
    peak_memory: int
    notes: list[str]


@dataclass(frozen=True)
class Failed:
    """Outcome: an exception, or a check that failed."""

    type: ClassVar[Literal["failed"]] = "failed"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    error_type: str
    message: str
    traceback: str


@dataclass(frozen=True)
class OutOfMemory:
    """Outcome: the device has too little memory."""

    type: ClassVar[Literal["out_of_memory"]] = "out_of_memory"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    message: str
    peak_memory: int


@dataclass(frozen=True)
class Stopped:
    """Outcome: the runner asked to stop, or stdin ended."""

    type: ClassVar[Literal["stopped"]] = "stopped"
    seq: int
    cells: list[str] = field(metadata={"min_items": 1})
    step: int


@dataclass(frozen=True)
class PredictionsItem:
    label: str
    scores: dict[str, float | None]


@dataclass(frozen=True)
class Predictions:
    type: ClassVar[Literal["predictions"]] = "predictions"
    seq: int
    request: str
    items: list[PredictionsItem]


@dataclass(frozen=True)
class Predicting:
    """For a progress bar of `predict_file`, about once a second; `total`: rows of the file, null if only reading it tells."""

    type: ClassVar[Literal["predicting"]] = "predicting"
    seq: int
    request: str
    rows: int
    total: int | None


@dataclass(frozen=True)
class Predicted:
    """The file of `predict_file` is complete."""

    type: ClassVar[Literal["predicted"]] = "predicted"
    seq: int
    request: str
    rows: int
    empty: int
    scores: dict[str, float | None] | None
    unscored: str | None


@dataclass(frozen=True)
class Exported:
    """The folder of `export_adapter` is complete."""

    type: ClassVar[Literal["exported"]] = "exported"
    seq: int
    request: str
    files: list[str]
    bytes: int
    difference: float | None
    tolerance: float | None
    notes: list[str]


@dataclass(frozen=True)
class HubAccess:
    """The answer to `ask_hub`."""

    type: ClassVar[Literal["hub_access"]] = "hub_access"
    seq: int
    request: str
    endpoint: str
    token: bool
    offline: bool


@dataclass(frozen=True)
class Pushed:
    """The folder of `push_folder` is on the hub."""

    type: ClassVar[Literal["pushed"]] = "pushed"
    seq: int
    request: str
    url: str
    commit: str


@dataclass(frozen=True)
class EvaluationPlannedBenchmark:
    benchmark: str
    rows: int
    all_rows: int
    shots: int
    cut_rows: int
    prompt_tokens: int
    max_new_tokens: int
    decoding: str
    metric: str
    data_hash: str
    settings_hash: str
    notes: list[str]


@dataclass(frozen=True)
class EvaluationPlanned:
    """What an evaluation would be."""

    type: ClassVar[Literal["evaluation_planned"]] = "evaluation_planned"
    seq: int
    request: str
    problems: list[str]
    model_hash: str
    adapter_hash: str | None
    benchmarks: list[EvaluationPlannedBenchmark]


@dataclass(frozen=True)
class Evaluating:
    """For a progress bar, about once a second while a benchmark is scored. Never stored."""

    type: ClassVar[Literal["evaluating"]] = "evaluating"
    seq: int
    request: str
    benchmark: str
    rows: int
    total: int
    seconds_left: float | None


@dataclass(frozen=True)
class SamplesItem:
    row: str
    task: str
    prompt_hash: str
    prompt_tokens: int
    shots: int
    output: str
    new_tokens: int
    gold: str | None
    score: float
    detail: str | None


@dataclass(frozen=True)
class Samples:
    """Rows that are scored. A worker that goes on from a `samples.jsonl` first tells the rows in it."""

    type: ClassVar[Literal["samples"]] = "samples"
    seq: int
    request: str
    benchmark: str
    items: list[SamplesItem]


@dataclass(frozen=True)
class EvaluatedTask:
    task: str
    score: float
    standard_error: float | None
    rows: int


@dataclass(frozen=True)
class Evaluated:
    """The result of one benchmark: all its rows are scored, and `samples` told each of them once."""

    type: ClassVar[Literal["evaluated"]] = "evaluated"
    seq: int
    request: str
    benchmark: str
    protocol: str
    metric: str
    score: float
    standard_error: float | None
    rows: int
    all_rows: int
    shots: int
    cut_rows: int
    max_new_tokens: int
    decoding: str
    tasks: list[EvaluatedTask]
    model_hash: str
    adapter_hash: str | None
    data_hash: str
    settings_hash: str
    seconds: float
    prompt_tokens: int
    new_tokens: int
    samples_path: str
    samples_bytes: int
    samples_sha256: str
    notes: list[str]


@dataclass(frozen=True)
class GeneratedEnd:
    reason: Literal["stop", "length", "stopped"]
    prompt_tokens: int
    new_tokens: int
    seconds: float


@dataclass(frozen=True)
class Generated:
    """A piece of the text that `generate` makes, in order. The last one has `end`."""

    type: ClassVar[Literal["generated"]] = "generated"
    seq: int
    request: str
    text: str
    end: GeneratedEnd | None


@dataclass(frozen=True)
class Doing:
    """What takes long before an answer, for whoever waits for it. Never stored."""

    type: ClassVar[Literal["doing"]] = "doing"
    seq: int
    request: str
    what: Literal["config", "rows", "tokens", "weights", "download", "hub", "convert", "unpack", "upload", "wait"]
    of: str


@dataclass(frozen=True)
class Done:
    """The command `request` is done (after its other events), or could not be carried out at all."""

    type: ClassVar[Literal["done"]] = "done"
    seq: int
    request: str
    error: str | None
    events: int


@dataclass(frozen=True)
class Ended:
    """The worker's last event: it exits because it was asked to, or because stdin has ended."""

    type: ClassVar[Literal["ended"]] = "ended"
    seq: int
    events: int

Command: TypeAlias = (
    Inspect
    | Count
    | Examine
    | Survey
    | Train
    | Predict
    | PredictFile
    | ExportAdapter
    | AskHub
    | PushFolder
    | PlanEvaluation
    | Evaluate
    | Generate
    | Stop
)

Event: TypeAlias = (
    Ready
    | Inspected
    | Sources
    | Counted
    | Examined
    | Surveyed
    | Started
    | Progress
    | Metrics
    | Change
    | ModuleScores
    | Tree
    | Usage
    | DeviceUsage
    | Ranks
    | Artifact
    | Log
    | Finished
    | Failed
    | OutOfMemory
    | Stopped
    | Predictions
    | Predicting
    | Predicted
    | Exported
    | HubAccess
    | Pushed
    | EvaluationPlanned
    | Evaluating
    | Samples
    | Evaluated
    | Generated
    | Doing
    | Done
    | Ended
)

COMMANDS: dict[str, type[Any]] = {
    Inspect.type: Inspect,
    Count.type: Count,
    Examine.type: Examine,
    Survey.type: Survey,
    Train.type: Train,
    Predict.type: Predict,
    PredictFile.type: PredictFile,
    ExportAdapter.type: ExportAdapter,
    AskHub.type: AskHub,
    PushFolder.type: PushFolder,
    PlanEvaluation.type: PlanEvaluation,
    Evaluate.type: Evaluate,
    Generate.type: Generate,
    Stop.type: Stop,
}

EVENTS: dict[str, type[Any]] = {
    Ready.type: Ready,
    Inspected.type: Inspected,
    Sources.type: Sources,
    Counted.type: Counted,
    Examined.type: Examined,
    Surveyed.type: Surveyed,
    Started.type: Started,
    Progress.type: Progress,
    Metrics.type: Metrics,
    Change.type: Change,
    ModuleScores.type: ModuleScores,
    Tree.type: Tree,
    Usage.type: Usage,
    DeviceUsage.type: DeviceUsage,
    Ranks.type: Ranks,
    Artifact.type: Artifact,
    Log.type: Log,
    Finished.type: Finished,
    Failed.type: Failed,
    OutOfMemory.type: OutOfMemory,
    Stopped.type: Stopped,
    Predictions.type: Predictions,
    Predicting.type: Predicting,
    Predicted.type: Predicted,
    Exported.type: Exported,
    HubAccess.type: HubAccess,
    Pushed.type: Pushed,
    EvaluationPlanned.type: EvaluationPlanned,
    Evaluating.type: Evaluating,
    Samples.type: Samples,
    Evaluated.type: Evaluated,
    Generated.type: Generated,
    Doing.type: Doing,
    Done.type: Done,
    Ended.type: Ended,
}


class DecodeError(ValueError):
    """The value is no message of this protocol. The text names the key."""


def decode_command(value: object) -> Command:
    """The command in a parsed line. Raises DecodeError for unknown keys, missing keys and wrong types."""
    return cast(Command, _decode_message(value, COMMANDS, "command"))


def decode_event(value: object) -> Event:
    """The same for events; used by tests."""
    return cast(Event, _decode_message(value, EVENTS, "event"))


def encode(message: Any) -> dict[str, Any]:
    """The JSON object of a message, `type` first. Values stay as they are; the sender must replace NaN."""
    return {"type": message.type, **_plain(message)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _decode_message(value: object, known: Mapping[str, type[Any]], noun: str) -> object:
    if not isinstance(value, Mapping):
        raise DecodeError(f"a {noun} is an object, not {_kind(value)}")
    cls = known.get(value["type"]) if isinstance(value.get("type"), str) else None
    if cls is None:
        raise DecodeError(f"unknown {noun} type {value.get('type')!r}; known are {', '.join(known)}")
    return _decode_object({key: item for key, item in value.items() if key != "type"}, cls, str(value["type"]))


_HINTS: dict[type[Any], dict[str, tuple[Any, int]]] = {}


def _hints(cls: type[Any]) -> dict[str, tuple[Any, int]]:
    """Type and minimum length of each field. Cached, since resolving hints is slow."""
    if cls not in _HINTS:
        types = get_type_hints(cls)
        _HINTS[cls] = {f.name: (types[f.name], f.metadata.get("min_items", 0)) for f in fields(cls)}
    return _HINTS[cls]


def _decode_object(value: object, cls: type[Any], where: str) -> object:
    if not isinstance(value, Mapping):
        raise DecodeError(f"{where}: expected an object, got {_kind(value)}")
    hints = _hints(cls)
    for key in value:
        if key not in hints:
            raise DecodeError(f"{where}: unknown key {key!r}; known are {', '.join(hints) or 'none'}")
    for key in hints:
        if key not in value:
            raise DecodeError(f"{where}: missing key {key!r}")
    return cls(**{key: _decode(value[key], hint, f"{where}.{key}", least) for key, (hint, least) in hints.items()})


def _decode(value: object, hint: Any, where: str, least: int = 0) -> object:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (UnionType, Union):  # a Literal or None is the latter
        if value is None and NoneType in arguments:
            return None
        (hint,) = (a for a in arguments if a is not NoneType)
        return _decode(value, hint, where, least)
    if origin is Literal:
        if value in arguments:
            return value
        raise DecodeError(f"{where}: {value!r} is none of {', '.join(map(repr, arguments))}")
    if origin is list and isinstance(value, list):
        if len(value) < least:
            raise DecodeError(f"{where}: at least {least} item needed")
        return [_decode(item, arguments[0], f"{where}[{index}]") for index, item in enumerate(value)]
    if origin is dict and isinstance(value, Mapping):
        return {key: _decode(item, arguments[1], f"{where}.{key}") for key, item in value.items()}
    if is_dataclass(hint):
        return _decode_object(value, cast("type[Any]", hint), where)
    # JSON has one kind of number: a float without a fraction arrives as an int. A bool is an int only for Python.
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise DecodeError(f"{where}: expected {getattr(origin or hint, '__name__', hint)}, got {_kind(value)}")


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__
