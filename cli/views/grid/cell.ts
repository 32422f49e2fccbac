import type { AxisValue } from "./axis-values.js";

/** `left_out`: no run of the experiment, excluded or invalid. `diverged`: finished without a finite score. */
export type GridState = "finished" | "running" | "failed" | "stopped" | "planned" | "diverged" | "left_out";

/** Where a cell is: values of the row's and of the column's axis. */
export interface Position {
  row: AxisValue;
  col: AxisValue;
}

export interface GridCell extends Position {
  state: GridState;
  /** Seeds that have a score, of all its runs. */
  n: number;
  of: number;
  /** Over these seeds; null without one. */
  mean: number | null;
  /** Sample standard deviation; null below two seeds. */
  deviation: number | null;
  /** Newest score of the runs in training, their mean. */
  soFar: number | null;
  /** No other cell with as many seeds is better. Equal ones are all best. */
  best: boolean;
  /** The first cell whose runs made the same changes at the same epochs: it is one training, with equal numbers. */
  coincides: Position | null;
  /** Why it is left out or failed. */
  reason: string | null;
  runs: string[];
}
