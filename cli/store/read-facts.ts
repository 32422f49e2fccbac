import type { Settings } from "../spec/cell.js";
import type { Store } from "./store.js";
import { storedSettings } from "./stored-settings.js";

/** Everything that decides a run's numbers. */
export interface RunFacts {
  settings: Settings;
  /** Contents of weights and rows, the resolved precision, numerics. */
  fingerprint: Record<string, string>;
}

/** By run. Ids that are not in the database are left out. */
export function runFacts(store: Store, ids: readonly string[]): Map<string, RunFacts> {
  const rows = store
    .prepare(
      `SELECT r.id, r.settings,
         (SELECT json_group_object(f.name, f.value) FROM run_fingerprints f WHERE f.run = r.id) AS fingerprint
       FROM runs r WHERE r.id IN (SELECT value FROM json_each(?))`,
    )
    .raw()
    .all(JSON.stringify(ids)) as [string, string, string][];
  return new Map(
    rows.map(([id, settings, fingerprint]) => [
      id,
      { settings: storedSettings(settings) as unknown as Settings, fingerprint: JSON.parse(fingerprint) },
    ]),
  );
}
