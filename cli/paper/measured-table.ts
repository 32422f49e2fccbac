/** A published table with measured results: plain data, from which every format is made. */
import type { Optimism } from "../stats/chosen-score.js";
import type { MeanInterval } from "../stats/mean-interval.js";
import type { Audit } from "./audit.js";
import type { TableName } from "./reference.js";
import type { Judgement } from "./verdict.js";

/** Which stored score of a run is shown. */
const SCORES = ["best", "last"] as const;
export type ScoreChoice = (typeof SCORES)[number];

export interface MeasuredTable {
  table: TableName;
  number: string;
  title: string;
  decimals: number;
  model: { measured: string; published: string; same: boolean };
  score: ScoreChoice;
  /** The rows that chose the epoch of the best score, over all cells; null if there are none. */
  epoch_chosen_on: "eval" | "holdout" | "both" | null;
  /** The level of every interval. */
  level: number;
  experiment: string | null;
  /** The protocol of evaluation whose scores are shown; null: the runs' own scores. */
  protocol: string | null;
  columns: { name: string; task: string; metric: string }[];
  rows: MeasuredRow[];
  /** What the reader needs to know about the measured numbers. */
  notes: string[];
  /** What is inconsistent in the published numbers. */
  published_notes: string[];
  /** Which printed numbers cannot be what they seem; null if nobody asked. The notes above say the same. */
  audit: Audit | null;
}

export interface MeasuredRow {
  id: string;
  /** The paper's label, with the size if two rows have the same. */
  label: string;
  params: {
    published: string | null;
    /** The least and the most trained parameters of the shown runs, without the head; null without runs. */
    measured: [number, number] | null;
  };
  cells: MeasuredCell[];
  average: AverageCell;
}

/** All scores are times 100. */
export interface AverageCell extends Judgement {
  published: number;
  measured: MeanInterval | null;
}

export interface MeasuredCell extends AverageCell {
  task: string;
  /** From the published score to the nearest different one of the column. */
  gap: number | null;
  /** The scores of the mean, sorted by seed. */
  scores: { seed: number; run: string; score: number }[];
  experiment: string | null;
  trainable_parameters: number | null;
  /** Of one run's score over the rows of a benchmark, times 100; null where there are several runs, or no benchmark. */
  standard_error: number | null;
  /** Only for a cell that is the best of a grid. */
  choice: (Optimism & { merges: number; injections: number; cells: number; left_out: number }) | null;
}
