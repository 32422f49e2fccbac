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
  unit: "count" | "bytes" | "seconds" | null;
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
  /** To the baseline's mean. */
  delta: number | null;
}
