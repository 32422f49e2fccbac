import { UsageError } from "../../errors.js";
import { baselines } from "../../store/marks.js";
import { findRun } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import type { Fold } from "./fold.js";

/**
 * The row of each set that the others are compared with, null for a set without one: what `wanted` means, a row's name
 * or a run, else the row that has a stored baseline. Throws UsageError if `wanted` is in none of them.
 */
export function baselinesOf(store: Store, wanted: string | undefined, sets: readonly Fold[][]): (Fold | null)[] {
  const rowOf = (ids: ReadonlySet<string>) =>
    sets.map((folds) => folds.find(({ runs }) => runs.some(({ id }) => ids.has(id))) ?? null);
  if (wanted === undefined) return rowOf(new Set(baselines(store).map(({ id }) => id)));
  const byName = sets.map((folds) => folds.find(({ name }) => name === wanted) ?? null);
  if (byName.some((fold) => fold !== null)) return byName;
  const names = [...new Set(sets.flat().map(({ name }) => name))].slice(0, MOST_NAMES);
  const hint = `the rows are: ${names.join(", ")}`;
  const found = rowOf(new Set([runNamed(store, wanted, hint)]));
  if (found.some((fold) => fold !== null)) return found;
  throw new UsageError("BASELINE_UNKNOWN", `the baseline ${wanted} is not among the compared runs`, hint);
}

const MOST_NAMES = 12;

function runNamed(store: Store, wanted: string, hint: string): string {
  try {
    return findRun(store, wanted).id;
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== "RUN_NOT_FOUND") throw error;
    throw new UsageError("BASELINE_UNKNOWN", `there is no row and no run ${wanted} to compare with`, hint);
  }
}
