import { extent } from "../parts/extent.js";
import type { Grid } from "./grid.js";

/** From the worst to the best score of a grid. */
export interface Scale {
  worst: number;
  best: number;
  /** A score's place from 0 (worst, dark) to 1 (best, light), also for a loss. 0.5 if all are equal. */
  part(mean: number): number;
}

/** Null while there is no score. */
export function scaleOf({ cells, score }: Pick<Grid, "cells" | "score">): Scale | null {
  const means = cells.flatMap(({ mean }) => mean ?? []);
  if (means.length === 0) return null;
  const [low, high] = extent(means);
  const [worst, best] = score.lowerIsBetter ? [high, low] : [low, high];
  return { worst, best, part: (mean) => (best === worst ? 0.5 : (mean - worst) / (best - worst)) };
}
