import type { JobListener, JobModel } from "./model.js";
import type { RunState } from "./run-state.js";

/** One run of the plan, as it is before anything has started. */
export interface PlanCell {
  id: string;
  label: string;
  /** Of the method, without the head. */
  trainableParameters: number;
  headParameters: number;
  /** `finished` when the store has it already and nothing is to be done. */
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

/** Runs of the spec that cannot be trained, by the reason. */
export interface InvalidRuns {
  reason: string;
  labels: string[];
}

/** How far the whole job is. */
export interface TimeLeft {
  /** Of what this command has to train, 0 to 1; what was stopped is not done. */
  fraction: number;
  /** Until the last of its workers is done; null until a step has been measured, or when only others train. */
  secondsLeft: number | null;
}

/** Why a run did not finish. */
export interface CellError {
  type: string;
  message: string;
  /** Last lines that the worker wrote to stderr; empty when there are none. */
  stderrTail: string[];
  logFile: string;
}

/** One row of the closing table. Null: not known, because the run did not come that far. */
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
  /** The predictions of the best epoch are all alike. */
  collapsed: boolean;
  majorityScore: number | null;
  trainableParameters: number | null;
  headParameters: number | null;
  /** Of everything: loading, training, evaluating, checking the saved adapter. */
  seconds: number | null;
  /** Real (non-padding) tokens per second of training time. */
  tokensPerSecond: number | null;
  /** Not finished, and a checkpoint holds it: the same command goes on from there. */
  checkpoint: boolean;
  error?: CellError;
}

export interface JobSummary {
  name: string;
  experiment: number;
  dbPath: string;
  outcome: "finished" | "failed" | "interrupted";
  cells: CellSummary[];
  /** They are no cells; a job that has any did not do all that was asked for. */
  invalid: InvalidRuns[];
  /** What holds for several runs, once; e.g. the subset of rows that was used. */
  notes: string[];
  /** Wall time of this command. */
  seconds: number;
}

/**
 * What shows a job while it runs: the dashboard, plain lines, NDJSON. `begin` comes first, `end` or `abort` last. Nothing
 * is told once per run: a bundle may have thousands.
 */
export interface Reporter extends JobListener {
  /** `model` knows at every later call what the job is doing. */
  begin(plan: JobPlan, model: JobModel): void;
  message(level: "info" | "warn" | "error", text: string): void;
  /** About once a second. */
  timeLeft?(left: TimeLeft): void;
  /** Resolves when everything is shown and the terminal is as it was. */
  end(summary: JobSummary): Promise<void> | void;
  /** Instead of `end` when an error ends the command: gives the terminal back, for the error to be printed. */
  abort?(): Promise<void> | void;
}
