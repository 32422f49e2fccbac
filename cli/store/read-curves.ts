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
