/** Requests from another terminal to stop attempts or a whole experiment. The owners read them from the database. */
import { describeOwner } from "./owners/index.js";
import type { Store } from "./store.js";

/**
 * Asks the owners of these attempts to stop them. Returns those that were running; a second request changes nothing.
 */
export function requestStop(store: Store, attemptIds: readonly number[]): number[] {
  return store.write(() => {
    const ask = store.prepare(
      "UPDATE attempts SET stop_requested_at = coalesce(stop_requested_at, ?) WHERE id = ? AND outcome IS NULL",
    );
    const now = new Date().toISOString();
    return attemptIds.filter((id) => ask.run(now, id).changes === 1);
  });
}

/** Returns which of these attempts are to stop. Does not write, so an owner can ask every second. */
export function stopRequests(store: Store, attemptIds: readonly number[]): number[] {
  return store
    .prepare(
      `SELECT id FROM attempts WHERE id IN (SELECT value FROM json_each(?)) AND stop_requested_at IS NOT NULL
       AND outcome IS NULL ORDER BY id`,
    )
    .pluck()
    .all(JSON.stringify(attemptIds)) as number[];
}

/**
 * Asks every job that trains this experiment to end. Without this, stopping its attempts would only make room for the
 * next ones.
 */
export function requestExperimentStop(store: Store, experiment: number): void {
  store.write(() => {
    store
      .prepare("UPDATE experiments SET stop_requested_at = ? WHERE id = ?")
      .run(new Date().toISOString(), experiment);
  });
}

/**
 * When somebody last asked to stop the experiment. A job compares this with the value at its own start, because an
 * older request was not meant for it.
 */
export function experimentStopRequest(store: Store, experiment: number): string | null {
  const when = store.prepare("SELECT stop_requested_at FROM experiments WHERE id = ?").pluck().get(experiment);
  return (when as string | null | undefined) ?? null;
}

/** The same of all experiments that have one of these runs: when somebody last asked to stop any of them. */
export function stopRequestOfRuns(store: Store, runs: readonly string[]): string | null {
  return store
    .prepare(
      `SELECT max(stop_requested_at) FROM experiments WHERE id IN (
         SELECT experiment FROM experiment_cells WHERE run IN (SELECT value FROM json_each(?)))`,
    )
    .pluck()
    .get(JSON.stringify(runs)) as string | null;
}

export interface RunningOfRun {
  attempt: number;
  run: string;
  label: string;
  /** The owner, for people. */
  owner: string;
}

/** The attempts of these runs that are in training; those of all runs if `runs` is null. */
export function runningOf(store: Store, runs: readonly string[] | null): RunningOfRun[] {
  const rows = store
    .prepare(
      `SELECT a.id AS attempt, a.run, r.label, a.owner_kind, a.owner FROM attempts a JOIN runs r ON r.id = a.run
       WHERE a.outcome IS NULL AND (@runs IS NULL OR a.run IN (SELECT value FROM json_each(@runs))) ORDER BY a.id`,
    )
    .all({ runs: runs === null ? null : JSON.stringify(runs) }) as {
    attempt: number;
    run: string;
    label: string;
    owner_kind: string;
    owner: string;
  }[];
  return rows.map(({ owner_kind, owner, ...rest }) => ({
    ...rest,
    owner: describeOwner({ kind: owner_kind, id: owner }),
  }));
}
