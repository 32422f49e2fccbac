import { UsageError } from "../errors.js";
import { chooseRuns } from "./choose.js";
import { experiments } from "./read-runs.js";
import type { ExperimentRow, StoredState } from "./rows.js";
import type { Store } from "./store.js";

/** A run of an experiment, and whether to retry it. */
export interface RetryRow {
  run: string;
  label: string;
  state: StoredState;
  numerics: number;
  /** The device of its newest attempt; null if the worker did not get that far. */
  device: string | null;
  /** 1: its newest attempt failed, ran out of memory or was lost; or it was tried again after that, and stopped. */
  again: number;
}

/**
 * The runs of `what` to retry, and the experiment that they belong to. Without `what`, those of the newest experiment
 * that has any. Throws UsageError if there are none, or if no experiment has them all.
 */
export function retryRuns(store: Store, what: readonly string[]): { experiment: ExperimentRow; runs: RetryRow[] } {
  const all = experiments(store);
  if (what.length === 0) {
    for (const experiment of all) {
      const runs = rowsOf(store, experiment.id).filter(({ again }) => again === 1);
      if (runs.length > 0) return { experiment, runs };
    }
    throw new UsageError("NOTHING_TO_RETRY", "no run has failed or was lost", "lor2c ls shows the state of every run");
  }
  const chosen = what.map((one) => chooseRuns(store, one));
  const wanted = new Set(chosen.flatMap(({ runs }) => runs));
  // A stopped run is tried again also when it is named itself.
  const named = new Set(chosen.flatMap(({ experiment, runs }) => (experiment === null ? runs : [])));
  const meant = new Set(chosen.map(({ experiment }) => experiment?.id));
  const inOrder = [...all.filter(({ id }) => meant.has(id)), ...all.filter(({ id }) => !meant.has(id))];
  for (const experiment of inOrder) {
    const rows = rowsOf(store, experiment.id).filter(({ run }) => wanted.has(run));
    if (rows.length < wanted.size) continue;
    const runs = rows.filter(({ run, state, again }) => again === 1 || (named.has(run) && state === "stopped"));
    if (runs.length > 0) return { experiment, runs };
    throw nothingFailed(what, rows);
  }
  throw new UsageError(
    "RETRY_SEVERAL",
    `no experiment has all of ${what.join(", ")}`,
    "try them again one after the other",
  );
}

function nothingFailed(what: readonly string[], rows: readonly RetryRow[]): UsageError {
  const states = new Map<string, number>();
  for (const { state } of rows) states.set(state, (states.get(state) ?? 0) + 1);
  const found = [...states].map(([state, count]) => `${count} ${state.replaceAll("_", " ")}`).join(", ");
  return new UsageError(
    "NOTHING_TO_RETRY",
    `nothing of ${what.join(", ")} has failed or was lost (${found})`,
    "lor2c run SPEC trains what is planned or stopped; with --force also what is finished",
  );
}

/** Outcomes that are retried. A stopped run is retried only if the user names it. */
const FAILED = "'failed', 'out_of_memory', 'lost'";

/** The runs of an experiment with the state of their newest attempt, in the order of the spec. */
const rowsOf = (store: Store, experiment: number): RetryRow[] =>
  store
    .prepare(
      `SELECT c.run, c.label, v.state, v.numerics, e.device, min(c.position) AS position,
              v.state IN (${FAILED}) OR (v.state = 'stopped' AND EXISTS (
                SELECT 1 FROM attempts a WHERE a.run = c.run AND a.outcome IN (${FAILED}))) AS again
       FROM experiment_cells c JOIN v_runs v ON v.run = c.run
       LEFT JOIN environments e ON e.id = v.environment
       WHERE c.experiment = ? GROUP BY c.run ORDER BY position`,
    )
    .all(experiment) as RetryRow[];
