import type { Outcome } from "../protocol/messages.js";

export type RunState = "planned" | "running" | Outcome;

/** One line of `v_runs`: a run with its current attempt (the newest finished one, else the newest). */
export interface RunRow {
  id: string;
  label: string;
  model: string;
  task: string;
  method: string;
  seed: number;
  state: RunState;
  score_name: string | null;
  best_score: number | null;
  best_epoch: number | null;
  last_score: number | null;
  majority_score: number | null;
  /** At the start of training; `final_trainable_parameters` after the last change of structure. */
  trainable_parameters: number | null;
  final_trainable_parameters: number | null;
  head_parameters: number | null;
  total_parameters: number | null;
  train_rows: number | null;
  eval_rows: number | null;
  total_steps: number | null;
  num_epochs: number | null;
  train_seconds: number | null;
  total_seconds: number | null;
  train_tokens: number | null;
  tokens_per_second: number | null;
  peak_memory: number | null;
  started_at: string | null;
  ended_at: string | null;
  error_type: string | null;
  message: string | null;
  learning_rate: number | null;
  batch_size: number | null;
  precision: string | null;
  max_length: number | null;
  created_at: string;
  /** Number, row id and folder (relative to the database) of the current attempt; null when only planned. */
  attempt: number | null;
  attempt_id: number | null;
  folder: string | null;
  environment: number | null;
  attempts: number;
  /** Number of the attempt in training, also when the current one is an older, finished one. */
  running_attempt: number | null;
  chosen_on: "eval" | "holdout" | null;
  chosen_score: number | null;
  eval_best_score: number | null;
  eval_best_epoch: number | null;
  /** What choosing on the evaluation rows would have added; null when they chose. */
  optimism: number | null;
  collapsed: 0 | 1 | null;
  report_epoch: number | null;
  /** Score after `report_epoch`; null when none is fixed, or it was not reached. */
  fixed_score: number | null;
  /** Only of a list that was asked for an epoch's score. */
  epoch_score?: number | null;
}

export interface AttemptRow {
  id: number;
  run: string;
  number: number;
  state: RunState;
  outcome: Outcome | null;
  started_at: string;
  ended_at: string | null;
  /** Who trains it: a kind, and what that kind knows it by; `describeOwner` says it in words. */
  owner_kind: string;
  owner: string;
  heartbeat_at: string;
  lease_until: string;
  /** Absolute. */
  folder: string;
  /** Name of the folder of checkpoints that its worker uses. */
  checkpoint: string | null;
  stop_requested_at: string | null;
  environment: number | null;
  last_seq: number;
  trainable_parameters: number | null;
  final_trainable_parameters: number | null;
  head_parameters: number | null;
  total_parameters: number | null;
  train_rows: number | null;
  eval_rows: number | null;
  total_steps: number | null;
  num_epochs: number | null;
  initial_weights: string | null;
  score_name: string | null;
  best_score: number | null;
  best_epoch: number | null;
  last_score: number | null;
  chosen_on: "eval" | "holdout" | null;
  chosen_score: number | null;
  eval_best_score: number | null;
  eval_best_epoch: number | null;
  collapsed: 0 | 1 | null;
  majority_score: number | null;
  train_seconds: number | null;
  total_seconds: number | null;
  train_tokens: number | null;
  tokens_per_second: number | null;
  peak_memory: number | null;
  stopped_at_step: number | null;
  bundle: number | null;
  /** Bytes of its folder when it ended. */
  disk_bytes: number | null;
  resumed_step: number | null;
  error_type: string | null;
  message: string | null;
  traceback: string | null;
}

/** What a run was expected to take, likely and at least and at most, and what that rests on. */
export interface ForecastRow {
  run: string;
  made_at: string;
  seconds: number;
  seconds_low: number;
  seconds_high: number;
  seconds_basis: "alike" | "model" | "device" | "rule";
  /** Stored trainings that it rests on. */
  seconds_trainings: number;
  disk_bytes: number;
  memory: number;
  memory_low: number;
  memory_high: number;
  memory_basis: "alike" | "model" | "device" | "rule";
  memory_trainings: number;
  train_work: number;
}

/** Runs that were trained together as one tree. */
export interface BundleRow {
  id: number;
  lane_epochs: number;
  cell_epochs: number;
  lanes: number;
  lane_width: number;
  forks: number;
  longest_fork_seconds: number;
  train_seconds: number;
  evaluate_seconds: number;
  cpu_seconds: number;
  peak_memory: number;
  trained_at: string;
}

export interface MetricRow {
  split: string;
  name: string;
  step: number;
  epoch: number;
  /** Null when it was not a finite number; `diverged` is 1 then. */
  value: number | null;
  diverged: 0 | 1;
}

export interface EpochScoreRow {
  step: number;
  epoch: number;
  score: number | null;
  loss: number | null;
}

export interface ChangeRow {
  seq: number;
  kind: string;
  step: number;
  epoch: number;
  span_start: number;
  span_end: number;
  source: number;
  score: number | null;
  margin: number | null;
  scores_from_epoch: number;
  trainable_parameters: number;
  detail: string;
}

export interface ModuleScoreRow {
  score_name: string;
  step: number;
  epoch: number;
  span_start: number;
  span_end: number;
  kind: string;
  score: number | null;
  trainable_parameters: number;
}

export interface RankRow {
  module: string;
  step: number;
  epoch: number;
  rank: number;
}

export interface ArtifactRow {
  kind: string;
  /** Absolute. */
  path: string;
  bytes: number;
  sha256: string;
}

export interface EnvironmentRow {
  id: number;
  worker_version: string;
  protocol: number;
  python: string;
  platform: string;
  device: string;
  device_description: string;
  device_memory: number;
  device_bf16: 0 | 1;
  git_commit: string | null;
  git_dirty: 0 | 1 | null;
  packages: Record<string, string>;
}

export interface ExperimentRow {
  id: number;
  name: string;
  spec_file: string | null;
  spec_text: string;
  /** JSON list of what the command line changed, as after `--set`. */
  sets: string;
  created_at: string;
  last_run_at: string;
  cells: number;
  finished: number;
  running: number;
}

export interface ExperimentCellRow {
  position: number;
  run: string;
  label: string;
  axes: Record<string, number | string | null>;
}

/** A run of an experiment as a grid needs it. `value` and `so_far` are of the asked metric. */
export interface GridCellRow {
  position: number;
  run: string;
  label: string;
  axes: Record<string, number | string | null>;
  model: string;
  task: string;
  method: string;
  seed: number;
  state: RunState;
  /** An attempt is in training, also when an older one is finished. */
  running: 0 | 1;
  score_name: string | null;
  majority_score: number | null;
  /** Of the current attempt, when it is finished; null also when it was not a finite number. */
  value: number | null;
  /** Newest evaluation of the attempt in training. */
  so_far: number | null;
  settings: Record<string, unknown>;
  /** Changes of structure of the current attempt, as text that is equal for equal changes. */
  changes: string;
  error_type: string | null;
}

/** A combination of a sweep that is no run. */
export interface LeftOutRow {
  axes: Record<string, number | string | null>;
  reason: string;
}

/** An axis of an experiment: it has several values. */
export interface AxisRow {
  experiment: number;
  name: string;
  axis: string;
  /** All of its values are numbers. */
  numeric: 0 | 1;
}
