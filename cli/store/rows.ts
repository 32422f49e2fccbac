/**
 * What the readers return, as schemas from which the types are inferred. Only rows.test.ts uses them at run time, to
 * compare each with what its reader selects.
 */
import { z } from "zod";
import { keep } from "../spec/keep-schema.js";
import { basis, flag, number, Outcome, rows, StoredState, text } from "./columns.js";

export type { StoredState } from "./columns.js";
export type * from "./experiment-rows.js";

/** One line of `v_runs`: a run with its current attempt (the newest finished one, else the newest). */
export const RunRow = z.strictObject({
  id: text,
  label: text,
  model: text,
  task: text,
  method: text,
  seed: number,
  state: StoredState,
  score_name: text.nullable(),
  best_score: number.nullable(),
  best_epoch: number.nullable(),
  last_score: number.nullable(),
  majority_score: number.nullable(),
  /** At the start of training; `final_trainable_parameters` counts after the last structural change. */
  trainable_parameters: number.nullable(),
  final_trainable_parameters: number.nullable(),
  head_parameters: number.nullable(),
  total_parameters: number.nullable(),
  train_rows: number.nullable(),
  eval_rows: number.nullable(),
  total_steps: number.nullable(),
  num_epochs: number.nullable(),
  train_seconds: number.nullable(),
  total_seconds: number.nullable(),
  train_tokens: number.nullable(),
  tokens_per_second: number.nullable(),
  peak_memory: number.nullable(),
  started_at: text.nullable(),
  ended_at: text.nullable(),
  error_type: text.nullable(),
  message: text.nullable(),
  learning_rate: number.nullable(),
  batch_size: number.nullable(),
  precision: text.nullable(),
  max_length: number.nullable(),
  created_at: text,
  /** Number, row id and folder (relative to the database) of the current attempt; null when only planned. */
  attempt: number.nullable(),
  attempt_id: number.nullable(),
  folder: text.nullable(),
  environment: number.nullable(),
  attempts: number,
  /** Number of the attempt in training, even if the current one is an older, finished one. */
  running_attempt: number.nullable(),
  chosen_on: rows.nullable(),
  chosen_score: number.nullable(),
  eval_best_score: number.nullable(),
  eval_best_epoch: number.nullable(),
  /** How much better the score would be if the evaluation rows chose the epoch; null if they did. */
  optimism: number.nullable(),
  collapsed: flag.nullable(),
  report_epoch: number.nullable(),
  /** Score after `report_epoch`; null if none is fixed, or the run did not reach it. */
  fixed_score: number.nullable(),
  /** Which numbers the worker computes, see m008; scores of different ones are not compared. */
  numerics: number,
  /** Where the rows of `classify` and `regress` come from; scores on different ones are not compared. */
  own_rows: text.nullable(),
  mean_memory: number.nullable(),
  p99_memory: number.nullable(),
  /** From 0 to 1. */
  mean_utilization: number.nullable(),
  max_utilization: number.nullable(),
  cpu_seconds: number.nullable(),
  /** Joules. */
  energy: number.nullable(),
  /** Seconds that these numbers are of. */
  usage_seconds: number.nullable(),
  /** What users said about it, see marks.ts. */
  tags: z.array(text),
  /** Kinds of alerts of the current attempt, the most serious first. */
  alerts: z.array(text),
  note: text.nullable(),
  /** Whether it is the baseline of its model, task and rows. */
  baseline: flag,
  /** Only in a list for which an epoch's score was asked. */
  epoch_score: number.nullable().optional(),
});
export type RunRow = z.infer<typeof RunRow>;

export const AttemptRow = z.strictObject({
  id: number,
  run: text,
  number: number,
  state: StoredState,
  outcome: Outcome.nullable(),
  started_at: text,
  ended_at: text.nullable(),
  /** Who trains it: a kind, and an id that this kind understands; `describeOwner` makes a text of both. */
  owner_kind: text,
  owner: text,
  heartbeat_at: text,
  lease_until: text,
  /** Absolute. */
  folder: text,
  /** Name of the folder of checkpoints that its worker uses. */
  checkpoint: text.nullable(),
  stop_requested_at: text.nullable(),
  environment: number.nullable(),
  last_seq: number,
  trainable_parameters: number.nullable(),
  final_trainable_parameters: number.nullable(),
  head_parameters: number.nullable(),
  total_parameters: number.nullable(),
  train_rows: number.nullable(),
  eval_rows: number.nullable(),
  total_steps: number.nullable(),
  num_epochs: number.nullable(),
  initial_weights: text.nullable(),
  /** SHA-256 over the rows of all batches in order; null for runs from before it was stored. */
  batch_order: text.nullable(),
  score_name: text.nullable(),
  best_score: number.nullable(),
  best_epoch: number.nullable(),
  last_score: number.nullable(),
  chosen_on: rows.nullable(),
  chosen_score: number.nullable(),
  eval_best_score: number.nullable(),
  eval_best_epoch: number.nullable(),
  collapsed: flag.nullable(),
  /** The one prediction of a collapsed run, and the share of the evaluation rows that it is right for. */
  collapsed_to: text.nullable(),
  collapsed_share: number.nullable(),
  majority_score: number.nullable(),
  train_seconds: number.nullable(),
  total_seconds: number.nullable(),
  train_tokens: number.nullable(),
  tokens_per_second: number.nullable(),
  peak_memory: number.nullable(),
  stopped_at_step: number.nullable(),
  bundle: number.nullable(),
  numerics: number,
  /** Bytes of its folder when the attempt ended. */
  mean_memory: number.nullable(),
  p99_memory: number.nullable(),
  mean_utilization: number.nullable(),
  max_utilization: number.nullable(),
  cpu_seconds: number.nullable(),
  energy: number.nullable(),
  usage_seconds: number.nullable(),
  disk_bytes: number.nullable(),
  resumed_step: number.nullable(),
  /** Which adapters its experiment was to keep then. */
  keep_adapters: keep.shape.adapters,
  error_type: text.nullable(),
  message: text.nullable(),
  traceback: text.nullable(),
});
export type AttemptRow = z.infer<typeof AttemptRow>;

/** The forecast cost of a run: the likely value, the bounds, and what the forecast is based on. */
export const ForecastRow = z.strictObject({
  run: text,
  made_at: text,
  seconds: number,
  seconds_low: number,
  seconds_high: number,
  seconds_basis: basis,
  /** How many stored trainings it is based on. */
  seconds_trainings: number,
  disk_bytes: number,
  memory: number,
  memory_low: number,
  memory_high: number,
  memory_basis: basis,
  memory_trainings: number,
  train_work: number,
});
export type ForecastRow = z.infer<typeof ForecastRow>;

/** Runs that were trained together as one tree. */
export const BundleRow = z.strictObject({
  id: number,
  lane_epochs: number,
  cell_epochs: number,
  lanes: number,
  lane_width: number,
  forks: number,
  longest_fork_seconds: number,
  train_seconds: number,
  evaluate_seconds: number,
  cpu_seconds: number,
  peak_memory: number,
  /** Joules. */
  energy: number.nullable(),
  trained_at: text,
});
export type BundleRow = z.infer<typeof BundleRow>;

export const MetricRow = z.strictObject({
  split: text,
  name: text,
  step: number,
  epoch: number,
  /** Null if the value was not a finite number; `diverged` is 1 then. */
  value: number.nullable(),
  diverged: flag,
});
export type MetricRow = z.infer<typeof MetricRow>;

export const EpochScoreRow = z.strictObject({
  step: number,
  epoch: number,
  score: number.nullable(),
  loss: number.nullable(),
});
export type EpochScoreRow = z.infer<typeof EpochScoreRow>;

export const ChangeRow = z.strictObject({
  seq: number,
  kind: text,
  step: number,
  epoch: number,
  span_start: number,
  span_end: number,
  source: number,
  score: number.nullable(),
  margin: number.nullable(),
  scores_from_epoch: number,
  trainable_parameters: number,
  detail: text,
});
export type ChangeRow = z.infer<typeof ChangeRow>;

export const ModuleScoreRow = z.strictObject({
  score_name: text,
  step: number,
  epoch: number,
  span_start: number,
  span_end: number,
  kind: text,
  score: number.nullable(),
  trainable_parameters: number,
});
export type ModuleScoreRow = z.infer<typeof ModuleScoreRow>;

export const RankRow = z.strictObject({
  module: text,
  step: number,
  epoch: number,
  rank: number,
});
export type RankRow = z.infer<typeof RankRow>;

export const ArtifactRow = z.strictObject({
  kind: text,
  /** Absolute. */
  path: text,
  bytes: number,
  sha256: text,
  /** When its files were deleted, because a spec does not keep them; null: they were not. */
  deleted_at: text.nullable(),
  deleted_because: text.nullable(),
});
export type ArtifactRow = z.infer<typeof ArtifactRow>;

export const EnvironmentRow = z.strictObject({
  id: number,
  worker_version: text,
  protocol: number,
  python: text,
  platform: text,
  device: text,
  device_description: text,
  device_memory: number,
  device_bf16: flag,
  git_commit: text.nullable(),
  git_dirty: flag.nullable(),
  /** SHA-256 of what differed from the commit; its text is in `git_diffs`. */
  git_diff: text.nullable(),
  packages: z.record(text, text),
  variables: z.record(text, text),
  /** Processor, instruction set, threads, CUDA, driver, ...; empty for runs from before it was stored. */
  computing: z.record(text, text),
});
export type EnvironmentRow = z.infer<typeof EnvironmentRow>;
