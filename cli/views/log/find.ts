import { join } from "node:path";
import { RUN_LOG, WORKER_LOG } from "../../attempt-files.js";
import { UsageError } from "../../errors.js";
import { findRun, getAttempts } from "../../store/read.js";
import type { Store } from "../../store/store.js";

export interface AttemptLog {
  /** Id of the run. */
  run: string;
  attempt: number;
  file: string;
  /** Whether the attempt has ended, so that the log is complete. */
  over: boolean;
}

/** The log of a run's newest attempt: the runner's, or what the worker wrote to stderr. */
export function findLog(store: Store, selector: string, worker: boolean): AttemptLog {
  const run = findRun(store, selector);
  const attempt = getAttempts(store, run.id).at(-1);
  if (!attempt) throw new UsageError("NOT_STARTED", `run ${run.id} (${run.label}) has not been started`);
  const file = store.results.contain(join(attempt.folder, worker ? WORKER_LOG : RUN_LOG));
  return { run: run.id, attempt: attempt.id, file, over: attempt.outcome !== null };
}
