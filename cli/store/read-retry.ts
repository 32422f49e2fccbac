import { UsageError } from "../errors.js";
import { chooseRuns } from "./choose.js";
import { experiments } from "./read-runs.js";
import type { ExperimentRow, RunState } from "./rows.js";
import type { Store } from "./store.js";

/** A run whose newest attempt did not finish. */
export interface RetryRow {
  run: string;
  label: string;
  state: RunState;
  /** The device of its newest attempt; null if the worker did not get that far. */
  device: string | null;
}

/** States that are retried. A stopped run is retried only if the user names it. */
const FAILED: readonly RunState[] = ["failed", "out_of_memory", "lost"];

/**
 * The runs of `what` to retry, and the experiment that they belong to. Without `what`, those of the newest experiment
 * that has any. Throws UsageError if there are none, or if no experiment has them all.
 */
export function retryRuns(store: Store, what: readonly string[]): { experiment: ExperimentRow; runs: RetryRow[] } {
  const all = experiments(store);
  if (what.length === 0) {
    for (const experiment of all) {
      const runs = rowsOf(store, experiment.id).filter(({ state }) => FAILED.includes(state));
      if (runs.length > 0) return { experiment, runs };
    }
    throw new UsageError("NOTHING_TO_RETRY", "no run has failed or was lost", "lor2c ls shows the state of every run");
  }
  const wanted = new Map<string, boolean>();
  for (const one of what) {
    const { experiment, runs } = chooseRuns(store, one);
    for (const run of runs) wanted.set(run, experiment === null || wanted.get(run) === true);
  }
  const states = new Map<string, number>();
  for (const experiment of all) {
    const rows = rowsOf(store, experiment.id).filter(({ run }) => wanted.has(run));
    if (rows.length < wanted.size) continue;
    const runs = rows.filter(({ run, state }) => FAILED.includes(state) || (wanted.get(run) && state === "stopped"));
    if (runs.length > 0) return { experiment, runs };
    for (const { state } of rows) states.set(state, (states.get(state) ?? 0) + 1);
    const found = [...states].map(([state, count]) => `${count} ${state.replaceAll("_", " ")}`).join(", ");
    throw new UsageError(
      "NOTHING_TO_RETRY",
      `nothing of ${what.join(", ")} has failed or was lost (${found})`,
      "lor2c run SPEC trains what is planned or stopped; with --force also what is finished",
    );
  }
  throw new UsageError(
    "RETRY_SEVERAL",
    `no experiment has all of ${what.join(", ")}`,
    "try them again one after the other",
  );
}

/** Throws UsageError if the experiment was removed. */
export function experimentOf(store: Store, id: number): ExperimentRow {
  const found = experiments(store).find((experiment) => experiment.id === id);
  if (!found)
    throw new UsageError("EXPERIMENT_MISSING", `experiment ${id} was removed`, "lor2c run SPEC trains it anew");
  return found;
}

/** The runs of an experiment with the state of their newest attempt, in the order of the spec. */
const rowsOf = (store: Store, experiment: number): RetryRow[] =>
  store
    .prepare(
      `SELECT c.run, c.label, v.state, e.device FROM experiment_cells c JOIN v_runs v ON v.run = c.run
       LEFT JOIN environments e ON e.id = v.environment
       WHERE c.experiment = ? GROUP BY c.run ORDER BY min(c.position)`,
    )
    .all(experiment) as RetryRow[];
