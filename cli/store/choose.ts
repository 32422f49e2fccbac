import { UsageError } from "../errors.js";
import { experiments } from "./read-runs.js";
import type { ExperimentRow } from "./rows.js";
import { findRun } from "./selector.js";
import type { Store } from "./store.js";

interface Chosen {
  /** Null when a single run was named. */
  experiment: ExperimentRow | null;
  /** Older experiments of the name that was given. */
  namesakes: ExperimentRow[];
  runs: string[];
}

/**
 * Finds the runs that `what` names. An experiment's name wins over its number, and its number over a prefix of a run's
 * id. Throws UsageError when nothing matches.
 */
export function chooseRuns(store: Store, what: string): Chosen {
  const all = experiments(store);
  const named = all.find(({ name }) => name === what) ?? all.find(({ id }) => String(id) === what);
  if (named) {
    const namesakes = all.filter((other) => other.name === what && other !== named);
    return { experiment: named, namesakes, runs: runsOf(store, named.id) };
  }
  try {
    return { experiment: null, namesakes: [], runs: [findRun(store, what).id] };
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== "RUN_NOT_FOUND") throw error;
    const names = [...new Set(all.map(({ name }) => name))].slice(0, 8);
    const hint = [error.hint, `the newest experiments are: ${names.join(", ") || "none"}`].filter(Boolean).join("\n");
    throw new UsageError("RUN_NOT_FOUND", `${error.message}, and no experiment has this name or number`, hint);
  }
}

/** In the order of the spec, each run once, although several combinations can be the same run. */
export const runsOf = (store: Store, experiment: number): string[] =>
  store
    .prepare("SELECT run FROM experiment_cells WHERE experiment = ? GROUP BY run ORDER BY min(position)")
    .pluck()
    .all(experiment) as string[];
