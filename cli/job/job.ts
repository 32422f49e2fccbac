import type { Executor } from "../executors/executor.js";
import type { Store } from "../store/store.js";
import type { Heartbeats } from "./heartbeats.js";
import type { Interrupts } from "./interrupt.js";
import type { JobModel } from "./model.js";
import type { Patience } from "./patience.js";
import type { Reporter } from "./reporter.js";
import type { RunLogs } from "./run-logs.js";
import type { StopWatch } from "./stop-watch.js";

/** The running of a plan: what training its bundles needs. */
export interface Job {
  store: Store;
  executor: Executor;
  reporter: Reporter;
  model: JobModel;
  logs: RunLogs;
  interrupts: Interrupts;
  heartbeats: Heartbeats;
  stops: StopWatch;
  patience: Patience;
  /** Ends the job: no run can be stored any more. */
  fail: (error: unknown) => void;
  force: boolean;
  /** Nothing new is begun once so many runs have failed. */
  maxFailures: number;
  /** Runs that failed: going on from their checkpoint would only lead there again. */
  fromZero: ReadonlySet<string>;
}

/** Something new may begin: nobody wants an end, and not too much has failed. */
export const mayBegin = ({ interrupts, model, maxFailures }: Pick<Job, "interrupts" | "model" | "maxFailures">) =>
  interrupts.urgency === null && model.failures < maxFailures;
