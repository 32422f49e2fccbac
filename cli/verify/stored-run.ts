import { UsageError } from "../errors.js";
import type { Settings } from "../spec/cell.js";
import {
  type AttemptRow,
  bundlesOf,
  type EnvironmentRow,
  findRun,
  getAttempt,
  getEnvironment,
  getFingerprint,
  getMetrics,
  getSettings,
  type MetricRow,
  type RunRow,
  reproductionOf,
} from "../store/read.js";
import { openReader } from "../store/reader.js";
import type { Store } from "../store/store.js";
import type { Place } from "./basis.js";

/** Everything that `verify` needs to know about a finished run. The database is closed afterwards. */
export interface StoredRun {
  run: RunRow;
  attempt: AttemptRow;
  settings: Settings;
  fingerprint: Record<string, string>;
  metrics: MetricRow[];
  environment: EnvironmentRow | null;
  place: Place;
}

/** Throws UsageError if the run is not finished. */
export function readFinishedRun(dbPath: string, selector: string): StoredRun {
  return withReader(dbPath, (store) => {
    const { run, attempt } = finishedAttempt(store, selector);
    const told = reproductionOf(store, attempt.id);
    return {
      run,
      attempt,
      settings: settingsOf(store, run.id, attempt.id),
      fingerprint: getFingerprint(store, run.id),
      metrics: getMetrics(store, attempt.id),
      environment: (attempt.environment !== null && getEnvironment(store, attempt.environment)) || null,
      place: {
        deviceClass: told.get("device.class") ?? null,
        device: told.get("device") ?? "",
        description: told.get("device.description") ?? "",
        lanes: bundlesOf(store, [attempt.id])[0]?.lane_width ?? null,
      },
    };
  });
}

export function withReader<T>(dbPath: string, read: (store: Store) => T): T {
  const store = openReader(dbPath);
  try {
    return read(store);
  } finally {
    store.close();
  }
}

/** `hint`: what to do if the run is not finished. */
export function finishedAttempt(store: Store, selector: string, hint?: string): { run: RunRow; attempt: AttemptRow } {
  const run = findRun(store, selector);
  const attempt = run.attempt_id === null ? undefined : getAttempt(store, run.attempt_id);
  if (run.state !== "finished" || !attempt) {
    throw new UsageError("RUN_NOT_FINISHED", `run ${run.id} (${run.label}) is not finished but ${run.state}`, hint);
  }
  return { run, attempt };
}

/**
 * Training values are means since the previous report, so they can only be compared at the attempt's own logging steps.
 * These are not part of a run's id; the attempt's first reported step tells them.
 */
function settingsOf(store: Store, run: string, attempt: number): Settings {
  const settings = getSettings(store, run) as unknown as Settings;
  const first = getMetrics(store, attempt, { split: "train", name: "loss" })[0]?.step;
  return first === undefined ? settings : { ...settings, train: { ...settings.train, logging_steps: first } };
}
