/** A wish to stop attempts, from another terminal: it waits in the database until their owner looks. */
import type { Store } from "./store.js";

/** Asks the owners of these attempts to stop them. Returns those that were running; a second wish changes nothing. */
export function requestStop(store: Store, attemptIds: readonly number[]): number[] {
  return store.write(() => {
    const ask = store.prepare(
      "UPDATE attempts SET stop_requested_at = coalesce(stop_requested_at, ?) WHERE id = ? AND outcome IS NULL",
    );
    const now = new Date().toISOString();
    return attemptIds.filter((id) => ask.run(now, id).changes === 1);
  });
}

/** Those of these attempts that are to stop. Reads only, so that an owner may ask every second. */
export function stopRequests(store: Store, attemptIds: readonly number[]): number[] {
  return store
    .prepare(
      `SELECT id FROM attempts WHERE id IN (SELECT value FROM json_each(?)) AND stop_requested_at IS NOT NULL
       AND outcome IS NULL ORDER BY id`,
    )
    .pluck()
    .all(JSON.stringify(attemptIds)) as number[];
}
