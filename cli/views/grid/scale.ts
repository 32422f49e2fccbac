import { extent } from "../parts/extent.js";
import type { Grid } from "./grid.js";
import type { GridMap } from "./map.js";

/** From the worst to the best value of a map. */
export interface Scale {
  worst: number;
  best: number;
  /** A value's place from 0 (worst, dark) to 1 (best, light), also for a loss. 0.5 if all are equal. */
  part(value: number): number;
}

/** Null while there is no value. */
export function scaleOf({ cells }: Pick<Grid, "cells">, map: GridMap): Scale | null {
  const values = cells.flatMap((cell) => map.value(cell) ?? []);
  if (values.length === 0) return null;
  const [low, high] = extent(values);
  const [worst, best] = map.lowerIsBetter ? [high, low] : [low, high];
  return { worst, best, part: (value) => (best === worst ? 0.5 : (value - worst) / (best - worst)) };
}
