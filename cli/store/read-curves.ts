import type { Store } from "./store.js";

/** A value that was measured; null if it was not a finite number. A list, since there may be a million. */
export type CurvePoint = readonly [attempt: number, step: number, epoch: number, value: number | null];

/** Every value of a metric of these attempts, in their order and by step. */
export function metricCurves(store: Store, attempts: readonly number[], split: string, name: string): CurvePoint[] {
  return store
    .prepare(
      `SELECT m.attempt, m.step, m.epoch, m.value
       FROM json_each(?) j JOIN metrics m ON m.attempt = j.value AND m.split = ? AND m.name = ? ORDER BY j.key, m.step`,
    )
    .raw()
    .all(JSON.stringify(attempts), split, name) as CurvePoint[];
}

type RunMetric = [
  run: string,
  label: string,
  split: string,
  name: string,
  step: number,
  epoch: number,
  value: number | null,
];

/** Every value that these attempts measured, in their order. */
export function allMetrics(store: Store, attempts: readonly number[]): RunMetric[] {
  return store
    .prepare(
      `SELECT a.run, r.label, m.split, m.name, m.step, m.epoch, m.value
       FROM json_each(?) j JOIN attempts a ON a.id = j.value JOIN runs r ON r.id = a.run
       JOIN metrics m ON m.attempt = a.id ORDER BY j.key, m.split, m.name, m.step`,
    )
    .raw()
    .all(JSON.stringify(attempts)) as RunMetric[];
}
