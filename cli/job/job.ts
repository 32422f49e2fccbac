import type { Executor } from "../executors/executor.js";
import type { PlannedCell } from "../plan/cell.js";
import type { Store } from "../store/store.js";
import type { FailuresAlike } from "./failures-alike.js";
import type { Heartbeats } from "./heartbeats.js";
import type { Interrupts } from "./interrupt.js";
import type { JobModel } from "./model.js";
import type { Patience } from "./patience.js";
import type { InvalidRuns, Reporter } from "./reporter.js";
import type { RunLogs } from "./run-logs.js";
import type { StopWatch } from "./stop-watch.js";

/** The running of a plan: what it trains, and what training its bundles needs. */
export interface Job {
  /** Name of the experiment, and its row in the database. */
  name: string;
  experiment: number;
  cells: readonly PlannedCell[];
  invalid: InvalidRuns[];
  /** What holds for several runs, for the closing table. */
  notes: string[];
  store: Store;
  executor: Executor;
  reporter: Reporter;
  model: JobModel;
  logs: RunLogs;
  interrupts: Interrupts;
  heartbeats: Heartbeats;
  stops: StopWatch;
  patience: Patience;
  alike: FailuresAlike;
  /** Ends the job: without its store it trains for nothing. */
  fail: (error: unknown) => void;
  /** What it was ended by so. */
  fault: unknown;
  /** Train finished runs again, and take no notice of checkpoints. */
  force: boolean;
  /** Nothing new is begun once so many runs have failed. */
  maxFailures: number;
  /** Runs that failed: going on from their checkpoint would only lead there again. */
  fromZero: ReadonlySet<string>;
}

/** Something new may begin: nobody wants an end, and not too much has failed. */
export const mayBegin = ({ interrupts, model, maxFailures }: Pick<Job, "interrupts" | "model" | "maxFailures">) =>
  interrupts.urgency === null && model.failures < maxFailures;
