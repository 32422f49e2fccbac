import type { BenchmarkResult, EvaluationEvent } from "../evaluate/report.js";
import type { AlertRow, NextStart } from "../store/read.js";
import type { JobListener, JobModel } from "./model.js";
import type { RunState } from "./run-state.js";
import type { TimeLeft } from "./time-left.js";

/** One run of the plan, as it is before anything has started. */
export interface PlanCell {
  id: string;
  label: string;
  /** Trainable parameters of the method, without the head. */
  trainableParameters: number;
  headParameters: number;
  /** `finished` if it is stored as finished, so that nothing is to do. */
  state: RunState;
  totalSteps: number;
}

export interface JobPlan {
  /** Name of the experiment, and its row in the database. */
  name: string;
  experiment: number;
  dbPath: string;
  cells: PlanCell[];
  invalid: InvalidRuns[];
  /** Workers at the same time, on all devices together. */
  jobs: number;
  /** `cpu`, or the GPUs that train. */
  devices: string[];
}

/** Cells of the spec that cannot run for one reason. */
export interface InvalidRuns {
  reason: string;
  labels: string[];
}

/** Why a run did not finish. */
export interface CellError {
  type: string;
  message: string;
  /** Last lines that the worker wrote to stderr; empty when there are none. */
  stderrTail: string[];
  logFile: string;
}

/** One row of the summary. Null means unknown, because the run did not get that far. */
export interface CellSummary {
  id: string;
  label: string;
  method: string;
  state: RunState;
  scoreName: string | null;
  bestScore: number | null;
  bestEpoch: number | null;
  lastScore: number | null;
  /** The spec's `train.report_epoch`, and the score after it. */
  reportEpoch: number | null;
  fixedScore: number | null;
  /** The rows that chose the best epoch. */
  chosenOn: "eval" | "holdout" | null;
  /** Whether the predictions of the best epoch are all alike. */
  collapsed: boolean;
  /** That prediction: a label, or a number; null where it was not told. */
  collapsedTo: string | null;
  majorityScore: number | null;
  trainableParameters: number | null;
  headParameters: number | null;
  /** Seconds of everything: loading, training, evaluating, checking the saved adapter. */
  seconds: number | null;
  /** Real (non-padding) tokens per second of training time. */
  tokensPerSecond: number | null;
  /** Where it begins when it is trained again; null if it is finished, or not this job's to train. */
  next: NextStart | null;
  error?: CellError;
}

/** The scores of runs that differ only in seed, split or folds of the rows. */
export interface Repeats {
  /** What these runs have in common among the keys that vary; empty if all runs are repeats of one. */
  label: string;
  /** The keys in which they differ. */
  over: string[];
  scoreName: string;
  /** How many of the runs have no score (yet). */
  missing: number;
  scores: number[];
}

/** One benchmark of one run. Without a score, `state` and `message` say why. */
export interface EvaluationSummary {
  run: string;
  label: string;
  protocol: string;
  /** Null: the run could not be evaluated at all. */
  benchmark: string | null;
  state: BenchmarkResult["state"];
  message: string | null;
  score: number | null;
  standardError: number | null;
  rows: number | null;
  allRows: number | null;
  shots: number | null;
  decoding: string | null;
  seconds: number | null;
  /** What a reader of the score must know. */
  notes: string[];
}

/** Something about these runs that deserves a look; docs/runs.md lists the kinds. */
export interface JobAlert extends Pick<AlertRow, "kind" | "level" | "message" | "step" | "epoch"> {
  runs: readonly string[];
  /** One label for all of them. */
  label: string;
}

export interface JobSummary {
  name: string;
  experiment: number;
  dbPath: string;
  outcome: "finished" | "failed" | "interrupted";
  /** The option with which the same command begins every run at zero again. */
  again: "--force" | "--from-scratch" | null;
  cells: CellSummary[];
  /** Whether the scores of the cells that have one are of the same rows, so that a best one means something. */
  sameRows: boolean;
  /** Runs that differ only in seed, split or folds. */
  repeats: Repeats[];
  /** Cells that cannot run. A job that has any did not do everything that was asked. */
  invalid: InvalidRuns[];
  /** Scores of benchmarks after training, in the order of the runs; none without `evaluate` in the spec. */
  evaluations: EvaluationSummary[];
  /** Alerts of this job's runs, those of one kind and message together. */
  alerts: JobAlert[];
  /** Notes on several runs, each once, e.g. the subset of rows that was used. */
  notes: string[];
  /** Wall time of this command. */
  seconds: number;
}

/**
 * Shows a job while it runs: the full screen, plain lines, or NDJSON. `begin` comes first, `end` or `abort` last. There
 * is no call per run, because a bundle may have thousands.
 */
export interface Reporter extends JobListener {
  /** `model` is up to date at every later call. */
  begin(plan: JobPlan, model: JobModel): void;
  message(level: "info" | "warn" | "error", text: string): void;
  /** An alert was stored. Other calls have told most of what it is about. */
  alert?(alert: JobAlert): void;
  /** What happens after training, where the spec has `evaluate`. */
  evaluation?(event: EvaluationEvent): void;
  /** About once a second. */
  timeLeft?(left: TimeLeft): void;
  /** Resolves when everything is shown and the terminal is as it was. */
  end(summary: JobSummary): Promise<void> | void;
  /** Instead of `end` when an error ends the command: restores the terminal, so that the error can be printed. */
  abort?(): Promise<void> | void;
}
