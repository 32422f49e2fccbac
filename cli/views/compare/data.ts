import type { MeanInterval } from "../../stats/mean-interval.js";
import type { StoredState } from "../../store/read.js";
import type { Changed } from "./changed.js";
import type { Leaf } from "./flatten.js";
import type { SetName } from "./sets.js";
import type { Tests } from "./tests.js";

export interface CompareData {
  /** Which runs were asked for. */
  of: string;
  /** Between two runs; else null. */
  changed: Changed | null;
  columns: CompareColumn[];
  sets: CompareSet[];
}

export interface CompareColumn {
  key: string;
  heading: string;
  /** A setting is shown as it is, a measure as its mean over seeds. */
  kind: "setting" | "measure";
  /** Null where neither is, and for the score, whose direction is that of the set's `score_name`. */
  better: "higher" | "lower" | null;
  unit: "count" | "bytes" | "seconds" | "joules" | null;
}

/** Rows that are compared with each other, best first. */
export interface CompareSet extends SetName {
  /** In what it differs from the first set; null for the first. */
  apart: string | null;
  /** Name of the row that differences are taken to. */
  baseline: string | null;
  rows: CompareRow[];
  /** Of the first column that has a better direction; null where there is nothing to test. */
  tests: Tests | null;
  /** The best of several is better than it would be again, since luck takes part in the choice; null without a choice. */
  chosen: ChosenRow | null;
}

export interface ChosenRow {
  name: string;
  /** Rows with as many seeds as the fullest, among which it is the best; the others were left out. */
  of: number;
  left_out: number;
  /** What chose instead: rows that are not reported, the other seeds, or samples of the rows; null: not known. */
  by: "holdout" | "leave-one-seed-out" | "bootstrap" | null;
  /** The mean of the choice where it was not chosen, and by how much the best is better than that. */
  honest: number | null;
  optimism: number | null;
  /** Standard error of both from the draws of `bootstrap`; null where nothing was drawn. */
  error: number | null;
  /** Why it is not known. */
  reason: string | null;
}

export interface CompareRow {
  name: string;
  /**
   * `best`: no row with as many seeds has a better mean. `open`: no test over seeds tells it from the best. Null for
   * the others, and where nothing was tested.
   */
  mark: "best" | "open" | null;
  runs: { run: string; label: string; seed: number; state: StoredState; collapsed: boolean }[];
  /** One for each column. */
  cells: CompareCell[];
}

export interface CompareCell {
  /** Of each run, in their order; undefined: the run has no such setting. */
  values: (Leaf | undefined)[];
  /** Over the finished runs that have a number; the one run of a row counts in any state. */
  over: MeanInterval | null;
  /** The number of the one run can still change: a score until now of a training that has not finished. */
  so_far: boolean;
  /** To the baseline's mean. */
  delta: number | null;
}
