import type { BundleRow } from "./rows.js";
import type { Store } from "./store.js";

/** The bundles in which these attempts were trained, each once. */
export function bundlesOf(store: Store, attemptIds: readonly number[]): BundleRow[] {
  return store
    .prepare(
      `SELECT * FROM bundles WHERE id IN (SELECT bundle FROM attempts WHERE id IN (SELECT value FROM json_each(?)))
       ORDER BY id`,
    )
    .all(JSON.stringify(attemptIds)) as BundleRow[];
}

/** How many runs were in the training that an attempt was part of; 0 if it never told. */
export function trainedTogether(store: Store, attemptId: number): number {
  return store
    .prepare("SELECT count(DISTINCT run) FROM attempts WHERE bundle = (SELECT bundle FROM attempts WHERE id = ?)")
    .pluck()
    .get(attemptId) as number;
}
