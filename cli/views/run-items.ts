/** The stored predictions of runs as rows that can be scored, for bootstraps over the evaluation rows. */
import { Lor2cError } from "../errors.js";
import { type Items, itemsOf } from "../stats/items.js";
import { loadPredictions, type Predictions } from "../store/predictions.js";
import { getRun } from "../store/read.js";
import type { Store } from "../store/store.js";

/** A run's rows, or why there are none to compare. */
export type ItemsOfRun = (run: string) => Items | string;

/**
 * Reads each run's predictions once, when they are asked for. They are those after the run's best epoch, and are of use
 * only if they give the stored score, and if all runs were scored on the rows of the first one.
 */
export function runItems(store: Store): ItemsOfRun {
  const known = new Map<string, Items | string>();
  let first: Predictions | undefined;
  return (id) => {
    const found = known.get(id) ?? read(id);
    known.set(id, found);
    return found;
  };

  function read(id: string): Items | string {
    const run = getRun(store, id);
    if (!run) return `run ${id.slice(0, 8)} is gone`;
    let stored: Predictions;
    try {
      stored = loadPredictions(store, run);
    } catch (error) {
      if (!(error instanceof Lor2cError)) throw error;
      return `run ${id.slice(0, 8)} has no predictions that can be read`;
    }
    first ??= stored;
    if (!sameRows(first, stored)) return `run ${id.slice(0, 8)} was scored on other rows`;
    const items = itemsOf(stored);
    if (typeof items === "string") return items;
    const own = items.score(Array.from({ length: items.rows }, (_, row) => row));
    const differs = run.best_score === null || Math.abs(own - run.best_score) > 1e-6;
    return differs ? `the predictions of run ${id.slice(0, 8)} give another score than the stored one` : items;
  }
}

const sameRows = (one: Predictions, other: Predictions): boolean =>
  one.data === other.data &&
  one.score === other.score &&
  one.rows === other.rows &&
  one.row.every((row, at) => row === other.row[at]);
