import type { Store } from "./store.js";

export interface CurvePoint {
  attempt: number;
  step: number;
  epoch: number;
  /** Null if it was not a finite number. */
  value: number | null;
}

/** Every value of a metric of these attempts, by attempt and step. */
export function metricCurves(store: Store, attempts: readonly number[], split: string, name: string): CurvePoint[] {
  return store
    .prepare(
      `SELECT attempt, step, epoch, value FROM metrics
       WHERE attempt IN (SELECT value FROM json_each(?)) AND split = ? AND name = ? ORDER BY attempt, step`,
    )
    .all(JSON.stringify(attempts), split, name) as CurvePoint[];
}

export interface RunMetric {
  run: string;
  label: string;
  split: string;
  name: string;
  step: number;
  epoch: number;
  value: number | null;
}

/** Every value that these attempts measured, in their order. */
export function allMetrics(store: Store, attempts: readonly number[]): RunMetric[] {
  return store
    .prepare(
      `SELECT a.run, r.label, m.split, m.name, m.step, m.epoch, m.value
       FROM json_each(?) j JOIN attempts a ON a.id = j.value JOIN runs r ON r.id = a.run
       JOIN metrics m ON m.attempt = a.id ORDER BY j.key, m.split, m.name, m.step`,
    )
    .all(JSON.stringify(attempts)) as RunMetric[];
}
