import type { AxisValue } from "./axis-values.js";

/**
 * `left_out`: not a run of the experiment, because it is excluded or invalid. `diverged`: ended because it diverged, or
 * finished without a finite score.
 */
export type GridState = "finished" | "running" | "failed" | "stopped" | "planned" | "diverged" | "left_out";

/** Where a cell is: the values of both axes. */
export interface Position {
  row: AxisValue;
  col: AxisValue;
}

export interface GridCell extends Position {
  state: GridState;
  /** How many of its seeds have a score. */
  n: number;
  of: number;
  /** Mean over these seeds; null without any. */
  mean: number | null;
  /** Sample standard deviation; null below two seeds. */
  deviation: number | null;
  /** Mean of the newest scores of the runs in training, else of those that did not finish. */
  soFar: number | null;
  /** The scores of the mean. */
  scores: { seed: number; run: string; score: number }[];
  /** Mean over the runs of what is trained at the end, without the head; null before any knows. */
  parameters: number | null;
  /** Whether no other cell with as many seeds is better. Equal cells are all best. */
  best: boolean;
  /** Whether a test tells it from the best; null where none was made. */
  separable: boolean | null;
  /** p of that test, corrected for the number of cells. */
  p: number | null;
  /**
   * The first cell whose runs made the same changes at the same epochs, which makes both one training with equal
   * scores.
   */
  coincides: Position | null;
  /** Why the cell is left out, failed or diverged. */
  reason: string | null;
  runs: string[];
}
