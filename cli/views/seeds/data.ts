/** Curves of a metric, one for each row of a comparison, whose seeds are folded into a mean and a band. */
export interface SeedCurves {
  /** Which runs were asked for. */
  of: string;
  panels: SeedPanel[];
}

/** Rows that are compared with each other: they are scored alike on the same rows. */
export interface SeedPanel {
  task: string;
  eval_rows: number | null;
  score_name: string | null;
  split: string;
  metric: string;
  /** The score of the constant answer, where the metric is the score and it is the same for all. */
  majority: number | null;
  /** As compare has them, best first. */
  curves: SeedCurve[];
}

export interface SeedCurve {
  name: string;
  runs: string[];
  points: SeedPoint[];
}

export interface SeedPoint {
  step: number;
  epoch: number;
  /** Seeds with a finite value here. */
  n: number;
  /** Null where no value is finite. */
  mean: number | null;
  /** The lowest and the highest of the seeds. */
  low: number | null;
  high: number | null;
}
