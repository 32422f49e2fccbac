import type { Executor } from "../executors/executor.js";
import type { PlannedCell } from "../plan/cell.js";
import type { Device } from "../plan/forecast/kind.js";
import type { EvaluationRequest } from "../spec/evaluate-schema.js";
import type { Keep } from "../spec/keep-schema.js";
import type { Store } from "../store/store.js";
import type { Alerts } from "./alerts.js";
import type { FailuresAlike } from "./failures-alike.js";
import type { Heartbeats } from "./heartbeats.js";
import type { Interrupts } from "./interrupt.js";
import type { LiveState } from "./live-state.js";
import type { JobModel } from "./model.js";
import type { Patience } from "./patience.js";
import type { EvaluationSummary, InvalidRuns, Reporter } from "./reporter.js";
import type { RunLogs } from "./run-logs.js";
import type { StopWatch } from "./stop-watch.js";

/** The running of a plan: what it trains, and what training its bundles needs. */
export interface Job {
  /** Name of the experiment, and its row in the database. */
  name: string;
  experiment: number;
  cells: readonly PlannedCell[];
  invalid: InvalidRuns[];
  /** What is evaluated after training; null: nothing. */
  evaluate: EvaluationRequest | null;
  /** Which files stay, and how many adapters were deleted so far because of that. */
  keep: Keep;
  droppedAdapters: number;
  /** What the evaluation has given so far. */
  evaluations: EvaluationSummary[];
  /** Notes on several runs, for the summary. */
  notes: string[];
  store: Store;
  executor: Executor;
  /** Where workers train: its memory limits the lanes of a bundle. */
  device: Device;
  reporter: Reporter;
  model: JobModel;
  logs: RunLogs;
  interrupts: Interrupts;
  heartbeats: Heartbeats;
  live: LiveState;
  stops: StopWatch;
  alerts: Alerts;
  patience: Patience;
  alike: FailuresAlike;
  /** Ends the job, because it cannot store its results. */
  fail: (error: unknown) => void;
  /** The error that ended the job. */
  fault: unknown;
  /** Train finished runs again, and ignore checkpoints. */
  force: boolean;
  /** Ignore checkpoints. */
  fromScratch: boolean;
  /** No further run starts after this many failures. */
  maxFailures: number;
  /** Failed runs, which start from the beginning: from their checkpoint they would fail again. */
  fromZero: ReadonlySet<string>;
}

/** Whether another run may start: there is no interrupt, and not too many runs have failed. */
export const mayBegin = ({ interrupts, model, maxFailures }: Pick<Job, "interrupts" | "model" | "maxFailures">) =>
  interrupts.urgency === null && model.failures < maxFailures;
